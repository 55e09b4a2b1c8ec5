import type { SttResultMessage } from '../protocol/messages.js'
import type { SessionTranscript } from '../uplink/ports.js'

/** A transcript as the client gets it. */
export function sttResultMessage({
  kind,
  text,
  utterance,
  startMs,
  endMs,
  confidence,
  language,
  words,
}: SessionTranscript): SttResultMessage {
  return {
    type: 'stt_result',
    transcript: text,
    is_final: kind !== 'interim',
    is_speech_final: kind === 'speech-final',
    confidence: confidence ?? 0,
    utterance,
    start_ms: Math.round(startMs),
    end_ms: Math.round(endMs),
    language,
    words: words?.map(word => ({
      text: word.text,
      start_ms: Math.round(word.startMs),
      end_ms: Math.round(word.endMs),
      confidence: word.confidence,
    })),
  }
}

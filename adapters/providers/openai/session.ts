import type { AudioFormat } from '../../../src/audio/format.js'
import type { SttOptions } from '../../../src/providers/contracts.js'
import type { OpenAiSttOptions, OpenAiTurnDetection } from './options.js'

/** Silence of OpenAI's own detector is 500 ms by default. */
const defaultTurnDetection: OpenAiTurnDetection = { type: 'server_vad' }

export function modelOf(own: OpenAiSttOptions, options: SttOptions = {}): string {
  return options.model ?? own.model ?? 'gpt-live-transcribe'
}

/** Gives words while they are spoken, and refuses turn detection (guide, Voice activity detection). */
export function isLive(model: string): boolean {
  return /^gpt-(?:live|realtime)-/.test(model)
}

/** Null: only a commit ends an utterance. */
export function turnDetectionOf(own: OpenAiSttOptions, model: string): OpenAiTurnDetection | null {
  if (own.turnDetection !== undefined) return own.turnDetection
  return isLive(model) ? null : defaultTurnDetection
}

/** The message that makes a connection a transcription session, or changes one. */
export function sessionUpdate(own: OpenAiSttOptions, options: SttOptions, format: AudioFormat): object {
  const model = modelOf(own, options)
  const input = {
    format: formatOf(format),
    transcription: {
      model,
      language: options.language?.split('-')[0],
      ...hintsOf(model, own.prompt, options.keyterms),
      ...own.transcription,
      ...options.vendor,
    },
    turn_detection: turnDetectionOf(own, model),
    noise_reduction: own.noiseReduction && { type: own.noiseReduction },
  }
  const include = own.logprobs ? ['item.input_audio_transcription.logprobs'] : undefined
  return { type: 'session.update', session: { type: 'transcription', audio: { input }, include } }
}

function formatOf({ encoding, sampleRate }: AudioFormat): object {
  if (encoding === 'mulaw') return { type: 'audio/pcmu' }
  if (encoding === 'alaw') return { type: 'audio/pcma' }
  return { type: 'audio/pcm', rate: sampleRate }
}

/** Newer models take key terms, older ones a prompt that may consist of them, and `gpt-realtime-whisper` neither. */
function hintsOf(model: string, prompt: string | undefined, keyterms: readonly string[] | undefined): object {
  if (/^gpt-(?:live-)?transcribe/.test(model)) return { prompt, keywords: keyterms }
  if (isLive(model)) return {}
  return { prompt: prompt ?? keyterms?.join(', ') }
}

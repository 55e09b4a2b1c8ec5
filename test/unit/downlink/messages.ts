import type { ServerMessage, SessionState } from '../../../src/protocol/messages.js'

export function result(utterance: number, transcript: string, isFinal = false): ServerMessage {
  return {
    type: 'stt_result',
    transcript,
    is_final: isFinal,
    is_speech_final: isFinal,
    confidence: 1,
    utterance,
    start_ms: 0,
    end_ms: 0,
  }
}

export function event(name: string): ServerMessage {
  return { type: 'event', name, data: null }
}

export function state(to: SessionState, reason = 'test'): ServerMessage {
  return { type: 'state', state: to, previous: 'configuring', reason }
}

export function vad(timestamp_ms = 0): ServerMessage {
  return { type: 'vad_event', event: 'speech_start', timestamp_ms }
}

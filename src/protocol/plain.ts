import type { Dialect } from './dialect.js'
import type { ServerMessage } from './messages.js'
import { createDecoder, plainClientMessages } from './validate.js'

const plain: Dialect = {
  name: 'plain',
  features: {
    resume: false,
    acks: false,
    clear: false,
    markers: false,
    heartbeat: false,
    playback: 'clock',
    config: 'message',
    reconfigure: true,
  },

  decode: createDecoder(plainClientMessages),

  encode(message) {
    const shape = toPlain(message)
    return shape === null ? null : JSON.stringify(shape)
  },

  encodeAudio: audio => audio,
}

/** The dialect of sockets without a subprotocol. It keeps no state, so every socket gets the same one. */
export function createPlainDialect(): Dialect {
  return plain
}

/**
 * The message in the shape of Sayna's public WebSocket API, whose clients refuse a confidence that is not finite
 * and a timestamp that is not an integer.
 */
function toPlain(message: ServerMessage): object | null {
  switch (message.type) {
    case 'ready':
      return { type: 'ready', stream_id: message.stream_id }
    case 'stt_result': {
      const { transcript, is_final, is_speech_final, confidence } = message
      // Without words it says nothing, unless it ends the turn.
      if (transcript === '' && !is_speech_final) return null
      return {
        type: 'stt_result',
        transcript,
        is_final,
        is_speech_final,
        confidence: Number.isFinite(confidence) ? confidence : 0,
      }
    }
    case 'tts_playback_complete':
      return { type: 'tts_playback_complete', timestamp: Math.round(message.timestamp) }
    case 'error': {
      const { code, class: errorClass, retryable, retry_after_ms } = message
      return { type: 'error', message: message.message, code, class: errorClass, retryable, retry_after_ms }
    }
    default:
      return null
  }
}

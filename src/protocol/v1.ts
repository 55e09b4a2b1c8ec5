import type { Dialect } from './dialect.js'
import { VOICE_V1 } from './subprotocol.js'
import { createDecoder, v1ClientMessages } from './validate.js'

export { VOICE_V1 } from './subprotocol.js'

const v1: Dialect = {
  name: VOICE_V1,
  features: {
    resume: true,
    acks: true,
    clear: true,
    markers: true,
    heartbeat: true,
    playback: 'report',
    config: 'message',
  },

  decode: createDecoder(v1ClientMessages),

  encode(message, seq) {
    let text: string
    try {
      text = JSON.stringify(message)
    } catch {
      // Only application data can be cyclic or hold a BigInt, and a dialect never throws.
      return null
    }
    // Copying the message to add its number would take as long again as writing it.
    return seq === undefined ? text : `${text.slice(0, -1)},"seq":${seq}}`
  },

  encodeAudio: audio => audio,
}

/** The dialect of voice-ws's own wire. It keeps no state, so every socket gets the same one. */
export function createV1Dialect(): Dialect {
  return v1
}

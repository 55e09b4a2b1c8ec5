import type { ServerMessage } from '../protocol/messages.js'

/** Everything of a message that is not text of variable length. */
const envelopeBytes = 200
const wordBytes = 80

/**
 * About how much memory a waiting message takes and how long it will be on the wire. A bound, not a measurement:
 * only an application's event is of unknown depth and has to be written out to be sized.
 */
export function messageBytes(message: ServerMessage): number {
  switch (message.type) {
    case 'stt_result':
      return envelopeBytes + 2 * message.transcript.length + wordBytes * (message.words?.length ?? 0)
    case 'tts_text':
    case 'interrupted':
      return envelopeBytes + 2 * message.text.length
    case 'error':
      return envelopeBytes + 2 * message.message.length
    case 'event':
      return envelopeBytes + 2 * jsonLength(message.data)
    default:
      return envelopeBytes
  }
}

function jsonLength(data: unknown): number {
  try {
    return JSON.stringify(data)?.length ?? 0
  } catch {
    // Cyclic, or a BigInt: the dialect will not send it either.
    return 0
  }
}

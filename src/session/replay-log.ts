import type { ServerMessage, ServerMessageType } from '../protocol/messages.js'

/** Messages a client must not miss because its socket broke. */
const replayed: ReadonlySet<ServerMessageType> = new Set<ServerMessageType>([
  'stt_result',
  'event',
  'error',
  'interrupted',
  'tts_text',
  'tts_playback_complete',
])

interface Entry {
  readonly seq: number
  readonly message: ServerMessage
  readonly bytes: number
}

const maxMessages = 256
const maxBytes = 256 * 1024

/** The numbered messages that the client has not confirmed, for replay on its next socket. */
export class ReplayLog {
  #entries: Entry[] = []
  #bytes = 0
  /** The highest number that fell out unconfirmed. */
  #forgotten = 0

  add(seq: number, message: ServerMessage): void {
    if (!replayed.has(message.type) || (message.type === 'stt_result' && !message.is_final)) return
    const bytes = sizeOf(message)
    this.#entries.push({ seq, message, bytes })
    this.#bytes += bytes
    while (this.#entries.length > maxMessages || this.#bytes > maxBytes) this.#forgotten = this.#shift().seq
  }

  /** The client has everything up to `seq`. */
  confirm(seq: number): void {
    while (this.#entries.length > 0 && this.#entries[0]!.seq <= seq) this.#shift()
  }

  /** Whether messages after `seq` were forgotten, so that a replay cannot be complete. */
  lostAfter(seq: number): boolean {
    return this.#forgotten > seq
  }

  replay(send: (message: ServerMessage, seq: number) => void): void {
    for (const entry of this.#entries) send(entry.message, entry.seq)
  }

  #shift(): Entry {
    const entry = this.#entries.shift()!
    this.#bytes -= entry.bytes
    return entry
  }
}

/** A bound on memory, not a wire size: text dominates and JavaScript strings take up to two bytes a character. */
function sizeOf(message: ServerMessage): number {
  switch (message.type) {
    case 'stt_result':
      return 2 * message.transcript.length + 64 * (message.words?.length ?? 0) + 128
    case 'tts_text':
    case 'interrupted':
      return 2 * message.text.length + 128
    case 'event':
      return 2 * (JSON.stringify(message.data)?.length ?? 0) + 128
    default:
      return 256
  }
}

import type { DialectOutput, PlayedMark } from '../protocol/dialect.js'
import type { ClientMessage } from '../protocol/messages.js'
import { copyOf } from '../util/bytes.js'

/** Beyond these a client that does not wait loses what it sent too early: 8 s of 16 kHz audio, and messages by count. */
const maxAudioBytes = 256 * 1024
const maxMessages = 64

/** What a client sends while its session is being set up, kept in order. */
export class EarlyData implements DialectOutput {
  private readonly items: (ClientMessage | PlayedMark | Uint8Array)[] = []
  private audioBytes = 0
  private messages = 0

  message(message: ClientMessage | PlayedMark): void {
    if (++this.messages <= maxMessages) this.items.push(message)
  }

  audio(bytes: Uint8Array): void {
    this.audioBytes += bytes.length
    if (this.audioBytes <= maxAudioBytes) this.items.push(copyOf(bytes))
  }

  /** Hands everything to whoever listens to the link then: another `config` among it changes that. */
  deliver(link: { readonly listener: DialectOutput }): void {
    for (const item of this.items.splice(0)) {
      if (item instanceof Uint8Array) link.listener.audio(item)
      else link.listener.message(item)
    }
  }
}

import type { DropCause } from './ports.js'

type PerCause = Partial<Record<DropCause, number>>

/**
 * What became of everything that was given to the downlink: sent, or dropped and why. With what is still queued it
 * always adds up to what came in. Audio bytes are the provider's, before resampling and encoding.
 */
export class Ledger {
  sentAudioMs = 0
  sentAudioBytes = 0
  sentMessages = 0
  private ms: PerCause | undefined
  private bytes: PerCause | undefined
  private messages: PerCause | undefined

  get droppedMs(): Readonly<PerCause> {
    return { ...this.ms }
  }

  get droppedBytes(): Readonly<PerCause> {
    return { ...this.bytes }
  }

  get droppedMessages(): Readonly<PerCause> {
    return { ...this.messages }
  }

  audioSent(bytes: number, ms: number): void {
    this.sentAudioBytes += bytes
    this.sentAudioMs += ms
  }

  /** It was sent into a socket that broke, and is queued again. */
  audioTakenBack(bytes: number, ms: number): void {
    this.sentAudioBytes -= bytes
    this.sentAudioMs -= ms
  }

  audioDropped(cause: DropCause, bytes: number, ms: number): void {
    if (bytes === 0) return
    this.bytes ??= {}
    this.ms ??= {}
    this.bytes[cause] = (this.bytes[cause] ?? 0) + bytes
    this.ms[cause] = (this.ms[cause] ?? 0) + ms
  }

  messageDropped(cause: DropCause): void {
    this.messages ??= {}
    this.messages[cause] = (this.messages[cause] ?? 0) + 1
  }
}

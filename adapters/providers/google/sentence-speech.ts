import { setImmediate } from 'node:timers/promises'
import { messageOf } from '../../../src/util/errors.js'
import { Gate } from '../../internal/gate.js'
import type { ContextCall, ContextEvents } from '../../internal/speech-contexts.js'
import { recordOf, type VendorMessage } from '../../internal/vendor-message.js'
import { googleFailure } from './failure.js'

export interface SentenceSpeechSetup {
  /** One `SynthesizeSpeech`. */
  synthesize(text: string): Promise<readonly unknown[]>
  readonly onMessage: ((message: VendorMessage) => void) | undefined
}

/** Passed on at once; the rest waits for a turn of the event loop, in which it may be cancelled or paused. */
const pieceBytes = 16 * 1024

/** What is said in a context text by text, each of which is answered at once and in whole. */
export class SentenceSpeech implements ContextCall {
  private readonly setup: SentenceSpeechSetup
  private readonly events: ContextEvents
  /** Texts are answered in their order. */
  private last: Promise<void> = Promise.resolve()
  private readonly gate: Gate = new Gate()
  private over = false

  constructor(setup: SentenceSpeechSetup, events: ContextEvents) {
    this.setup = setup
    this.events = events
  }

  speak(text: string): void {
    this.last = this.last.then(() => this.synthesize(text)).catch((error: unknown) => this.finish(error))
  }

  end(): void {
    this.last = this.last.then(() => this.finish())
  }

  abort(): void {
    this.over = true
    this.gate.open()
  }

  pause(): void {
    this.gate.close()
  }

  resume(): void {
    this.gate.open()
  }

  private async synthesize(text: string): Promise<void> {
    if (this.over) return
    const [response] = await this.setup.synthesize(text)
    if (this.over) return
    const message = recordOf(response) ?? {}
    this.show(message)
    const { audioContent } = message
    if (audioContent instanceof Uint8Array) await this.deliver(withoutHeader(audioContent))
  }

  /** Whoever looks on may fail without harm. */
  private show(message: VendorMessage): void {
    try {
      this.setup.onMessage?.(message)
    } catch (error) {
      this.events.warning({ code: 'unreadable_message', message: messageOf(error) })
    }
  }

  private async deliver(audio: Uint8Array): Promise<void> {
    for (let at = 0; at < audio.length; at += pieceBytes) {
      await this.gate.opened
      if (this.over) return
      this.events.audio(audio.subarray(at, at + pieceBytes))
      await setImmediate()
    }
  }

  private finish(error?: unknown): void {
    if (this.over) return
    this.over = true
    this.events.ended(error === undefined ? undefined : googleFailure(error))
  }
}

/** The samples of a WAV file. All encodings but Opus and MP3 come as one. */
function withoutHeader(file: Uint8Array): Uint8Array {
  const bytes = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (file.length < 12 || bytes.getUint32(0) !== fourCc('RIFF')) return file
  for (let at = 12; at + 8 <= file.length; ) {
    const size = bytes.getUint32(at + 4, true)
    if (bytes.getUint32(at) === fourCc('data')) return file.subarray(at + 8, at + 8 + size)
    // Chunks begin at even positions.
    at += 8 + size + (size % 2)
  }
  return file
}

function fourCc(name: string): number {
  return [...name].reduce((code, character) => code * 256 + character.charCodeAt(0), 0)
}

import type { Cancel, Clock } from '../../../src/util/clock.js'
import { messageOf } from '../../../src/util/errors.js'
import type { ContextCall, ContextEvents } from '../../internal/speech-contexts.js'
import { recordOf, type VendorMessage } from '../../internal/vendor-message.js'
import { googleFailure } from './failure.js'
import type { GoogleCall } from './sdk.js'

export interface StreamingSpeechSetup {
  readonly clock: Clock
  begin(): GoogleCall
  /** The first message of a call. */
  readonly config: object
  readonly inputIdleMs: number
  readonly onMessage: ((message: VendorMessage) => void) | undefined
}

/**
 * What is said in a context over `StreamingSynthesize`. A call that gets no text for 5 s is aborted, so one that waits is
 * ended before, and more text begins another.
 */
export class StreamingSpeech implements ContextCall {
  private readonly setup: StreamingSpeechSetup
  private readonly events: ContextEvents
  private call: GoogleCall | undefined
  /** The call takes no more text, but is not over. */
  private halfClosed = false
  private waiting: string[] = []
  private noMore = false
  private paused = false
  private over = false
  private cancelIdle: Cancel | undefined

  constructor(setup: StreamingSpeechSetup, events: ContextEvents) {
    this.setup = setup
    this.events = events
  }

  speak(text: string): void {
    if (this.halfClosed) return void this.waiting.push(text)
    this.call ??= this.start()
    this.call.write({ input: { text } })
    this.cancelIdle?.()
    this.cancelIdle = this.setup.clock.after(this.setup.inputIdleMs, () => this.halfClose())
  }

  end(): void {
    this.noMore = true
    if (this.call) this.halfClose()
    else queueMicrotask(() => this.finish())
  }

  abort(): void {
    this.over = true
    this.cancelIdle?.()
    this.call?.cancel()
  }

  pause(): void {
    this.paused = true
    this.call?.pause()
  }

  resume(): void {
    this.paused = false
    this.call?.resume()
  }

  private start(): GoogleCall {
    const call = this.setup.begin()
    call.on('data', (response: unknown) => this.received(response))
    call.on('error', (error: unknown) => this.finish(error))
    call.on('end', () => this.callEnded())
    if (this.paused) call.pause()
    call.write(this.setup.config)
    return call
  }

  private halfClose(): void {
    if (this.halfClosed) return
    this.cancelIdle?.()
    this.halfClosed = true
    this.call?.end()
  }

  private callEnded(): void {
    if (this.over) return
    this.call = undefined
    this.halfClosed = false
    const texts = this.waiting.splice(0)
    for (const text of texts) this.speak(text)
    if (!this.noMore) return
    if (texts.length > 0) this.halfClose()
    else this.finish()
  }

  private finish(error?: unknown): void {
    if (this.over) return
    this.over = true
    this.cancelIdle?.()
    this.events.ended(error === undefined ? undefined : googleFailure(error))
  }

  private received(response: unknown): void {
    if (this.over) return
    try {
      const message = recordOf(response) ?? {}
      this.setup.onMessage?.(message)
      const { audioContent } = message
      if (audioContent instanceof Uint8Array && audioContent.length > 0) this.events.audio(audioContent)
    } catch (error) {
      this.events.warning({ code: 'unreadable_message', message: messageOf(error) })
    }
  }
}

import type { ProviderFailure, SttRequest, SttSink } from '../../../src/providers/contracts.js'
import { AudioClock } from '../../internal/audio-clock.js'
import { textOf, type VendorMessage } from '../../internal/vendor-message.js'
import type { VendorEnd } from '../../internal/vendor-socket.js'
import { type VendorRoute, VendorStream } from '../../internal/vendor-stream.js'
import { cartesiaError, cartesiaFailure } from './failure.js'

/** Audio of one keep-alive: short, because it is billed. */
const keepAliveSilenceMs = 100

/** What Cartesia's two recognition endpoints have in common. */
export abstract class CartesiaRecognition extends VendorStream<SttSink> {
  protected readonly clock: AudioClock

  constructor(route: VendorRoute, { format }: SttRequest, sink: SttSink) {
    super(route, sink)
    this.clock = new AudioClock(format)
  }

  push(audio: Uint8Array): boolean {
    if (audio.length === 0) return true
    this.clock.push(audio.length)
    return this.socket.send(audio)
  }

  keepAlive(): void {
    const silence = this.clock.silence(keepAliveSilenceMs)
    if (silence) this.socket.send(silence)
  }

  protected abstract event(message: VendorMessage): void

  protected override judge(end: VendorEnd): ProviderFailure {
    return cartesiaFailure(end, this.requestId, true)
  }

  protected override drained(): void {
    this.sink.drain()
  }

  protected override received(message: VendorMessage): void {
    this.requestId ??= textOf(message.request_id)
    if (message.type === 'error') this.socket.fail(cartesiaError(message, this.requestId))
    else this.event(message)
  }
}

import { type AudioFormat, bytesPerSample } from './format.js'
import { type G711Law, g711DecodeTable } from './g711.js'
import { SampleCarry } from './pcm.js'
import { Resampler } from './resample.js'

/** Samples (per channel) decoded at a time, so that the scratch buffers stay small for any input. */
const BLOCK = 1024

/**
 * Decodes a stream of bytes into 16-bit samples at another rate and channel count. State lives across calls; a sample
 * split across calls is carried.
 */
export class PcmDecoder {
  private readonly channelsIn: number
  private readonly channelsOut: number
  private readonly sampleBytes: number
  private readonly law: Int16Array | undefined
  private readonly carry: SampleCarry
  private readonly decoded: Int16Array
  private readonly resampled: Int16Array
  /** One per channel that is left after mixing down. */
  private readonly resamplers: readonly Resampler[]

  /** @throws TypeError for `opus` and for channel counts other than 1 and 2. */
  constructor(from: AudioFormat, sampleRate: number, channels: number) {
    checkConvertible('from', from.encoding, from.channels)
    checkConvertible('to', 'linear16', channels)
    this.channelsIn = from.channels
    this.channelsOut = channels
    this.sampleBytes = bytesPerSample(from)
    this.law = from.encoding === 'linear16' ? undefined : g711DecodeTable(from.encoding as G711Law)
    this.carry = new SampleCarry(this.sampleBytes)
    const lanes = Math.min(from.channels, channels)
    this.resamplers = Array.from({ length: lanes }, () => new Resampler(from.sampleRate, sampleRate))
    this.decoded = new Int16Array(BLOCK)
    this.resampled = new Int16Array(channels === 1 ? 0 : Math.ceil((BLOCK * sampleRate) / from.sampleRate) + 1)
  }

  /** Samples, counted across channels, that `bytes` more of input will give. */
  outputLength(bytes: number): number {
    const samples = Math.floor((this.carry.heldBytes + bytes) / this.sampleBytes)
    return this.resamplers[0]!.outputLength(samples) * this.channelsOut
  }

  /**
   * Writes interleaved samples into `out`, which must have room for `outputLength(bytes.length)`. Allocates nothing
   * unless a sample is split.
   *
   * @returns the number of samples written, across channels.
   */
  decodeInto(bytes: Uint8Array, out: Int16Array): number {
    const whole = this.carry.take(bytes)
    const samples = whole.length / this.sampleBytes
    let at = 0
    for (let from = 0; from < samples; from += BLOCK) {
      const count = Math.min(BLOCK, samples - from)
      at += this.block(whole, from * this.sampleBytes, count, out, at)
    }
    return at
  }

  /** What the filters held back, in a fresh array. An incomplete sample is dropped; the decoder is as new. */
  flush(): Int16Array {
    this.carry.reset()
    const lanes = this.resamplers.map(resampler => resampler.flush())
    const samples = lanes[0]!.length
    if (this.channelsOut === 1) return lanes[0]!
    const out = new Int16Array(samples * 2)
    lanes.forEach((lane, index) => {
      this.interleave(lane, samples, index, out, 0)
    })
    return out
  }

  reset(): void {
    this.carry.reset()
    for (const resampler of this.resamplers) resampler.reset()
  }

  private block(bytes: Uint8Array, offset: number, count: number, out: Int16Array, at: number): number {
    if (this.channelsOut === 1) {
      if (this.channelsIn === 1) this.readChannel(bytes, offset, count, 0)
      else this.readMixed(bytes, offset, count)
      return this.resamplers[0]!.processInto(this.decoded, count, out, at)
    }
    let written = 0
    for (let lane = 0; lane < this.resamplers.length; lane++) {
      this.readChannel(bytes, offset, count, lane)
      written = this.resamplers[lane]!.processInto(this.decoded, count, this.resampled, 0)
      this.interleave(this.resampled, written, lane, out, at)
    }
    return written * this.channelsOut
  }

  /** Writes one lane into its place among two; a single lane goes to both. */
  private interleave(lane: Int16Array, count: number, index: number, out: Int16Array, at: number): void {
    for (let i = 0, o = at + index; i < count; i++, o += 2) out[o] = lane[i]!
    if (this.resamplers.length === 2) return
    for (let i = 0, o = at + 1; i < count; i++, o += 2) out[o] = lane[i]!
  }

  private readChannel(bytes: Uint8Array, offset: number, count: number, channel: number): void {
    const { decoded, law, sampleBytes } = this
    if (law) {
      for (let i = 0, b = offset + channel; i < count; i++, b += sampleBytes) decoded[i] = law[bytes[b]!]!
      return
    }
    for (let i = 0, b = offset + 2 * channel; i < count; i++, b += sampleBytes) {
      decoded[i] = bytes[b]! | (bytes[b + 1]! << 8)
    }
  }

  private readMixed(bytes: Uint8Array, offset: number, count: number): void {
    const { decoded, law } = this
    if (law) {
      for (let i = 0, b = offset; i < count; i++, b += 2) decoded[i] = (law[bytes[b]!]! + law[bytes[b + 1]!]!) >> 1
      return
    }
    for (let i = 0, b = offset; i < count; i++, b += 4) {
      const left = ((bytes[b]! | (bytes[b + 1]! << 8)) << 16) >> 16
      const right = ((bytes[b + 2]! | (bytes[b + 3]! << 8)) << 16) >> 16
      decoded[i] = (left + right) >> 1
    }
  }
}

/** @throws TypeError for what only a codec could convert. */
export function checkConvertible(name: string, encoding: string, channels: number): void {
  if (encoding === 'opus') {
    throw new TypeError(`${name}.encoding: opus packets cannot be converted; use linear16, mulaw or alaw`)
  }
  if (channels !== 1 && channels !== 2) throw new TypeError(`${name}.channels: ${channels} must be 1 or 2`)
}

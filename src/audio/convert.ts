import { type AudioFormat, bytesPerSample, sameFormat } from './format.js'
import { type G711Law, g711EncodeTable } from './g711.js'
import { pcmBytes, SampleCarry } from './pcm.js'
import { checkConvertible, PcmDecoder } from './pcm-decoder.js'

/**
 * Converts a stream of sound from one format to another: `linear16`, `mulaw`, `alaw` at any rate, one or two channels.
 * State lives across calls, so the result does not depend on how the stream is cut; a split sample is carried.
 */
export class AudioConverter {
  readonly from: AudioFormat
  readonly to: AudioFormat
  /** Equal formats need only whole samples. */
  private readonly carry: SampleCarry | undefined
  private readonly decoder: PcmDecoder | undefined
  private readonly codes: Uint8Array | undefined

  /** @throws TypeError for `opus` and for channel counts other than 1 and 2. */
  constructor(from: AudioFormat, to: AudioFormat) {
    checkConvertible('from', from.encoding, from.channels)
    checkConvertible('to', to.encoding, to.channels)
    this.from = from
    this.to = to
    this.carry = sameFormat(from, to) ? new SampleCarry(bytesPerSample(from)) : undefined
    this.decoder = this.carry ? undefined : new PcmDecoder(from, to.sampleRate, to.channels)
    this.codes = to.encoding === 'linear16' ? undefined : g711EncodeTable(to.encoding as G711Law)
  }

  /**
   * The sound that is complete after `bytes`. Fresh memory that belongs to the caller; only with equal formats it is
   * `bytes` itself or a view of it.
   */
  convert(bytes: Uint8Array): Uint8Array {
    if (!this.decoder) return this.carry!.take(bytes)
    const pcm = new Int16Array(this.decoder.outputLength(bytes.length))
    this.decoder.decodeInto(bytes, pcm)
    return this.encode(pcm)
  }

  /** The last samples, at the end of an utterance or before the format changes. Afterwards the converter is as new. */
  flush(): Uint8Array {
    if (this.decoder) return this.encode(this.decoder.flush())
    this.carry!.reset()
    return new Uint8Array(0)
  }

  /** Forgets the sound so far. */
  reset(): void {
    this.carry?.reset()
    this.decoder?.reset()
  }

  private encode(pcm: Int16Array): Uint8Array {
    if (!this.codes) return pcmBytes(pcm)
    const out = new Uint8Array(pcm.length)
    for (let i = 0; i < pcm.length; i++) out[i] = this.codes[pcm[i]! & 0xffff]!
    return out
  }
}

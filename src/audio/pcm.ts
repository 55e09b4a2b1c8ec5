/**
 * Little-endian 16-bit samples in `bytes`, as a view of the same memory when it is aligned, else as a copy.
 * An odd last byte is left out. All platforms with a JavaScript engine of today are little-endian, as is the wire.
 */
export function pcmView(bytes: Uint8Array): Int16Array {
  const samples = bytes.byteLength >> 1
  if (bytes.byteOffset % 2 === 0) return new Int16Array(bytes.buffer, bytes.byteOffset, samples)
  // Not `slice`: that of a Node Buffer copies nothing.
  return new Int16Array(new Uint8Array(bytes.subarray(0, samples * 2)).buffer)
}

/** The bytes of `pcm`: a view of the same memory. */
export function pcmBytes(pcm: Int16Array): Uint8Array {
  return new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength)
}

/** Root mean square in dB of full scale: 0 for a square wave at full scale, -Infinity for digital silence. */
export function levelDbfs(pcm: Int16Array): number {
  if (pcm.length === 0) return -Infinity
  let sum = 0
  for (let i = 0; i < pcm.length; i++) sum += pcm[i]! * pcm[i]!
  return 10 * Math.log10(sum / pcm.length / 32_768 ** 2)
}

/** Carries a sample that was split across messages, so that everything behind it sees whole samples. */
export class SampleCarry {
  private readonly sampleBytes: number
  private readonly rest: Uint8Array
  private held = 0

  /** @param sampleBytes size of a sample across all channels; see `bytesPerSample`. */
  constructor(sampleBytes: number) {
    this.sampleBytes = sampleBytes
    this.rest = new Uint8Array(sampleBytes)
  }

  /** Bytes of an incomplete sample now held. */
  get heldBytes(): number {
    return this.held
  }

  /**
   * The whole samples of what was held and `bytes`. Returns `bytes` itself or a view of it when nothing was held;
   * copies only to join a split sample.
   */
  take(bytes: Uint8Array): Uint8Array {
    if (this.held === 0 && bytes.length % this.sampleBytes === 0) return bytes
    const total = this.held + bytes.length
    const left = total % this.sampleBytes
    const whole = total - left
    if (whole === 0) {
      this.rest.set(bytes, this.held)
      this.held = total
      return bytes.subarray(0, 0)
    }
    const samples = this.held === 0 ? bytes.subarray(0, whole) : this.join(bytes, whole)
    this.rest.set(bytes.subarray(bytes.length - left))
    this.held = left
    return samples
  }

  /** Forgets an incomplete sample. */
  reset(): void {
    this.held = 0
  }

  private join(bytes: Uint8Array, whole: number): Uint8Array {
    const joined = new Uint8Array(whole)
    joined.set(this.rest.subarray(0, this.held))
    joined.set(bytes.subarray(0, whole - this.held), this.held)
    return joined
  }
}

/** How samples are written. `linear16` is signed 16-bit little-endian; `mulaw` and `alaw` are G.711; `opus` is one packet per message. */
export type AudioEncoding = 'linear16' | 'mulaw' | 'alaw' | 'opus'

export interface AudioFormat {
  readonly encoding: AudioEncoding
  /** Samples per second and channel, in Hz. */
  readonly sampleRate: number
  /** Interleaved channels. */
  readonly channels: number
}

/** Bytes of one sample across all channels; 0 for `opus`, whose packets have no fixed size. */
export function bytesPerSample(format: AudioFormat): number {
  if (format.encoding === 'opus') return 0
  return (format.encoding === 'linear16' ? 2 : 1) * format.channels
}

/** Bytes of one second of sound; 0 for `opus`. */
export function bytesPerSecond(format: AudioFormat): number {
  return bytesPerSample(format) * format.sampleRate
}

/** The duration of `bytes` of sound, in milliseconds. Not for `opus`. */
export function bytesToMs(format: AudioFormat, bytes: number): number {
  return (bytes / bytesPerSecond(format)) * 1000
}

/** The bytes of `ms` of sound, rounded down to whole samples. Not for `opus`. */
export function msToBytes(format: AudioFormat, ms: number): number {
  const sample = bytesPerSample(format)
  return Math.floor((ms * format.sampleRate) / 1000) * sample
}

export function sameFormat(a: AudioFormat, b: AudioFormat): boolean {
  return a.encoding === b.encoding && a.sampleRate === b.sampleRate && a.channels === b.channels
}

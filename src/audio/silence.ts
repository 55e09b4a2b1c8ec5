import type { AudioFormat } from './format.js'

/** The byte that silence is made of. Both G.711 laws invert bits, so theirs is not 0 (ITU-T G.711, tables 1 and 2). */
export function silenceByte(format: AudioFormat): number {
  if (format.encoding === 'mulaw') return 0xff
  if (format.encoding === 'alaw') return 0xd5
  return 0
}

export function silenceOf(format: AudioFormat, bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(silenceByte(format))
}

import type { AudioFormat } from '../../../src/audio/format.js'

/** The raw encodings of both directions. Recognition takes any rate, synthesis those of the SDK's `RawOutputFormat`. */
export function formatsOf(rates: readonly number[]): readonly AudioFormat[] {
  return [
    ...rates.map(sampleRate => ({ encoding: 'linear16' as const, sampleRate, channels: 1 })),
    { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
    { encoding: 'alaw', sampleRate: 8000, channels: 1 },
  ]
}

export function encodingOf({ encoding }: AudioFormat): string {
  return encoding === 'linear16' ? 'pcm_s16le' : `pcm_${encoding}`
}

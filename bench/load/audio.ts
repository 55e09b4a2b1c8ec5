import { upFrameBytes } from './workload.js'

/** A sentence and the pause after it. */
export const sentenceMs = 4000
const voicedMs = 3000
const sampleRate = 16_000

/** Frames of 20 ms to be repeated: a sentence and a pause, or the noise of a room. */
export function framesOf(kind: 'speech' | 'noise'): Uint8Array[] {
  const samples = (sentenceMs * sampleRate) / 1000
  const pcm = new Int16Array(samples)
  let seed = 1
  for (let i = 0; i < samples; i++) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    const noise = (seed / 2_147_483_648 - 0.5) * 40
    pcm[i] = noise + (kind === 'speech' ? voice((i * 1000) / sampleRate) : 0)
  }
  const bytes = new Uint8Array(pcm.buffer)
  return Array.from({ length: bytes.length / upFrameBytes }, (_, i) =>
    bytes.subarray(i * upFrameBytes, (i + 1) * upFrameBytes),
  )
}

/** A buzz of 140 Hz in syllables of 200 ms: to a detector by energy it is a voice. */
function voice(ms: number): number {
  if (ms >= voicedMs) return 0
  const syllable = Math.sin((Math.PI * (ms % 200)) / 200)
  const buzz = ((ms * 0.14) % 1) - 0.5
  return 12_000 * syllable * buzz
}

/** The steps of the code: audio of one step is a constant that says which step it is. */
export const stepMs = 20
/** 16 bits hold 655 s of steps. */
const steps = 32_768

/**
 * Sound that says where it belongs: every 20 ms hold one value, the number of the step. It survives resampling, and
 * so a reader knows what it hears without a word from the server.
 */
export function codedSpeech(fromMs: number, ms: number, sampleRate: number): Uint8Array {
  const from = Math.round((fromMs * sampleRate) / 1000)
  const pcm = new Int16Array(Math.round((ms * sampleRate) / 1000))
  const perStep = (stepMs * sampleRate) / 1000
  for (let i = 0; i < pcm.length; i++) pcm[i] = Math.floor((from + i) / perStep) % steps
  return new Uint8Array(pcm.buffer)
}

/** Where in the speech `pcm` begins, to 20 ms. */
export function positionOf(pcm: Buffer): number {
  return pcm.readInt16LE(0) * stepMs
}

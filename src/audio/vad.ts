/** Tells voice from everything else, one frame at a time. Plug another one in with `turns.vad`. */
export interface Vad {
  /**
   * The probability, 0 to 1, that the frame holds voice. The samples are 16 kHz mono and valid only during the call.
   * Must answer at once and not throw.
   */
  push(pcm16k: Int16Array): number
  /** Samples per frame. Default 320 (20 ms). */
  readonly frameSamples?: number | undefined
  /** Forgets the sound so far: what follows is another recording. */
  reset?(): void
}

/** Energy that counts as noise until the room has been heard, in dB of full scale: speech at once is still found. */
const INITIAL_FLOOR_DBFS = -50
/** The floor never falls below this, so nothing quieter than 9 dB above it is voice: it would be preamplifier hiss. */
const LOWEST_FLOOR_DBFS = -65
/** Voice is certain at 13 dB above the floor, impossible at 5 dB, and as likely as not at 9 dB. */
const IMPOSSIBLE_DB = 5
const CERTAIN_DB = 13
/** The minimum of noise lies this far below its mean. */
const MINIMUM_BIAS_DB = 1.5
/** The floor is the least energy of this many windows of 400 ms: longer than any voice goes on without a dip. */
const WINDOWS = 6
const WINDOW_SAMPLES = 6400
/** High pass of 6 dB an octave at 160 Hz, applied twice: takes offset and mains hum, leaves voice. */
const HIGH_PASS = 0.94

/**
 * Finds voice by its energy over an adaptive noise floor: the least energy of the last 2.4 s. Steady sound (hum, fans,
 * a held tone) becomes the floor within that time; sound that comes and goes like speech, such as music or other
 * people's voices, is taken for voice.
 */
export class EnergyVad implements Vad {
  private readonly minima = new Float64Array(WINDOWS)
  private window = 0
  private windowSamples = 0
  private smoothed = 0
  private started = false
  // The high pass: last input and output of both stages.
  private x = 0
  private y = 0
  private z = 0

  constructor() {
    this.reset()
  }

  push(pcm16k: Int16Array): number {
    const power = this.power(pcm16k)
    // Digital silence is a muted microphone: it says nothing about the room.
    if (power < 1e-12) return 0
    this.learn(power, pcm16k.length)
    const overFloorDb = toDb(power) - Math.max(LOWEST_FLOOR_DBFS, this.floorDbfs)
    return Math.min(1, Math.max(0, (overFloorDb - IMPOSSIBLE_DB) / (CERTAIN_DB - IMPOSSIBLE_DB)))
  }

  /** The noise of the room, in dB of full scale. */
  get floorDbfs(): number {
    let least = this.minima[0]!
    for (let i = 1; i < WINDOWS; i++) if (this.minima[i]! < least) least = this.minima[i]!
    return toDb(least) + MINIMUM_BIAS_DB
  }

  reset(): void {
    this.minima.fill(10 ** (INITIAL_FLOOR_DBFS / 10))
    this.window = 0
    this.windowSamples = 0
    this.started = false
  }

  private power(pcm: Int16Array): number {
    if (pcm.length === 0) return 0
    if (!this.started) this.x = pcm[0]!
    let { x, y, z } = this
    let sum = 0
    for (let i = 0; i < pcm.length; i++) {
      const sample = pcm[i]!
      const once = HIGH_PASS * (y + sample - x)
      z = HIGH_PASS * (z + once - y)
      x = sample
      y = once
      sum += z * z
    }
    this.x = x
    this.y = y
    this.z = z
    return sum / pcm.length / 32_768 ** 2
  }

  private learn(power: number, samples: number): void {
    this.smoothed = this.started ? (this.smoothed + power) / 2 : power
    this.started = true
    this.windowSamples += samples
    if (this.windowSamples > WINDOW_SAMPLES) {
      this.windowSamples = samples
      this.window = (this.window + 1) % WINDOWS
      this.minima[this.window] = this.smoothed
    } else if (this.smoothed < this.minima[this.window]!) {
      this.minima[this.window] = this.smoothed
    }
  }
}

function toDb(power: number): number {
  return 10 * Math.log10(power)
}

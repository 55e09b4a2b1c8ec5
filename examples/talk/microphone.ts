import { pcmBytes } from '../../src/audio/pcm.js'
import { speechSegments } from './report.js'

const FRAME_MS = 20
const FRAME_BYTES = 640
const BYTES_PER_MS = 32
const SILENCE: Uint8Array = new Uint8Array(FRAME_BYTES)

/** Sends a recording in real time, with silence before and after it, and remembers when each part of it was sent. */
export class Microphone {
  readonly #recording: Uint8Array
  readonly #send: (frame: Uint8Array) => void
  /** The last frame of each stretch of speech. */
  readonly #speechEnds: readonly number[]
  readonly #sentAtMs: number[] = []
  readonly #startedAtMs: number
  #frames = 0

  /** @param pcm16k 16 kHz mono. */
  constructor(pcm16k: Int16Array, nowMs: number, send: (frame: Uint8Array) => void) {
    this.#recording = pcmBytes(pcm16k)
    this.#speechEnds = speechSegments(pcm16k).map(segment => segment.endMs / FRAME_MS - 1)
    this.#startedAtMs = nowMs
    this.#send = send
  }

  /** Sends what is due. While `waiting`, a recording that has not begun does not begin. */
  tick(nowMs: number, waiting: boolean): void {
    for (const due = (nowMs - this.#startedAtMs) / FRAME_MS; this.#frames < due; this.#frames++) {
      if (this.said || (waiting && !this.begun)) this.#send(SILENCE)
      else this.#say(nowMs)
    }
  }

  get begun(): boolean {
    return this.#sentAtMs.length > 0
  }

  /** The recording has been sent to its end. */
  get said(): boolean {
    return this.#sentAtMs.length * FRAME_BYTES >= this.#recording.length
  }

  /** How much of the recording has been sent. */
  get saidMs(): number {
    return Math.min(this.#sentAtMs.length * FRAME_MS, this.#recording.length / BYTES_PER_MS)
  }

  /** When the last of the recording was sent, so far. */
  get saidAtMs(): number {
    return this.#sentAtMs.at(-1) ?? this.#startedAtMs
  }

  /** All sound sent, silence included. */
  get sentMs(): number {
    return this.#frames * FRAME_MS
  }

  /** When the last speech that was over at a moment had been sent to its end; null: none was. */
  speechEndAtMs(atMs: number): number | null {
    const ends = this.#speechEnds.map(frame => this.#sentAtMs[frame])
    return ends.findLast(endAtMs => endAtMs !== undefined && endAtMs <= atMs) ?? null
  }

  #say(nowMs: number): void {
    const at = this.#sentAtMs.length * FRAME_BYTES
    const frame = this.#recording.subarray(at, at + FRAME_BYTES)
    this.#send(frame)
    if (frame.length < FRAME_BYTES) this.#send(SILENCE.subarray(frame.length))
    this.#sentAtMs.push(nowMs)
  }
}

import type { AudioChunk, PlayerPosition } from '../player.js'
import type { PlayerReport } from './worklet-messages.js'

/** What was pushed of one utterance. */
interface Held {
  readonly id: string
  readonly fromMs: number
  endMs: number
  soundMs: number
}

/**
 * What the audio thread is doing, as far as the page can know without asking: the last report, and what must have
 * happened since. While it plays that is exact, because sound is rendered as fast as the context's clock runs.
 */
export class PlaybackMirror {
  private utterances: Held[] = []
  private report: PlayerReport | undefined
  private epoch = 0
  private pushedMs = 0
  private heardMs = 0

  push({ utteranceId: id, pcm, encoding, sampleRate, fromMs }: AudioChunk): void {
    const ms = (pcm.length / (encoding === 'linear16' ? 2 : 1) / sampleRate) * 1000
    let held = this.utterances.at(-1)
    if (held?.id !== id) {
      if (!held) this.heardMs = fromMs
      held = { id, fromMs, endMs: fromMs, soundMs: 0 }
      this.utterances.push(held)
    }
    held.endMs = fromMs + ms
    held.soundMs += ms
    this.pushedMs += ms
  }

  rewind(id: string, toMs: number): void {
    this.epoch++
    const held = this.utterances.find(utterance => utterance.id === id)
    if (!held) return
    held.soundMs = Math.max(0, held.soundMs - (held.endMs - toMs))
    held.endMs = toMs
    this.heardMs = Math.min(this.heardMs, toMs)
  }

  clear(ids: readonly string[]): void {
    this.epoch++
    const kept = 1 + this.utterances.findLastIndex(({ id }) => ids.includes(id))
    if (kept === 0) return
    this.utterances.splice(0, kept)
    this.heardMs = this.utterances[0]?.fromMs ?? 0
  }

  reported(report: PlayerReport): void {
    if (report.epoch !== this.epoch) return
    this.report = report
    const current = this.utterances.findIndex(({ id }) => id === report.utteranceId)
    if (current < 0) return
    this.utterances.splice(0, current)
    this.heardMs = report.playedMs
  }

  /** The sound is gone, with whatever it was played by. */
  reset(): void {
    this.utterances = []
    this.report = undefined
    this.epoch = 0
    this.pushedMs = 0
  }

  /**
   * @param nowS the context's time.
   * @param latencyS from there to the ear.
   */
  position(nowS: number, latencyS: number): PlayerPosition | null {
    const current = this.utterances[0]
    if (!current) return null
    const report = this.report?.epoch === this.epoch ? this.report : undefined
    const underruns = this.report?.underruns ?? 0
    if (report?.utteranceId !== current.id) {
      const bufferedMs = this.utterances.reduce((sum, { soundMs }) => sum + soundMs, 0)
      return { utteranceId: current.id, playedMs: this.heardMs, bufferedMs, underruns }
    }
    const elapsedMs = (nowS - report.atS) * 1000
    const limitMs = report.playing ? current.endMs : report.playedMs
    const heardMs = Math.min(limitMs, report.playedMs + elapsedMs - latencyS * 1000)
    const renderedMs = report.playing ? Math.max(0, elapsedMs) : 0
    return {
      utteranceId: current.id,
      playedMs: Math.max(current.fromMs, heardMs),
      bufferedMs: Math.max(0, report.bufferedMs + this.pushedMs - report.receivedMs - renderedMs),
      underruns,
    }
  }

  /** Loudness of what is heard, 0 to 1. */
  get level(): number {
    return this.report?.playing ? this.report.level : 0
  }

  /** What the buffer is filled to before it plays; undefined before the first report. */
  get targetMs(): number | undefined {
    return this.report?.targetMs
  }
}

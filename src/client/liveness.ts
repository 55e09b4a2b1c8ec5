import type { Cancel, Clock } from '../util/clock.js'
import type { Connection } from './connection.js'
import type { PlaybackTracker } from './playback-tracker.js'
import type { Uplink } from './uplink.js'

export interface LivenessPorts {
  /** The last server message handled. */
  lastSeq(): number
  /** Acknowledgements stopped, or go on. */
  stalled(stalled: boolean): void
  /** Sound gets through, but too slowly. Once per episode. */
  slow(behindMs: number): void
  dead(reason: string): void
}

/**
 * Reports to the server while a connection is in use, and finds out that it is dead although nobody said so. Browsers
 * show no ping frames, so it watches whether acknowledgements advance while something is unacknowledged, and
 * whether anything arrives at all.
 */
export interface Liveness {
  /** Smoothed round trip; 0 before the first. */
  rttMs(): number
  /** @param silenceMs nothing at all for so long is death: ping interval and pong timeout of the server. */
  start(link: Connection, silenceMs: number): void
  stop(): void
  /** Something arrived. */
  heard(): void
  captured(): void
  confirm(audioIn: number, t: number, cseq: number): void
  /** Something happened to the network or the device: is the connection still there, and what does the server have? */
  probe(): void
}

const tickMs = 200
/** Sent audio that makes no progress for so long is worth telling the user. */
const stalledAfterMs = 1500
/** And after so long the path is dead: TCP would need minutes to notice. */
const deadAfterMs = 3000
/** How long any answer to a probe may take. */
const probeMs = 2000
/** A check that comes later than this was held up by a sleeping machine or a throttled tab. */
const lateMs = 2000
/** Behind by this much is a slow uplink; below half of it, it has recovered. */
const slowMs = 2000
/** Acknowledgements come twice a second while audio does; one that is later than this is asked for. */
const overdueMs = 600

export function watchLiveness(clock: Clock, uplink: Uplink, tracker: PlaybackTracker, ports: LivenessPorts): Liveness {
  let link: Connection | undefined
  let cancelTicks: Cancel | undefined
  let rttMs = 0
  let silenceMs = 0
  let capturedAtMs = -1 / 0
  let heardAtMs = 0
  let progressAtMs = 0
  let tickedAtMs = 0
  let probeUntilMs = 1 / 0
  let reportedAtMs = 0
  /** The clock reading whose answer is awaited. */
  let awaited = 0
  let stalled = false
  let slow = false

  function heard(): void {
    heardAtMs = clock.now()
    probeUntilMs = 1 / 0
  }

  function tick(): void {
    const nowMs = clock.now()
    const outstanding = uplink.outstanding()
    const behindMs = uplink.behindMs()
    const late = nowMs - tickedAtMs > lateMs
    tickedAtMs = nowMs
    // What arrived meanwhile may still wait behind this timer, so a late check starts from now.
    if (late) heard()
    if (late || !outstanding) progressAtMs = nowMs
    const stalledMs = nowMs - progressAtMs
    if (stalledMs > deadAfterMs || nowMs > probeUntilMs || nowMs - heardAtMs > silenceMs) return ports.dead('silent')

    const sinceMs = nowMs - reportedAtMs
    // The answers are all that a silent call hears, and must come well before silence means death.
    const quietMs = Math.min(5000, silenceMs / 3)
    const everyMs = tracker.playing() ? 200 : nowMs - capturedAtMs < 1000 ? 1000 : quietMs
    if (sinceMs >= everyMs || (stalledMs >= overdueMs && sinceMs >= stalledMs)) report(nowMs)

    const wasSlow = slow
    slow = !uplink.replaying() && behindMs > (slow ? slowMs / 2 : slowMs)
    if (slow && !wasSlow) ports.slow(behindMs)
    if (stalled !== stalledMs > stalledAfterMs) {
      stalled = !stalled
      ports.stalled(stalled)
    }
  }

  function report(nowMs: number): void {
    const playback = tracker.report()
    link?.send({
      type: 'stats',
      seq: ports.lastSeq(),
      t: nowMs,
      playback,
      buffered_bytes: link.socket.bufferedAmount,
      rtt_ms: rttMs,
    })
    reportedAtMs = nowMs
    awaited ||= nowMs
    if (playback) tracker.sent(playback)
  }

  return {
    heard,
    rttMs: () => rttMs,
    start(given, ms) {
      link = given
      silenceMs = ms
      reportedAtMs = -1 / 0
      awaited = 0
      stalled = slow = false
      tickedAtMs = progressAtMs = clock.now()
      heard()
      cancelTicks = clock.every(tickMs, tick)
    },
    stop() {
      cancelTicks?.()
      link = undefined
    },
    captured() {
      capturedAtMs = clock.now()
    },
    confirm(audioIn, t, cseq) {
      const nowMs = clock.now()
      // Acknowledgements that nobody asked for carry 0.
      if (t && t === awaited) {
        awaited = 0
        rttMs += (nowMs - t - rttMs) / (rttMs ? 8 : 1)
      }
      if (uplink.confirm(audioIn, cseq)) progressAtMs = nowMs
    },
    probe() {
      const nowMs = clock.now()
      report(nowMs)
      probeUntilMs = Math.min(probeUntilMs, nowMs + probeMs)
    },
  }
}

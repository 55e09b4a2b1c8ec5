import type { AudioFormat } from '../audio/format.js'
import { bytesPerSecond, bytesToMs } from '../audio/format.js'
import type { Rooms } from './rooms.js'
import type { SessionReport } from './voice-session.js'

/** Sums a session up from what its rooms counted. */
export function sessionReport(
  rooms: Rooms,
  own: {
    readonly durationMs: number
    readonly resumes: number
    readonly unknownMessages: number
    readonly audioIn: AudioFormat
  },
): SessionReport {
  const up = rooms.uplink?.stats()
  const down = rooms.downlink.stats()
  const talk = rooms.conversation.stats()
  return {
    durationMs: own.durationMs,
    turns: talk.turns,
    interruptions: talk.interruptions,
    resumes: own.resumes,
    unknownMessages: own.unknownMessages,
    heardMs: up?.acceptedMs ?? 0,
    lostUplinkMs: up && bytesPerSecond(own.audioIn) > 0 ? bytesToMs(own.audioIn, up.lostBytes) : 0,
    spokenMs: down.sentAudioMs,
    droppedMs: Object.values(down.droppedMs).reduce((sum, ms) => sum + ms, 0),
    droppedMsByCause: down.droppedMs,
    sttFailovers: up?.failovers ?? 0,
    ttsFailovers: talk.failovers,
  }
}

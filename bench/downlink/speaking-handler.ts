import { createVoiceHandler, type VoiceHandler, type VoiceHandlerOptions, type VoiceSession } from '../../src/index.js'
import { silentLogger } from '../../src/util/logger.js'
import { codedTts, countingStt, finalsPerSecond, partMs, script, type TtsUse } from './coded-providers.js'
import type { ListenerReport } from './listener.js'

/** One session by what its application was told. */
export interface SessionLog {
  readonly id: string
  /** Levels other than the one before, as they came. */
  readonly levels: string[]
  /** Why it lost its socket, in the order of the losses. */
  readonly losses: string[]
  /** Events given to `session.send`. */
  notes: number
  /** Transcripts that were final. */
  finals: number
  /** What `report` said when it was over. */
  droppedMs: number
  spokenMs: number
  closed: boolean
}

export interface SpeakingHandler {
  readonly voice: VoiceHandler
  readonly logs: Map<string, SessionLog>
  readonly uses: TtsUse[]
  readonly sessions: Map<string, VoiceSession>
}

/** What a session with a slow client is told leaves within this time, unless the client takes nothing at all. */
const tellMs = 6000

/** Final transcripts that a client should have by now and has not, or has in the wrong place. */
export function missingFinals({ finals }: ListenerReport, served: SessionLog): number {
  const misplaced = finals.filter((final, i) => final !== `sentence ${i + 1}`).length
  return misplaced + Math.max(0, served.finals - finals.length - (tellMs / 1000) * finalsPerSecond)
}

/** The same for events, which the plain dialect has not. */
export function missingNotes({ notes }: ListenerReport, served: SessionLog): number {
  const misplaced = notes.filter((note, i) => note !== i).length
  return misplaced + Math.max(0, served.notes - notes.length - (tellMs / 1000) * notesPerSecond)
}

/** No speech is longer: its steps are numbered with 16 bits. */
const longestMs = 640_000
const notesPerSecond = 4

const synthesisers: Readonly<Record<string, readonly number[]>> = {
  '48000': [48_000],
  '24000': [24_000],
  '16000': [16_000],
  ladder: [48_000, 24_000, 16_000],
}

/**
 * A handler that speaks to every client without end, and tells it something four times a second. What a connection
 * gets stands in its query: `tts` (one of the synthesisers above), `speed`, `ms` of speech, `id`, and
 * whether its speech is `interruptible`.
 */
export function createSpeakingHandler(options: VoiceHandlerOptions = {}): SpeakingHandler {
  const logs = new Map<string, SessionLog>()
  const sessions = new Map<string, VoiceSession>()
  const uses: TtsUse[] = []
  const voice = createVoiceHandler<string, URLSearchParams>({
    authenticate: () => 'bench',
    logger: silentLogger,
    stt: [countingStt()],
    tts: Object.entries(synthesisers).map(([name, rates]) => codedTts(name, rates, use => uses.push(use))),
    configure: ({ request }) => {
      const query = new URL(request.url, 'http://localhost').searchParams
      const vendor = { speed: Number(query.get('speed') ?? 4), id: query.get('id') }
      return { data: query, tts: [{ use: query.get('tts') ?? '24000', options: { vendor } }] }
    },
    onSession: session => {
      const id = session.data.get('id') ?? session.id
      const ms = Math.min(longestMs, Number(session.data.get('ms') ?? longestMs))
      sessions.set(id, session as VoiceSession)
      logs.set(id, watched(session, id))
      const allowInterruption = session.data.has('interruptible')
      session.on('ready', () => session.say(script(0, Math.ceil(ms / partMs)), { allowInterruption }))
    },
    ...(options as object),
    // A busy machine is no reason to send a client away.
    limits: { maxLoopDelayMs: 60_000, maxUtilisation: 2, ...options.limits },
  })
  return { voice: voice as never, logs, uses, sessions }
}

function watched(session: VoiceSession<string, URLSearchParams>, id: string): SessionLog {
  const log: SessionLog = { id, levels: [], losses: [], notes: 0, finals: 0, droppedMs: 0, spokenMs: 0, closed: false }
  session.on('quality', ({ level }) => log.levels.at(-1) !== level && log.levels.push(level))
  session.on('state', ({ state, reason }) => state === 'reconnecting' && log.losses.push(reason))
  session.on('transcript', ({ kind }) => kind !== 'interim' && log.finals++)
  const notes = setInterval(() => {
    if (session.state === 'active') session.send('note', log.notes++)
  }, 1000 / notesPerSecond)
  session.on('closed', ({ reason, report: { droppedMs, spokenMs } }) => {
    clearInterval(notes)
    if (log.losses.length === 0) log.losses.push(reason)
    Object.assign(log, { droppedMs, spokenMs, closed: true })
  })
  return log
}

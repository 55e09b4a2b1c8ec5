import { Conversation } from '../conversation/conversation.js'
import type { ConversationEvents } from '../conversation/ports.js'
import { Downlink } from '../downlink/downlink.js'
import { defaultKeep } from '../downlink/options.js'
import type { ServerMessage } from '../protocol/messages.js'
import type { AudioGap, SessionTranscript } from '../uplink/ports.js'
import { Uplink } from '../uplink/uplink.js'
import type { VoiceError } from '../util/errors.js'
import { secureId } from '../util/random.js'
import type { Leg, LegChange } from './legs.js'
import type { SessionRuntime, SessionSpec } from './runtime.js'
import { sttResultMessage } from './stt-result.js'
import type { Taps } from './taps.js'
import type { SessionEvents, VoiceSession } from './voice-session.js'

/** The two flows of sound and the conversation between them. */
export interface Rooms {
  /** Null: the session recognises nothing. */
  readonly uplink: Uplink | null
  readonly downlink: Downlink
  readonly conversation: Conversation<VoiceSession>
}

/** What the rooms need of the session they are in. */
export interface RoomHost {
  readonly session: VoiceSession
  readonly taps: Taps
  emit<E extends keyof SessionEvents>(event: E, payload: SessionEvents[E]): void
  fail(error: VoiceError, utteranceId?: string): void
  leg(leg: Leg, change: LegChange): void
  readsWanted(wanted: boolean): void
  slowConsumer(cause: string): void
  numbered(seq: number, message: ServerMessage): void
  /** The agent ended the call. */
  ended(): void
}

/** Builds a session's rooms and connects them; none of them knows another. */
export function createRooms(spec: SessionSpec, runtime: SessionRuntime, host: RoomHost): Rooms {
  // The rooms call each other through the ports below, but only once all of them exist.
  const rooms: Rooms = {
    downlink: createDownlink(spec, runtime, host, () => rooms),
    uplink: spec.stt.length > 0 ? createUplink(spec, runtime, host, () => rooms) : null,
    get conversation() {
      return conversation
    },
  }
  const conversation = createConversation(spec, runtime, host, rooms)
  return { uplink: rooms.uplink, downlink: rooms.downlink, conversation }
}

function createDownlink(spec: SessionSpec, runtime: SessionRuntime, host: RoomHost, rooms: () => Rooms): Downlink {
  const { clock, ticker, logger, settings } = runtime
  const { pacing, backpressure, resume } = settings
  return new Downlink(
    { clock, ticker, logger, pacing, backpressure, audioOut: spec.audioOut, keep: resume ? defaultKeep : false },
    {
      started: utteranceId => rooms().conversation.started(utteranceId),
      played: utteranceId => rooms().conversation.played(utteranceId),
      room: () => rooms().conversation.room(),
      congested: full => rooms().conversation.congested(full),
      level: (level, lagMs) => host.emit('quality', { level, lagMs, sampleRate: rooms().downlink.stats().sampleRate }),
      rate: sampleRate => rooms().conversation.rate(sampleRate),
      slowConsumer: cause => host.slowConsumer(cause),
      numbered: (seq, message) => host.numbered(seq, message),
      tap: (pcm, sampleRate, utteranceId) =>
        host.taps.hear('out', pcm, { encoding: 'linear16', sampleRate, channels: 1 }, utteranceId),
    },
  )
}

function createUplink(spec: SessionSpec, runtime: SessionRuntime, host: RoomHost, rooms: () => Rooms): Uplink {
  const { clock, random, slabs, health, logger, ticker, settings } = runtime
  const { mode, endpointMs, onsetMs, vad } = spec.turns
  return new Uplink(
    {
      format: spec.audioIn,
      candidates: spec.stt,
      clock,
      random,
      slabs,
      health,
      logger,
      ticker,
      turns: { mode, endpointMs, onsetMs },
      vad: vad?.(),
      replayWindowMs: settings.resume ? settings.resume.replayWindowMs : undefined,
    },
    {
      transcript: transcript => hear(transcript, host, rooms()),
      speechStart: atMs => {
        rooms().downlink.send({ type: 'vad_event', event: 'speech_start', timestamp_ms: atMs })
        rooms().conversation.onSpeechStart(atMs)
      },
      onset: atMs => rooms().conversation.onOnset(atMs),
      speechEnd: atMs => {
        rooms().downlink.send({ type: 'vad_event', event: 'speech_end', timestamp_ms: atMs })
        rooms().conversation.onSpeechEnd(atMs)
      },
      endpoint: event => rooms().conversation.onEndpoint(event),
      eagerEnd: event => rooms().conversation.onEagerEnd(event),
      leg: change => host.leg('stt', change),
      gap: gap => host.emit('gap', gap satisfies AudioGap),
      readsWanted: wanted => host.readsWanted(wanted),
    },
  )
}

function hear(transcript: SessionTranscript, host: RoomHost, { downlink, conversation }: Rooms): void {
  downlink.send(sttResultMessage(transcript))
  host.emit('transcript', transcript)
  conversation.onTranscript(transcript)
}

function createConversation(
  spec: SessionSpec,
  runtime: SessionRuntime,
  host: RoomHost,
  { uplink, downlink }: Pick<Rooms, 'uplink' | 'downlink'>,
) {
  const { clock, random, health, logger } = runtime
  return new Conversation<VoiceSession>(
    {
      agent: spec.agent,
      greeting: spec.origin === 'new' ? spec.greeting : undefined,
      history: spec.history,
      tts: spec.tts,
      sampleRate: Math.max(...spec.audioOut.sampleRates),
      turns: spec.turns,
      session: host.session,
      clock,
      random,
      health,
      logger,
      newId: () => secureId(9),
      roomMs: runtime.settings.backpressure.maxQueuedMs / 2,
    },
    {
      out: downlink,
      emit: <E extends keyof ConversationEvents>(event: E, payload: ConversationEvents[E]) => {
        if (event === 'turn') uplink?.turnBoundary()
        host.emit(event, payload as SessionEvents[E])
      },
      leg: change => host.leg('tts', change),
      error: (error, utteranceId) => host.fail(error, utteranceId),
      ended: () => host.ended(),
      turnTaking: turns => uplink?.takeTurns(turns),
      audioMs: () => uplink?.stats().acceptedMs ?? 0,
    },
  )
}

import { bytesToMs } from '../audio/format.js'
import type { HistoryItem } from '../conversation/history.js'
import type { ReadyMessage, ResumedMessage, ResumeMessage, SessionState } from '../protocol/messages.js'
import type { Attachment } from './attachment.js'
import type { SessionSpec } from './runtime.js'
import type { SessionSettings } from './settings.js'

/** The first message of a session to its client. */
export function readyMessage(
  spec: SessionSpec,
  { keepAlive, resume }: SessionSettings,
  {
    resumeToken,
    epoch,
    sampleRate,
  }: { readonly resumeToken: string; readonly epoch: number; readonly sampleRate: number },
): ReadyMessage {
  const { audioIn, audioOut, history, origin } = spec
  return {
    type: 'ready',
    stream_id: spec.streamId,
    session_id: spec.id,
    resume_token: resumeToken,
    epoch,
    resume_window_ms: resume ? resume.windowMs : 0,
    replay_window_ms: resume ? resume.replayWindowMs : 0,
    ping_interval_ms: keepAlive.intervalMs,
    pong_timeout_ms: keepAlive.timeoutMs,
    audio_in: { offset: 0, sample_rate: audioIn.sampleRate, encoding: audioIn.encoding },
    audio_out: { sample_rate: sampleRate, encoding: audioOut.encoding },
    history: origin === 'new' ? undefined : { restored: history.length > 0, turns: history.length },
  }
}

/** How a session stands when its client comes back. */
export interface Standing {
  readonly spec: SessionSpec
  /** Bytes of the client's audio that are here. */
  readonly accepted: number
  /** The last numbered message of the client that was handled. */
  readonly cseq: number
  /** Every provider serves. */
  readonly isWhole: boolean
  readonly state: SessionState
  readonly history: readonly HistoryItem[]
  readonly tts: ResumedMessage['tts']
}

/**
 * Tells a client that came back where to go on, then what it missed.
 *
 * @returns what of its audio is lost for good.
 */
export function welcomeBack(
  attachment: Attachment,
  message: ResumeMessage,
  { spec, accepted, cseq, isWhole, state, history, tts }: Standing,
): ResumedMessage['lost'] {
  const { key, log, epoch } = attachment
  const lost = lostAudio(spec, accepted, message)
  attachment.served()
  log.confirm(message.last_seq)
  const eventsLost = log.lostAfter(message.last_seq)
  attachment.send({
    type: 'resumed',
    epoch,
    resume_token: key.rotate(),
    audio_in: { from: accepted },
    lost,
    events_lost: eventsLost,
    tts,
    state: isWhole ? 'active' : 'degraded',
    cseq,
  })
  log.replay((missed, seq) => attachment.send(missed, seq))
  if (!eventsLost) return lost
  const turns = history.map(({ id, role, text, interrupted }) => ({ id, role, text, interrupted }))
  attachment.send({ type: 'snapshot', state, turns, cseq })
  return lost
}

/** It left the client's ring before it could arrive here. */
function lostAudio(
  { audioIn }: SessionSpec,
  accepted: number,
  { audio_in: { start } }: ResumeMessage,
): ResumedMessage['lost'] {
  if (start <= accepted) return null
  const ms = audioIn.encoding === 'opus' ? 0 : bytesToMs(audioIn, start - accepted)
  return { from: accepted, to: start, ms }
}

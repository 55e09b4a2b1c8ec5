import { bytesToMs } from '../audio/format.js'
import type { HistoryItem } from '../conversation/history.js'
import type { ReadyMessage, ResumedMessage, ResumeMessage, ServerMessage, SessionState } from '../protocol/messages.js'
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

/** Where a session stands, for a client that missed too much to be told in order. */
export function snapshotMessage(state: SessionState, history: readonly HistoryItem[], cseq: number): ServerMessage {
  const turns = history.map(({ id, role, text, interrupted }) => ({ id, role, text, interrupted }))
  return { type: 'snapshot', state, turns, cseq }
}

/** What of the client's audio is lost for good: it left the client's ring before it could arrive here. */
export function lostAudio(
  { audioIn }: SessionSpec,
  accepted: number,
  { audio_in: { start } }: ResumeMessage,
): ResumedMessage['lost'] {
  if (start <= accepted) return null
  const ms = audioIn.encoding === 'opus' ? 0 : bytesToMs(audioIn, start - accepted)
  return { from: accepted, to: start, ms }
}

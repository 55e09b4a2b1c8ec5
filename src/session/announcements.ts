import type { ErrorMessage, ServerMessage } from '../protocol/messages.js'
import type { Emitter } from '../util/emitter.js'
import type { VoiceError } from '../util/errors.js'
import type { Attachment } from './attachment.js'
import { errorMessageOf } from './client-error.js'
import type { SessionEvents } from './voice-session.js'

export interface AnnouncementParts {
  readonly downlink: { send(message: ServerMessage): void }
  readonly attachment: Attachment
  readonly events: Emitter<SessionEvents>
  /** An error that nobody listens to. */
  unheard(error: VoiceError): void
}

/** What a session says about itself, to its client and to the application. */
export class Announcements {
  private readonly parts: AnnouncementParts
  private state: SessionEvents['state']['state'] = 'connecting'

  constructor(parts: AnnouncementParts) {
    this.parts = parts
  }

  moved(change: SessionEvents['state']): void {
    const { downlink, events } = this.parts
    this.state = change.state
    downlink.send({ type: 'state', ...change })
    events.emit('state', change)
  }

  /** To the application, and to the client what concerns it. */
  failed(error: VoiceError, utteranceId?: string): void {
    const { events, unheard } = this.parts
    const message = errorMessageOf(error, utteranceId)
    if (message) this.refuse(message)
    if (events.hasListeners('error')) events.emit('error', error)
    else unheard(error)
  }

  /** To the client alone. */
  refuse(error: ErrorMessage): void {
    const { attachment, downlink } = this.parts
    // Before `ready` no lane is open yet, and the client still has to learn why it will not come.
    if (this.state === 'configuring') attachment.send(error)
    else downlink.send(error)
  }

  /** This server goes away; when to come back. */
  goAway(timeLeftMs: number, windowMs: number): void {
    this.parts.downlink.send({ type: 'goaway', time_left_ms: timeLeftMs, window_ms: windowMs })
  }
}

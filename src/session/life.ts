import { retryHint } from '../protocol/close-codes.js'
import type { ErrorCode } from '../protocol/error-codes.js'
import type { ConfigMessage, ResumeMessage, ServerMessage, SessionState } from '../protocol/messages.js'
import type { SocketClosed } from '../socket.js'
import type { Emitter } from '../util/emitter.js'
import type { VoiceError } from '../util/errors.js'
import { Activity } from './activity.js'
import { Announcements } from './announcements.js'
import { Attachment } from './attachment.js'
import { clientError } from './client-error.js'
import { readyMessage, welcomeBack } from './greetings.js'
import { Inbound } from './inbound.js'
import { type Leg, type LegChange, Legs } from './legs.js'
import type { Link } from './link.js'
import { isEnding, nextState, type SessionTrigger } from './machine.js'
import { createRecordKeeper, type RecordKeeper } from './record-keeper.js'
import { sessionReport } from './report.js'
import { principalKey } from './resume.js'
import type { Rooms } from './rooms.js'
import type { SessionRuntime, SessionSpec } from './runtime.js'
import type { Session } from './session.js'
import type { Taps } from './taps.js'
import { digestOf } from './token.js'
import type { SessionEvents } from './voice-session.js'

/** When a client that could not keep up may come back. */
const slowConsumerRetryMs = 1000

interface Parts {
  readonly rooms: Rooms
  readonly events: Emitter<SessionEvents>
  readonly taps: Taps
}

/** A session's life: its state, the links that carry it one after the other, and its one end. */
export class Life {
  private readonly session: Session
  private readonly spec: SessionSpec
  private readonly runtime: SessionRuntime
  private readonly rooms: Rooms
  private readonly events: Emitter<SessionEvents>
  private readonly legs: Legs
  private readonly activity: Activity
  private readonly attachment: Attachment
  private readonly inbound: Inbound
  private readonly announcements: Announcements
  /** Null: nobody can come back. */
  private readonly records: RecordKeeper | null
  private readonly startedAtMs: number
  private current: SessionState = 'connecting'
  private resumes = 0
  /** How it ended. */
  private ending: { readonly code: number; readonly reason: string } | undefined

  constructor(session: Session, spec: SessionSpec, runtime: SessionRuntime, { rooms, events, taps }: Parts) {
    const { clock, deadlines, settings } = runtime
    this.session = session
    this.spec = spec
    this.runtime = runtime
    this.rooms = rooms
    this.events = events
    this.startedAtMs = clock.now()
    this.legs = this.createLegs()
    this.activity = new Activity(deadlines, spec.limits, {
      busy: () => rooms.conversation.busy,
      ending: leftMs => {
        this.announcements.refuse(clientError('session_ending', `the session ends in ${Math.ceil(leftMs / 1000)} s`))
      },
      over: reason => {
        if (reason === 'idle') this.announcements.refuse(clientError('session_ending', 'the session was idle'))
        this.finish('close', 1000, reason)
      },
    })
    const windowMs = settings.resume ? settings.resume.windowMs : 0
    this.attachment = new Attachment({ clock, deadlines, windowMs }, () =>
      this.finish('window_over', 1006, 'resume window over'),
    )
    this.announcements = new Announcements({
      downlink: rooms.downlink,
      attachment: this.attachment,
      events,
      unheard: error => runtime.unheard(error, session),
    })
    this.inbound = this.createInbound(taps)
    this.records = createRecordKeeper(session, spec, runtime, this.attachment)
  }

  get state(): SessionState {
    return this.current
  }

  /** Nothing is left of it, or nothing will be. */
  get over(): boolean {
    return isEnding(this.current)
  }

  /** Begins on its first link: connects the providers and says `ready` once they serve. */
  start(link: Link): void {
    // `onSession` may have ended it, and a listener may do so at any move.
    if (this.ending) return link.close(this.ending.code, this.ending.reason)
    this.attachment.attach(link, this.inbound)
    this.move('admitted', 'admitted')
    if (this.over) return
    this.activity.start(this.startedAtMs)
    this.rooms.uplink?.start()
    this.rooms.conversation.start(true)
    this.legs.start()
  }

  /** The digest of a token that somebody presents, for `canResume`. */
  present(token: string): Uint8Array {
    return digestOf(token)
  }

  /** Whether the session still goes on, token and principal open it, and the client's offsets can be its own. */
  canResume(message: ResumeMessage, presented: Uint8Array, principal: unknown): boolean {
    return (
      this.can('resume') &&
      principalKey(principal) === this.spec.principalKey &&
      message.audio_in.end >= this.acceptedBytes &&
      this.attachment.key.opens(presented)
    )
  }

  /** Moves the session onto a new link. One synchronous block: after it nothing from the old socket counts. */
  resume(link: Link, message: ResumeMessage): void {
    const { attachment, rooms, legs } = this
    const { outageMs } = attachment
    const old = attachment.attach(link, this.inbound)
    // Detaches as well: nothing more goes to the old socket.
    const tts = rooms.downlink.resumeAudio(message.playback)
    this.inbound.newLink()
    this.resumes++
    this.move('resume', 'resume')
    if (this.over) return old?.close(4409, 'taken_over')
    const lost = welcomeBack(attachment, message, {
      spec: this.spec,
      accepted: this.acceptedBytes,
      cseq: this.inbound.cseq,
      isWhole: legs.allLive,
      state: this.current,
      history: this.session.history,
      tts,
    })
    this.move(legs.allLive ? 'ready' : 'ready_degraded', 'resumed')
    rooms.downlink.attach(link)
    rooms.uplink?.attach()
    rooms.conversation.attach()
    legs.attach()
    old?.close(4409, 'taken_over')
    this.events.emit('resumed', { outageMs, lostMs: lost?.ms ?? 0 })
    this.persist()
  }

  /** Tells the client that this server goes away and when to come back. */
  goAway(timeLeftMs: number, windowMs: number): void {
    this.persist()
    this.announcements.goAway(timeLeftMs, windowMs)
  }

  /** What carries it now. */
  get link(): Link | null {
    return this.attachment.link
  }

  /** Somebody speaks or is about to. */
  get talking(): boolean {
    return this.rooms.conversation.busy
  }

  /** A provider's leg changed. */
  legChanged(leg: Leg, change: LegChange): void {
    this.legs.change(leg, change)
  }

  readsWanted(wanted: boolean): void {
    if (wanted) this.attachment.link?.resumeReads()
    else this.attachment.link?.pauseReads()
  }

  numbered(seq: number, message: ServerMessage): void {
    this.attachment.log.add(seq, message)
  }

  /** The client cannot keep up. Its socket goes; where it can come back, the session waits for it. */
  slowConsumer(cause: string): void {
    const { link } = this.attachment
    this.runtime.logger.warn(
      { session: this.spec.id, cause },
      'slow_consumer: the client does not keep up and is sent away',
    )
    this.rooms.conversation.interrupt('slow_consumer')
    link?.sendMessage(clientError('slow_consumer', 'the client does not keep up', slowConsumerRetryMs))
    link?.close(1013, retryHint(slowConsumerRetryMs))
    this.loseLink(1013, 'slow_consumer')
  }

  /** Reports an error to the application, and to the client what concerns it. */
  fail(error: VoiceError, utteranceId?: string): void {
    this.announcements.failed(error, utteranceId)
  }

  /** The one way a session ends: keep-alive and limits, then providers, then buffers, then the socket. */
  finish(trigger: SessionTrigger, code: number, reason: string, error?: VoiceError): void {
    if (error && this.can(trigger)) this.fail(error)
    // Whoever heard of the error may have ended the session already.
    if (!this.can(trigger)) return
    this.persist()
    this.ending = { code, reason }
    this.move(trigger, reason)
    this.activity.stop()
    this.legs.close()
    this.rooms.uplink?.close()
    this.rooms.conversation.close()
    const durationMs = this.runtime.clock.now() - this.startedAtMs
    const report = sessionReport(this.rooms, {
      durationMs,
      resumes: this.resumes,
      unknownMessages: this.inbound.unknownMessages,
      audioIn: this.spec.audioIn,
    })
    this.rooms.downlink.close()
    this.attachment.end(code, reason)
    this.move('cleaned', reason)
    this.events.emit('closed', { code, reason, report })
    this.events.clear()
    this.runtime.ended(this.session, report)
  }

  /** Keeps what a client could come back to; never on the audio path, never in anybody's way. */
  persist(): void {
    // The record of an ended session may be in use: nothing may bring it back.
    if (!this.over) this.records?.keep()
  }

  private can(trigger: SessionTrigger): boolean {
    return nextState(this.current, trigger) !== null
  }

  private get acceptedBytes(): number {
    return this.rooms.uplink?.acceptedBytes ?? 0
  }

  private becomeReady(): void {
    const { link, key, epoch } = this.attachment
    if (!link || this.current !== 'configuring') return
    const { settings } = this.runtime
    const resumeToken = settings.resume && link.features.resume ? key.rotate() : ''
    this.attachment.served()
    this.attachment.send(
      readyMessage(this.spec, settings, { resumeToken, epoch, sampleRate: this.rooms.downlink.stats().sampleRate }),
    )
    this.move('ready', 'ready')
    this.rooms.downlink.attach(link)
    this.rooms.conversation.attach()
    this.events.emit('ready', { origin: this.spec.origin })
    this.persist()
  }

  /** Moves the state machine and tells everybody. */
  private move(trigger: SessionTrigger, reason: string, provider?: string): void {
    const previous = this.current
    const state = nextState(previous, trigger)
    if (state === null) return
    this.current = state
    this.announcements.moved({ state, previous, reason, provider })
  }

  private linkClosed(info: SocketClosed, ours: boolean): void {
    if (!this.attachment.link || this.over) return
    // A link closes itself only on a client that broke the protocol.
    if (ours) this.finish('misbehaved', info.code, info.reason)
    else if (info.code === 1000 && info.clean) this.finish('close', 1000, 'client closed')
    else this.loseLink(info.code, info.reason)
  }

  /** The socket is gone, or must go: waits for the client where that is possible. */
  private loseLink(code: number, reason: string): void {
    const { link, epoch } = this.attachment
    const served = this.current !== 'configuring' || epoch > 1
    const resumable = this.runtime.settings.resume !== false && link?.features.resume === true && served
    if (!resumable || !this.can('link_lost_resumable')) return this.finish('link_lost', code, reason)
    this.attachment.detach()
    this.move('link_lost_resumable', reason || 'link lost')
    if (this.over) return
    this.rooms.uplink?.detach()
    this.rooms.downlink.detach()
    this.rooms.conversation.detach()
    this.legs.detach()
    this.persist()
  }

  /** The client's page is being frozen: it cannot close its socket, and 1001 lets it come back when it wakes. */
  private suspend(): void {
    this.attachment.link?.close(1001, 'suspended')
    this.loseLink(1001, 'suspended')
  }

  private createLegs(): Legs {
    const { clock, settings } = this.runtime
    const { budgetMs, onSttLost, onTtsLost } = settings.recovery
    return new Legs(
      {
        clock,
        budgetMs,
        whenLost: { stt: onSttLost, tts: onTtsLost },
        has: { stt: this.rooms.uplink !== null, tts: this.spec.tts.length > 0 },
      },
      {
        ready: () => this.becomeReady(),
        down: (leg, { provider, error }) => {
          this.move('leg_down', `${leg}_down`, provider)
          if (error) this.fail(error)
        },
        live: (leg, { provider }) => this.move('legs_live', `${leg}_live`, provider),
        lost: (leg, error) => this.finish('leg_lost', 1011, `${leg}_unavailable`, error),
        abandoned: (leg, error) => {
          if (error) this.fail(error)
          if (leg === 'tts') this.rooms.conversation.giveUpVoice()
          if (this.legs.allLive) this.move('legs_live', `${leg}_abandoned`)
        },
      },
    )
  }

  private createInbound(taps: Taps): Inbound {
    const { clock, settings } = this.runtime
    const { audioIn } = this.spec
    const burstMs = (settings.resume ? settings.resume.replayWindowMs : 0) + 2000
    return new Inbound(
      this.rooms,
      { clock, audioIn, burstMs, clientMay: settings.clientMay },
      {
        phase: () => this.phase(),
        active: () => this.activity.touch(),
        firstFrame: () => this.attachment.key.retirePrevious(),
        acknowledge: t => {
          this.rooms.downlink.send({ type: 'ack', audio_in: this.acceptedBytes, t, cseq: this.inbound.cseq })
        },
        confirmed: seq => this.attachment.log.confirm(seq),
        pong: t => this.attachment.send({ type: 'pong', t }),
        heartbeat: t => this.attachment.link?.heartbeatAnswered(t),
        event: (name, data) => this.events.emit('event', { name, data }),
        tap: bytes => taps.hear('in', bytes, audioIn),
        refuse: error => this.announcements.refuse(error),
        cut: (closeCode, code, message) => this.cut(closeCode, code, message),
        reconfigure: config => this.reconfigure(config),
        bye: reason => (reason === 'suspend' ? this.suspend() : this.finish('close', 1000, 'bye')),
        linkClosed: (info, ours) => this.linkClosed(info, ours),
      },
    )
  }

  private phase(): 'waiting' | 'early' | 'serving' | 'over' {
    if (this.current === 'active' || this.current === 'degraded') return 'serving'
    if (this.current !== 'configuring') return 'over'
    return this.attachment.link?.features.acks ? 'waiting' : 'early'
  }

  /** Ends this session and lets another begin where it was, with what was said. */
  private reconfigure(config: ConfigMessage): boolean {
    const { link } = this.attachment
    if (!link?.features.reconfigure) return false
    if (!link.mayReconfigure()) {
      this.cut(4429, 'rate_limited', 'config: at most one a second')
      return true
    }
    this.attachment.release()
    const history = [...this.session.history]
    this.finish('close', 1000, 'reconfigured')
    this.runtime.reconfigure(link, this.spec.ticket, config, history)
    return true
  }

  /** The client broke the protocol for good. */
  private cut(closeCode: number, code: ErrorCode, message: string): void {
    this.announcements.refuse(clientError(code, message))
    this.finish('misbehaved', closeCode, code)
  }
}

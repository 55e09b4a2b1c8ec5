import type { ResumeMessage, ServerMessage } from '../../../src/protocol/messages.js'
import type { Clock } from '../../../src/util/clock.js'

/** The server's end of one connection. */
export interface Pipe {
  send(data: string | Uint8Array): void
  close(code: number, reason?: string): void
}

export interface PipeSink {
  message(data: string | Uint8Array): void
  closed(): void
}

interface Handled {
  readonly cseq: number
  readonly at: number
  /** The server's audio offset when it handled the message. */
  readonly offset: number
  readonly name: string
}

/** How much audio a server acknowledges at once: half a second at 16 kHz. */
const ackEveryBytes = 16_000

/** A session of the protocol as a server has to keep it, reduced to what a client can get wrong. */
export class ModelSession {
  readonly id: string
  /** Bytes accepted, gaps included. */
  offset = 0
  /** What was said. */
  readonly audio: { readonly from: number; readonly bytes: Uint8Array }[] = []
  readonly gaps: { readonly from: number; readonly to: number; readonly reason: string }[] = []
  readonly handled: Handled[] = []
  readonly cleared: unknown[] = []
  /** What the protocol forbids and the client did. */
  readonly violations: string[] = []
  lastCseq = 0
  epoch = 0
  link: Pipe | undefined
  token = ''
  previousToken: string | undefined
  expired = false
  seq = 0
  readonly log: { readonly seq: number; readonly text: string }[] = []
  unacknowledged = 0

  constructor(id: string) {
    this.id = id
  }

  /** A numbered message: kept until the client has it, sent if there is a link. */
  say(message: ServerMessage): void {
    const text = JSON.stringify({ ...message, seq: ++this.seq })
    this.log.push({ seq: this.seq, text })
    this.link?.send(text)
  }

  /** Everything said, with `fill` where it is missing. */
  heard(fill: Uint8Array): Buffer {
    const heard = Buffer.alloc(this.offset)
    heard.set(fill.subarray(0, this.offset))
    for (const { from, bytes } of this.audio) heard.set(bytes, from)
    return heard
  }

  /** @param presented stays valid until the client shows that it got the new one: several answers may get lost in a row. */
  rotate(presented?: string): string {
    this.previousToken = presented
    this.token = `${this.id}.${++this.epoch}`
    return this.token
  }
}

/** The server side of voice.v1 for one process: sessions, fencing, tokens, replay, gaps, exactly-once messages. */
export class ModelServer {
  readonly sessions: ModelSession[] = []
  /** False: the next `resume` finds an old session still attached and lets it be. For a test of the tests. */
  fencing = true
  /** Swallows so many `resumed` messages. */
  losesAnswers = 0
  readonly #clock: Clock
  readonly #windowMs: number

  constructor(clock: Clock, windowMs = 30_000) {
    this.#clock = clock
    this.#windowMs = windowMs
  }

  accept(pipe: Pipe): PipeSink {
    let session: ModelSession | undefined
    return {
      message: data => {
        if (!session) session = this.#first(pipe, data)
        else if (session.link === pipe || !this.fencing) this.#receive(session, pipe, data)
      },
      closed: () => {
        if (!session || session.link !== pipe) return
        const { epoch } = session
        const held = session
        held.link = undefined
        this.#clock.after(this.#windowMs, () => {
          if (held.epoch === epoch) held.expired = true
        })
      },
    }
  }

  #first(pipe: Pipe, data: string | Uint8Array): ModelSession {
    const message = typeof data === 'string' ? JSON.parse(data) : {}
    const resumed = message.type === 'resume' ? this.#resume(pipe, message) : undefined
    if (resumed) return resumed
    const session = new ModelSession(`s${this.sessions.length}`)
    this.sessions.push(session)
    if (message.type !== 'config' && message.type !== 'resume')
      session.violations.push('audio or message before config')
    session.link = pipe
    const history = message.type === 'resume' ? { restored: true, turns: 0 } : undefined
    pipe.send(
      JSON.stringify({
        type: 'ready',
        stream_id: 'stream',
        session_id: session.id,
        resume_token: session.rotate(),
        epoch: session.epoch,
        resume_window_ms: this.#windowMs,
        replay_window_ms: 8000,
        ping_interval_ms: 25_000,
        pong_timeout_ms: 10_000,
        audio_in: { offset: 0, sample_rate: 16_000, encoding: 'linear16' },
        audio_out: { sample_rate: 24_000, encoding: 'linear16' },
        history,
      }),
    )
    return session
  }

  #resume(pipe: Pipe, message: ResumeMessage): ModelSession | undefined {
    const session = this.sessions.find(each => each.id === message.session_id && !each.expired)
    if (!session) return undefined
    const valid = message.resume_token === session.token || message.resume_token === session.previousToken
    if (!valid) return undefined
    const fenced = session.link
    session.link = pipe
    const resume_token = session.rotate(message.resume_token)
    const lost = message.audio_in.start > session.offset
    if (this.losesAnswers-- <= 0)
      pipe.send(
        JSON.stringify({
          type: 'resumed',
          epoch: session.epoch,
          resume_token,
          audio_in: { from: session.offset },
          lost: lost
            ? {
                from: session.offset,
                to: message.audio_in.start,
                ms: (message.audio_in.start - session.offset) / 32,
              }
            : null,
          events_lost: false,
          tts: null,
          state: 'active',
          cseq: session.lastCseq,
        }),
      )
    for (const entry of session.log) if (entry.seq > message.last_seq) pipe.send(entry.text)
    if (this.fencing) fenced?.close(4409)
    return session
  }

  #receive(session: ModelSession, pipe: Pipe, data: string | Uint8Array): void {
    session.previousToken = undefined
    if (typeof data !== 'string') return this.#hear(session, pipe, data)
    const message = JSON.parse(data)
    if (message.cseq !== undefined) {
      if (message.cseq <= session.lastCseq) return
      session.lastCseq = message.cseq
      session.handled.push({ cseq: message.cseq, at: message.at, offset: session.offset, name: message.name })
    } else if (message.type === 'gap') {
      if (message.from !== session.offset) session.violations.push(`gap from ${message.from} at ${session.offset}`)
      session.gaps.push(message)
      session.offset = message.to
    } else if (message.type === 'stats') this.#acknowledge(session, pipe, message.t)
    else if (message.type === 'ping') pipe.send(JSON.stringify({ type: 'pong', t: message.t }))
    else if (message.type === 'cleared') session.cleared.push(message)
    else if (message.type === 'bye' && message.reason !== 'suspend') {
      session.expired = true
      pipe.close(1000)
    }
  }

  #hear(session: ModelSession, pipe: Pipe, bytes: Uint8Array): void {
    session.audio.push({ from: session.offset, bytes: bytes.slice() })
    session.offset += bytes.length
    session.unacknowledged += bytes.length
    if (session.unacknowledged >= ackEveryBytes) this.#acknowledge(session, pipe, 0)
  }

  #acknowledge(session: ModelSession, pipe: Pipe, t: number): void {
    session.unacknowledged = 0
    pipe.send(JSON.stringify({ type: 'ack', audio_in: session.offset, t, cseq: session.lastCseq }))
  }
}

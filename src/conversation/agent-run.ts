import type { Clock } from '../util/clock.js'
import { VoiceError } from '../util/errors.js'
import type { AbortReason, Agent, AgentPart, AgentReply, Turn } from './agent.js'
import { Pump, StallError } from './pump.js'
import { StallTimer } from './stall-timer.js'

/** What an agent's answer is made of. Nothing comes after `finished` or after an abort. */
export interface AgentRunSink {
  /** False: no more text yet; more comes after `resume()`. */
  text(text: string): boolean
  flush(): void
  record(role: string, data: unknown): void
  event(name: string, data: unknown): void
  /** The session is to end after what was said. */
  end(): void
  failed(error: VoiceError): void
  finished(): void
}

export interface AgentRunOptions {
  readonly clock: Clock
  /** How long the agent may give nothing. */
  readonly timeoutMs: number
  /** Wraps every call into the agent. */
  readonly run?: (<T>(fn: () => T) => T) | undefined
}

/** One answer of the agent to one turn, until it is complete, failed or nobody wants it any more. */
export class AgentRun<Session> {
  readonly #options: AgentRunOptions
  readonly #sink: AgentRunSink
  readonly #controller: AbortController = new AbortController()
  readonly #stall: StallTimer
  #pump: Pump<AgentPart> | undefined
  #over = false

  constructor(options: AgentRunOptions, sink: AgentRunSink) {
    this.#options = options
    this.#sink = sink
    this.#stall = new StallTimer(options.clock, options.timeoutMs, () => this.#fail(new StallError()))
  }

  /** The agent is still answering. */
  get running(): boolean {
    return !this.#over
  }

  start(agent: Agent<Session>, turn: Omit<Turn<Session>, 'signal'>): void {
    if (this.#over) return
    const { run = call } = this.#options
    try {
      this.#receive(run(() => agent({ ...turn, signal: this.#controller.signal })))
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Room for more text. */
  resume(): void {
    this.#pump?.resume()
  }

  abort(reason: AbortReason): void {
    if (this.#over) return
    this.#stop()
    this.#controller.abort(reason)
  }

  #receive(reply: AgentReply): void {
    if (this.#over) return
    if (reply === undefined || reply === null) return this.#finish()
    if (typeof reply === 'string') {
      this.#sink.text(reply)
      return this.#finish()
    }
    if (Symbol.asyncIterator in reply) return this.#iterate(reply)
    if (typeof reply.then !== 'function') throw unusable(reply)
    this.#stall.touch()
    reply.then(
      settled => {
        this.#stall.stop()
        try {
          this.#receive(settled)
        } catch (error) {
          this.#fail(error)
        }
      },
      error => this.#fail(error),
    )
  }

  #iterate(parts: AsyncIterable<AgentPart>): void {
    const { clock, timeoutMs, run } = this.#options
    this.#pump = new Pump(
      parts,
      { clock, stallMs: timeoutMs, run },
      {
        item: part => this.#part(part),
        ended: () => this.#finish(),
        failed: error => this.#fail(error),
      },
    )
    this.#pump.resume()
  }

  /** Whether the next part may come. */
  #part(part: AgentPart): boolean {
    if (typeof part === 'string') return this.#sink.text(part) && !this.#over
    switch (part?.type) {
      case 'flush':
        this.#sink.flush()
        break
      case 'record':
        this.#sink.record(part.role, part.data)
        break
      case 'event':
        this.#sink.event(part.name, part.data)
        break
      case 'end':
        this.#sink.end()
        this.#finish()
        break
      default:
        this.#fail(unusable(part))
    }
    return !this.#over
  }

  #finish(): void {
    if (this.#over) return
    this.#stop()
    this.#sink.finished()
  }

  #fail(thrown: unknown): void {
    if (this.#over) return
    this.#stop()
    // Whatever the agent still does for this answer is for nothing.
    this.#controller.abort('closed' satisfies AbortReason)
    this.#sink.failed(agentError(thrown, this.#options.timeoutMs))
    this.#sink.finished()
  }

  #stop(): void {
    this.#over = true
    this.#stall.stop()
    this.#pump?.stop()
  }
}

function call<T>(fn: () => T): T {
  return fn()
}

function unusable(value: unknown): TypeError {
  const kind = typeof value === 'object' ? JSON.stringify((value as { type?: unknown } | null)?.type) : typeof value
  return new TypeError(`the agent gave ${kind}; return or yield strings and the documented parts`)
}

/** The message is for the client and says nothing of the cause, which may hold a secret. */
function agentError(thrown: unknown, timeoutMs: number): VoiceError {
  const message = thrown instanceof StallError ? `the agent gave nothing for ${timeoutMs} ms` : 'the agent failed'
  return new VoiceError(message, {
    code: 'agent_failed',
    class: 'PROVIDER',
    scope: 'agent',
    retryable: true,
    cause: thrown,
  })
}

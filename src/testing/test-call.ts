import type { ServerMessageType } from '../protocol/messages.js'
import type { SocketCapabilities } from '../socket.js'
import type { UpgradeRequest, VoiceMount } from '../upgrade.js'
import type { ManualClock } from './manual-clock.js'
import { type MemoryPeer, memorySocketPair } from './memory-socket.js'
import { TestPlayer } from './test-player.js'

export interface TestCallOptions {
  /** The handler's clock, if it has a manual one: waiting then lets its time pass. */
  readonly clock?: ManualClock | undefined
  /** Default `voice.v1`; `''` speaks the plain dialect. */
  readonly protocol?: string | undefined
  /** Fields of the `config` message, over the defaults of the protocol. False: send none. */
  readonly config?: Readonly<Record<string, unknown>> | false | undefined
  /** Headers of the upgrade, in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly remoteAddress?: string | undefined
  readonly capabilities?: Partial<SocketCapabilities> | undefined
  /** False: the client plays nothing and reports nothing. Default true. */
  readonly player?: boolean | undefined
  /** Bytes a stalled client swallows before the server notices. Default 0. */
  readonly hiddenBytes?: number | undefined
}

type Message = Readonly<Record<string, unknown>>

/** A call without a network, from the client's side. */
export interface TestCall {
  readonly peer: MemoryPeer
  /** Every message so far. */
  readonly messages: readonly Message[]
  /** The messages of one type so far. */
  of(type: ServerMessageType): readonly Message[]
  send(message: object): void
  sendAudio(audio: Uint8Array): void
  /**
   * Resolves with the first message of that type, among those that came or will come.
   *
   * @throws {Error} when it does not come within `withinMs` (default 5000) of the manual clock, or the socket closes.
   */
  expect(type: ServerMessageType, withinMs?: number): Promise<Message>
  /** Resolves when the server has closed the socket. */
  closed(withinMs?: number): Promise<{ readonly code: number; readonly reason: string }>
  /** Lets time pass on the manual clock. */
  advance(ms: number): Promise<void>
}

/**
 * Calls a handler as a client would, over a socket in memory.
 *
 * @throws {Error} when the upgrade is refused; the message has the status.
 */
export async function startTestCall(voice: VoiceMount, options: TestCallOptions = {}): Promise<TestCall> {
  const answer = await voice.admit(requestOf(options))
  if (!answer.ok) throw new Error(`refused: ${answer.status} ${answer.body}`)
  const { capabilities, remoteAddress, hiddenBytes } = options
  const { socket, peer } = memorySocketPair({ protocol: answer.protocol, capabilities, remoteAddress, hiddenBytes })
  peer.attach(voice.open(socket, answer))
  const call = new Call(peer, options)
  if (options.config !== false) call.send({ type: 'config', ...options.config })
  return call
}

function requestOf({
  protocol = 'voice.v1',
  headers = {},
  remoteAddress = '127.0.0.1',
}: TestCallOptions): UpgradeRequest {
  return {
    url: '/voice',
    method: 'GET',
    headers: new Map(Object.entries({ host: 'localhost', ...headers })),
    protocols: protocol === '' ? [] : [protocol],
    remoteAddress,
    signal: new AbortController().signal,
    context: undefined,
    raw: undefined,
  }
}

/** How far the manual clock goes between two looks at what came. */
const stepMs = 20

class Call implements TestCall {
  readonly peer: MemoryPeer
  private readonly clock: ManualClock | undefined
  private readonly player: TestPlayer | undefined

  constructor(peer: MemoryPeer, { clock, player = true, protocol = 'voice.v1' }: TestCallOptions) {
    this.peer = peer
    this.clock = clock
    if (!player || !clock || protocol !== 'voice.v1') return
    this.player = new TestPlayer(message => this.send(message))
    peer.onReceive(data => this.player?.receive(data))
  }

  get messages(): readonly Message[] {
    return this.peer.messages
  }

  of(type: ServerMessageType): readonly Message[] {
    return this.messages.filter(message => message.type === type)
  }

  send(message: object): void {
    this.peer.send(JSON.stringify(message))
  }

  sendAudio(audio: Uint8Array): void {
    this.peer.send(audio)
  }

  async expect(type: ServerMessageType, withinMs = 5000): Promise<Message> {
    await this.until(() => this.of(type).length > 0 || this.peer.closed !== undefined, withinMs)
    const first = this.of(type)[0]
    if (first) return first
    const types = this.messages.map(message => message.type).join(', ')
    throw new Error(
      `${type}: did not come within ${withinMs} ms; ${types || 'nothing'} did, closed ${this.peer.closed?.code ?? 'not'}`,
    )
  }

  async closed(withinMs = 5000): Promise<{ readonly code: number; readonly reason: string }> {
    await this.until(() => this.peer.closed !== undefined, withinMs)
    if (this.peer.closed) return this.peer.closed
    throw new Error(`the socket is still open after ${withinMs} ms`)
  }

  async advance(ms: number): Promise<void> {
    await realMoment()
    for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) await this.step(Math.min(leftMs, stepMs))
  }

  private async step(ms: number): Promise<void> {
    if (!this.peer.closed) this.player?.play(ms)
    await this.clock?.advanceAsync(ms, stepMs)
  }

  private async until(done: () => boolean, withinMs: number): Promise<void> {
    const { clock } = this
    for (let passedMs = 0; !done() && passedMs <= withinMs; passedMs += stepMs) {
      await realMoment(clock ? 0 : stepMs)
      if (!done()) await this.step(stepMs)
    }
  }
}

/** A digest or another thing of the runtime's takes real time, in which none passes on a manual clock. */
function realMoment(ms = 0): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

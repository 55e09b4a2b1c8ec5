import {
  createVoiceClient,
  type VoiceClient,
  type VoiceClientOptions,
  type VoiceEvent,
  type VoiceEventType,
} from '../../../src/client/index.js'
import type { ClientMessage, ReadyMessage, ResumedMessage, ServerMessage } from '../../../src/protocol/messages.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { silentLogger } from '../../../src/util/logger.js'

type Sent = ClientMessage & Record<string, unknown>

/** A WebSocket whose other end is the test. */
export class FakeSocket {
  binaryType = 'blob'
  protocol = ''
  bufferedAmount = 0
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null
  readonly url: string
  readonly protocols: string[]
  readonly sent: (string | Uint8Array)[] = []
  /** What the client closed it with; undefined while it has not. */
  closed: { readonly code: number | undefined } | undefined

  constructor(url: string, protocols: string[]) {
    this.url = url
    this.protocols = protocols
  }

  send(data: string | Uint8Array): void {
    this.sent.push(typeof data === 'string' ? data : data.slice())
  }

  close(code?: number): void {
    this.closed ??= { code }
  }

  /** The JSON messages the client sent. */
  get messages(): Sent[] {
    return this.sent.filter(data => typeof data === 'string').map(text => JSON.parse(text) as Sent)
  }

  /** The audio bytes the client sent. */
  get audio(): number[] {
    return this.sent.flatMap(data => (typeof data === 'string' ? [] : [...data]))
  }

  last(type: string): Sent | undefined {
    return this.messages.filter(message => message.type === type).at(-1)
  }

  open(protocol = 'voice.v1'): this {
    this.protocol = protocol
    this.onopen?.({} as never)
    return this
  }

  /** The server says something. */
  say(message: ServerMessage | { readonly type: string; readonly [field: string]: unknown }): this {
    this.onmessage?.({ data: JSON.stringify(message) } as never)
    return this
  }

  sayAudio(bytes: readonly number[] | Uint8Array): void {
    this.onmessage?.({ data: Uint8Array.from(bytes).buffer } as never)
  }

  /** The connection ends. */
  end(code: number, reason = '', more: object = {}): void {
    this.onclose?.({ code, reason, ...more } as never)
  }
}

export const readyMessage: ReadyMessage = {
  type: 'ready',
  stream_id: 'stream',
  session_id: 'session',
  resume_token: 'token-1',
  epoch: 1,
  resume_window_ms: 30_000,
  replay_window_ms: 8000,
  ping_interval_ms: 25_000,
  pong_timeout_ms: 10_000,
  audio_in: { offset: 0, sample_rate: 16_000, encoding: 'linear16' },
  audio_out: { sample_rate: 24_000, encoding: 'linear16' },
}

export const resumedMessage: ResumedMessage = {
  type: 'resumed',
  epoch: 2,
  resume_token: 'token-2',
  audio_in: { from: 0 },
  lost: null,
  events_lost: false,
  tts: null,
  state: 'active',
  cseq: 0,
}

/** A client on a manual clock, with every socket it opens and every event it tells. */
export class Bench implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly sockets: FakeSocket[] = []
  readonly events: VoiceEvent[] = []
  readonly client: VoiceClient
  /** What the client's random source gives next; 0.5 when empty. */
  readonly randoms: number[] = []

  /** @param listens to which events; all unless said. */
  constructor(options: Partial<VoiceClientOptions> = {}, listens: readonly VoiceEventType[] = eventTypes) {
    const { sockets } = this
    this.client = createVoiceClient({
      url: 'wss://voice.example/call',
      WebSocket: class extends FakeSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols)
          sockets.push(this)
        }
      },
      clock: this.clock,
      random: () => this.randoms.shift() ?? 0.5,
      platform: {},
      logger: silentLogger,
      ...options,
    })
    for (const type of listens) this.client.on(type, event => this.events.push(event))
  }

  /** The latest socket. */
  get socket(): FakeSocket {
    return this.sockets.at(-1)!
  }

  get terminal(): VoiceEvent[] {
    return this.events.filter(event => event.type === 'closed' || event.type === 'failed')
  }

  of<T extends VoiceEvent['type']>(type: T): Extract<VoiceEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<VoiceEvent, { type: T }> => event.type === type)
  }

  /** Lets promises settle and `ms` pass. */
  pass(ms = 0): Promise<void> {
    return this.clock.advanceAsync(ms)
  }

  /** To an active session on a first socket. */
  async begin(message: Partial<ReadyMessage> = {}): Promise<FakeSocket> {
    this.client.connect()
    await this.pass(1)
    this.socket.open().say({ ...readyMessage, ...message })
    return this.socket
  }

  /** To the next socket after a loss, within `withinMs`. */
  async next(withinMs = 60_000): Promise<FakeSocket> {
    const { length } = this.sockets
    for (let passedMs = 0; this.sockets.length === length && passedMs < withinMs; passedMs += 20) await this.pass(20)
    if (this.sockets.length === length) throw new Error(`no attempt within ${withinMs} ms`)
    return this.socket
  }

  /** Ends the client and says what it left behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    const done = this.client.close()
    this.socket?.end(1000)
    await this.pass(2100)
    await done
    const open = this.sockets.filter(socket => !socket.closed)
    if (this.clock.pending > 0 || open.length > 0)
      throw new Error(`left behind: ${this.clock.pending} timers, ${open.length} sockets`)
  }
}

const eventTypes = [
  'state',
  'ready',
  'resumed',
  'reconnecting',
  'gap',
  'uplink_slow',
  'goaway',
  'transcript',
  'vad_event',
  'tts_start',
  'tts_format',
  'tts_skip',
  'tts_end',
  'tts_text',
  'tts_playback_complete',
  'audio',
  'clear',
  'interrupted',
  'quality',
  'snapshot',
  'event',
  'error',
  'closed',
  'failed',
] as const

/** `length` bytes that tell where they were captured. */
export function ramp(length: number, from = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (from + i) % 251)
}

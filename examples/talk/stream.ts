import WebSocket from 'ws'
import { type ClientMessage, decodeServerMessage, type ServerMessage, VOICE_V1 } from '../../src/protocol/index.js'
import { Microphone } from './microphone.js'
import { type Turn, TurnLog } from './report.js'
import { Speaker } from './speaker.js'

/** What happens during a call, as it happens. */
export type TalkEvent =
  | { readonly type: 'ready'; readonly session_id: string }
  | { readonly type: 'transcript'; readonly text: string; readonly final: boolean; readonly at_ms: number }
  | { readonly type: 'reply'; readonly text: string }
  | { readonly type: 'reply_audio'; readonly latency_ms: number | null }
  | { readonly type: 'interrupted'; readonly text: string; readonly played_ms: number }
  | { readonly type: 'state'; readonly state: string; readonly reason: string }
  | { readonly type: 'error'; readonly code: string; readonly message: string }

export interface TalkOptions {
  readonly url: string
  /** What the user says: 16 kHz mono. */
  readonly pcm16k: Int16Array
  onEvent(event: TalkEvent): void
  /** Told ten times a second how much of the recording was sent. */
  onProgress(saidMs: number): void
  /** Nothing may happen for so long after the last reply before the call ends. Default 1500. */
  readonly quietMs?: number | undefined
  /** A greeting begins within this time after `ready`, or there is none. Default 700. */
  readonly greetingMs?: number | undefined
  /** How long a reply may take to begin. Default 20,000. */
  readonly patienceMs?: number | undefined
}

export interface TalkResult {
  readonly turns: readonly Turn[]
  readonly replyMs: number
  readonly reply: { readonly pcm: Int16Array; readonly sampleRate: number }
  readonly session: {
    readonly id: string | null
    readonly sent_ms: number
    readonly acknowledged_ms: number
    readonly rtt_ms: number
    readonly interruptions: number
    readonly errors: readonly string[]
    readonly close_code: number
  }
  /** Why the call did not run to its end. */
  readonly failure?: string | undefined
}

const TICK_MS = 10
const INPUT_BYTES_PER_MS = 32
const PLAYING_REPORT_MS = 200
const CAPTURING_REPORT_MS = 1000
const PROGRESS_MS = 100
const OPEN_TIMEOUT_MS = 5000
/** Servers give their providers 30 s. */
const READY_TIMEOUT_MS = 35_000
const CLOSE_TIMEOUT_MS = 2000
/** After the recording: no call is longer, whatever the server does. */
const LONGEST_REST_MS = 120_000

/**
 * Says `pcm16k` to a voice.v1 server in real time, as a caller would who lets the greeting finish: silence before it
 * and after it, reports of what was heard, an end when the last reply has been heard. Never rejects: see `failure`.
 */
export function talk(options: TalkOptions): Promise<TalkResult> {
  return new Call(options).run()
}

class Call {
  readonly #options: TalkOptions
  readonly #quietMs: number
  readonly #patienceMs: number
  readonly #greetingMs: number
  readonly #socket: WebSocket
  readonly #log = new TurnLog()
  readonly #errors: string[] = []
  #microphone: Microphone
  #speaker: Speaker
  #sampleRate = 16_000
  #sessionId: string | null = null
  #timer: NodeJS.Timeout | undefined
  #readyAtMs = 0
  #reportedAtMs = 0
  #progressAtMs = 0
  /** When something last happened. */
  #activeAtMs = 0
  #finalAtMs = 0
  #replyAtMs = 0
  #acknowledgedBytes = 0
  #seq = 0
  #rttMs = 0
  #interruptions = 0
  #leaving = false
  #failure: string | undefined

  constructor(options: TalkOptions) {
    const { url, quietMs = 1500, patienceMs = 20_000, greetingMs = 700 } = options
    this.#options = options
    this.#quietMs = quietMs
    this.#patienceMs = patienceMs
    this.#greetingMs = greetingMs
    this.#socket = new WebSocket(url, VOICE_V1, { perMessageDeflate: false, handshakeTimeout: OPEN_TIMEOUT_MS })
    this.#microphone = this.#newMicrophone(0)
    this.#speaker = new Speaker(this.#sampleRate, 0)
  }

  async run(): Promise<TalkResult> {
    const socket = this.#socket
    const closeCode = await new Promise<number>(resolve => {
      socket.on('open', () => this.#open())
      socket.on('message', (data: Buffer, binary) => (binary ? this.#audio(data) : this.#message(data.toString())))
      socket.on('error', error =>
        this.#fail(`cannot talk to ${this.#options.url}: ${error.message || 'no connection'}`),
      )
      socket.on('close', (code, reason) => {
        this.#closed(code, reason.toString())
        resolve(code)
      })
    })
    return this.#result(closeCode)
  }

  #open(): void {
    this.#timer = setTimeout(() => {
      this.#fail('the server did not become ready')
      this.#socket.terminate()
    }, READY_TIMEOUT_MS)
    this.#send({
      type: 'config',
      audio: true,
      stt_config: { sample_rate: 16_000, channels: 1, encoding: 'linear16' },
      tts_config: { audio_format: 'linear16', sample_rate: 24_000 },
      audio_out: { encodings: ['linear16'], sample_rates: [48_000, 24_000, 16_000], max_lead_ms: 1000 },
    })
  }

  #ready(sessionId: string, sampleRate: number): void {
    const nowMs = performance.now()
    this.#sessionId = sessionId
    this.#sampleRate = sampleRate
    this.#speaker = new Speaker(sampleRate, nowMs)
    this.#microphone = this.#newMicrophone(nowMs)
    this.#readyAtMs = nowMs
    this.#activeAtMs = nowMs
    this.#options.onEvent({ type: 'ready', session_id: sessionId })
    clearTimeout(this.#timer)
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  #newMicrophone(nowMs: number): Microphone {
    return new Microphone(this.#options.pcm16k, nowMs, frame => this.#socket.send(frame))
  }

  #message(text: string): void {
    const message = decodeServerMessage(text)
    if (!message || (message.seq !== undefined && message.seq <= this.#seq)) return
    this.#seq = message.seq ?? this.#seq
    this.#activeAtMs = isActivity(message) ? performance.now() : this.#activeAtMs
    this.#handle(message)
  }

  #handle(message: ServerMessage): void {
    const { onEvent } = this.#options
    switch (message.type) {
      case 'ready':
        return this.#ready(message.session_id, message.audio_out.sample_rate)
      case 'ack':
        this.#acknowledgedBytes = message.audio_in
        if (message.t > 0) this.#rttMs = performance.now() - message.t
        return
      case 'ping':
        return this.#send({ type: 'pong', t: message.t })
      case 'stt_result':
        return this.#transcript(message.transcript, message.is_final, message.end_ms)
      case 'tts_start':
        this.#speaker.start(message)
        return this.#log.replyStarted(message.utterance_id)
      case 'tts_format':
        return this.#speaker.format(message)
      case 'tts_skip':
        return this.#speaker.skip(message)
      case 'tts_end':
        return this.#speaker.end(message)
      case 'tts_text':
        this.#log.replyText(message.utterance_id, message.text)
        return onEvent({ type: 'reply', text: message.text })
      case 'clear':
        return this.#clear(message.through)
      case 'interrupted':
        this.#interruptions++
        return onEvent({ type: 'interrupted', text: message.text, played_ms: message.played_ms })
      case 'state':
        return onEvent({ type: 'state', state: message.state, reason: message.reason })
      case 'error':
        this.#errors.push(message.code)
        return onEvent({ type: 'error', code: message.code, message: message.message })
      default:
        return
    }
  }

  #transcript(text: string, final: boolean, atMs: number): void {
    if (text === '') return
    if (final) {
      this.#finalAtMs = performance.now()
      this.#log.final(text)
    }
    this.#options.onEvent({ type: 'transcript', text, final, at_ms: atMs })
  }

  #audio(bytes: Uint8Array): void {
    const nowMs = performance.now()
    this.#activeAtMs = nowMs
    const heard = this.#speaker.audio(bytes)
    if (!heard?.first || !this.#log.firstAudio(heard.utteranceId, nowMs)) return
    this.#replyAtMs = nowMs
    const endAtMs = this.#microphone.speechEndAtMs(nowMs)
    this.#options.onEvent({ type: 'reply_audio', latency_ms: endAtMs === null ? null : Math.round(nowMs - endAtMs) })
  }

  #clear(through: string): void {
    this.#speaker.advance(performance.now())
    const { utteranceId, playedMs } = this.#speaker.clear(through)
    this.#send({ type: 'cleared', utterance_id: utteranceId, played_ms: playedMs })
  }

  #tick(): void {
    const nowMs = performance.now()
    if (this.#speaker.advance(nowMs)) {
      this.#report(nowMs)
      this.#speaker.finish()
      this.#activeAtMs = nowMs
    }
    this.#microphone.tick(nowMs, this.#speaker.busy || nowMs - this.#readyAtMs < this.#greetingMs)
    if (nowMs - this.#reportedAtMs >= (this.#speaker.busy ? PLAYING_REPORT_MS : CAPTURING_REPORT_MS))
      this.#report(nowMs)
    if (nowMs - this.#progressAtMs >= PROGRESS_MS) {
      this.#progressAtMs = nowMs
      this.#options.onProgress(this.#microphone.saidMs)
    }
    if (this.#over(nowMs)) this.#leave()
  }

  #report(nowMs: number): void {
    this.#reportedAtMs = nowMs
    this.#send({
      type: 'stats',
      seq: this.#seq,
      t: nowMs,
      playback: this.#speaker.report(),
      buffered_bytes: this.#socket.bufferedAmount,
      rtt_ms: this.#rttMs,
    })
  }

  /** Everything was said, and the last reply heard; or there was nothing to answer, or no answer came in time. */
  #over(nowMs: number): boolean {
    if (!this.#microphone.said) return false
    const { saidAtMs } = this.#microphone
    if (nowMs - saidAtMs > LONGEST_REST_MS) {
      this.#fail('the server went on talking')
      return true
    }
    if (this.#speaker.busy) return false
    const speechEndAtMs = this.#microphone.speechEndAtMs(nowMs)
    const answered = this.#replyAtMs > Math.max(this.#finalAtMs, speechEndAtMs ?? 0)
    const idleMs = nowMs - Math.max(this.#activeAtMs, saidAtMs)
    return idleMs >= (answered || speechEndAtMs === null ? this.#quietMs : this.#patienceMs)
  }

  #leave(): void {
    clearInterval(this.#timer)
    this.#leaving = true
    this.#send({ type: 'bye', reason: '' })
    this.#socket.close(1000)
    this.#timer = setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS)
  }

  #closed(code: number, reason: string): void {
    clearTimeout(this.#timer)
    if (this.#leaving) return
    const last = this.#errors.length > 0 ? ` after the error ${this.#errors.at(-1)}` : ''
    this.#fail(`the server closed the call with ${code}${reason && ` ${reason}`}${last}`)
  }

  /** The first cause is the one that counts. */
  #fail(failure: string): void {
    this.#failure ??= failure
  }

  #send(message: ClientMessage): void {
    this.#socket.send(JSON.stringify(message))
  }

  #result(closeCode: number): TalkResult {
    const pcm = this.#speaker.recording()
    return {
      turns: this.#log.turns(atMs => this.#microphone.speechEndAtMs(atMs)),
      replyMs: Math.round((pcm.length / this.#sampleRate) * 1000),
      reply: { pcm, sampleRate: this.#sampleRate },
      session: {
        id: this.#sessionId,
        sent_ms: this.#microphone.sentMs,
        acknowledged_ms: this.#acknowledgedBytes / INPUT_BYTES_PER_MS,
        rtt_ms: Math.round(this.#rttMs * 10) / 10,
        interruptions: this.#interruptions,
        errors: this.#errors,
        close_code: closeCode,
      },
      failure: this.#failure,
    }
  }
}

/** What keeps a call from being over. */
function isActivity(message: ServerMessage): boolean {
  return message.type === 'stt_result'
    ? message.transcript !== ''
    : message.type.startsWith('tts_') || message.type === 'clear'
}

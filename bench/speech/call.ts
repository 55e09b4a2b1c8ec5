import { WebSocket } from 'ws'
import { embeddedStt, shutdownEmbedded, warmUp } from '../../adapters/providers/embedded.js'
import { type ChaosProxy, chaosProxy } from '../../adapters/testing/node.js'
import { createVoiceClient } from '../../src/client/index.js'
import { createVoiceHandler, type VoiceHandler } from '../../src/index.js'
import { silence } from '../../src/testing/index.js'
import { silentLogger } from '../../src/util/logger.js'
import { type Listening, transports } from '../resume/servers.js'
import { unhurried } from '../unhurried.js'

const frameMs = 20
const frameBytes = 640
const format = { encoding: 'linear16', sampleRate: 16_000, channels: 1 } as const
const quiet = silence(frameMs, format)
/** The room is heard for so long before somebody speaks: voice detectors learn from it. */
const leadMs = 500
/** Nothing new is recognised so long after the turn ended. */
const settledMs = 1500
/** A turn that has not ended by then never will. */
const patienceMs = 15_000

/** What came of one sentence. */
export interface Heard {
  /** Every final of the turn. */
  readonly words: string
  /** From the disturbance to the first words that the client was told after it. */
  readonly outageMs: number | undefined
  /** From the disturbance until the session was `active` again. */
  readonly downMs: number | undefined
  /** Session states in their order, the first `active` not counted. */
  readonly states: readonly string[]
  /** How often the client had to connect again. */
  readonly reconnects: number
  readonly lostMs: number
  /** The most that the server's log held, in bytes. */
  readonly peakLogBytes: number
}

export interface Disturbance {
  readonly atMs: number
  /** The client is to lose its connection. */
  readonly cutsLink?: boolean | undefined
  act(proxy: ChaosProxy): void
}

/** A server with the embedded recogniser behind a bad network. */
export class SpeechServer {
  private readonly voice: VoiceHandler<string, undefined>
  private readonly server: Listening
  private readonly proxy: ChaosProxy

  private turnOver: (heardMs: number) => void = () => {}

  private constructor(voice: VoiceHandler<string, undefined>, server: Listening, proxy: ChaosProxy) {
    this.voice = voice
    this.server = server
    this.proxy = proxy
  }

  static async start(): Promise<SpeechServer> {
    const voice = createVoiceHandler({
      authenticate: () => 'bench',
      stt: [embeddedStt()],
      logger: silentLogger,
      onSession: session => {
        let heardMs = 0
        session.tap('in', ({ audio }) => {
          heardMs += audio.length / 32
        })
        session.on('turn', () => started.turnOver(heardMs))
      },
    })
    const server = await transports.ws!(unhurried(voice))
    const started = new SpeechServer(voice, server, await chaosProxy({ port: server.port }))
    return started
  }

  async close(): Promise<void> {
    await this.voice.close()
    await this.proxy.close()
    this.server.close()
    await shutdownEmbedded()
  }

  /**
   * Says a sentence into a call of its own, in real time, and waits for the words. The decoder remembers the channel of
   * what it has heard, which changes words by itself: every call gets one that has just loaded.
   */
  async hear(pcm: Uint8Array, disturbance?: Disturbance): Promise<Heard> {
    await shutdownEmbedded()
    await warmUp()
    const client = createVoiceClient({
      url: `ws://127.0.0.1:${this.proxy.port}/voice`,
      WebSocket: WebSocket as never,
      logger: silentLogger,
      config: { audio: true },
    })
    const finals: string[] = []
    const states: string[] = []
    let reconnects = 0
    let lostMs = 0
    let peakLogBytes = 0
    let disturbedAtMs: number | undefined
    let outageMs: number | undefined
    let downMs: number | undefined
    let turnOver = false
    this.turnOver = heardMs => {
      turnOver ||= heardMs >= leadMs + pcm.length / 32
    }
    let lastWordsAtMs = Number.POSITIVE_INFINITY
    client.on('transcript', ({ transcript, isFinal }) => {
      lastWordsAtMs = performance.now()
      if (disturbedAtMs !== undefined && transcript !== '') outageMs ??= lastWordsAtMs - disturbedAtMs
      if (isFinal && transcript !== '') finals.push(transcript)
    })
    client.on('reconnecting', ({ reason, code }) => {
      reconnects++
      if (disturbance?.cutsLink !== true) console.error(`  the client lost its connection: ${code} ${reason}`)
    })
    client.on('gap', ({ ms }) => {
      lostMs += ms
    })
    await client.connect()
    const forgetStates = client.on('state', ({ state }) => {
      states.push(state)
      if (state === 'active' && disturbedAtMs !== undefined) downMs = performance.now() - disturbedAtMs
    })

    const startedAtMs = performance.now()
    let sentMs = 0
    await new Promise<void>(resolve => {
      const timer = setInterval(() => {
        const nowMs = performance.now()
        for (; sentMs < nowMs - startedAtMs; sentMs += frameMs) client.sendAudio(frameAt(pcm, sentMs))
        peakLogBytes = Math.max(peakLogBytes, this.voice.stats().audioLogBytes)
        if (disturbance && disturbedAtMs === undefined && sentMs - leadMs >= disturbance.atMs) {
          disturbedAtMs = performance.now()
          disturbance.act(this.proxy)
        }
        const settled = turnOver && client.state === 'active' && nowMs - lastWordsAtMs >= settledMs
        if (!settled && sentMs < leadMs + pcm.length / 32 + patienceMs) return
        clearInterval(timer)
        resolve()
      }, frameMs)
    })
    forgetStates()
    await client.close()
    return { words: finals.join(' '), outageMs, downMs, states, reconnects, lostMs, peakLogBytes }
  }
}

/** The frame that a microphone gives `ms` into the call. */
function frameAt(pcm: Uint8Array, ms: number): Uint8Array {
  const from = (ms - leadMs) * 32
  if (from < 0 || from >= pcm.length) return quiet
  const speech = pcm.subarray(from, from + frameBytes)
  if (speech.length === frameBytes) return speech
  const last = quiet.slice()
  last.set(speech)
  return last
}

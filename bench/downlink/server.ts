import { type WebSocket, WebSocketServer } from 'ws'
import { Downlink } from '../../src/downlink/downlink.js'
import { defaultBackpressure, defaultKeep, defaultPacing } from '../../src/downlink/options.js'
import { createPlainDialect } from '../../src/protocol/plain.js'
import { createV1Dialect } from '../../src/protocol/v1.js'
import { systemClock } from '../../src/util/clock.js'
import { silentLogger } from '../../src/util/logger.js'
import { Ticker } from '../../src/util/ticker.js'
import { codedSpeech, stepMs } from './coded-speech.js'
import { WsLink } from './ws-link.js'

// The server under test, in a process of its own. What a connection gets stands in its path:
// /downlink?rates=48000,24000&speed=4&finals=1, /plain?rates=16000, /naive?rates=48000 (pass-through that drops above
// 64 KB of bufferedAmount), /blind?rates=24000&speed=20 (pass-through that drops nothing).

/** What a session ended with, and what a naive one did. */
export interface ServerReport {
  readonly id: string
  readonly slowConsumer: string | null
  readonly droppedMs: number
  readonly sentMs: number
  readonly levels: readonly string[]
}

const chunkMs = 100
const naiveLimitBytes = 64 * 1024

const ticker = new Ticker(systemClock, 20)
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
const ends: (() => void)[] = []

server.on('connection', (socket, request) => {
  const url = new URL(request.url ?? '/', 'ws://localhost')
  const id = url.searchParams.get('id') ?? ''
  const rates = (url.searchParams.get('rates') ?? '24000').split(',').map(Number)
  const speed = Number(url.searchParams.get('speed') ?? 1)
  socket.on('error', () => {})
  if (url.pathname === '/naive') passThrough(socket, id, rates[0]!, speed, naiveLimitBytes)
  else if (url.pathname === '/blind') passThrough(socket, id, rates[0]!, speed, Number.POSITIVE_INFINITY)
  else serve(socket, id, rates, speed, url.pathname === '/plain', url.searchParams.has('finals'))
})

function serve(socket: WebSocket, id: string, rates: number[], speed: number, plain: boolean, finals: boolean): void {
  const dialect = plain ? createPlainDialect() : createV1Dialect()
  const levels: string[] = []
  let slowConsumer: string | null = null
  const nothing = () => {}
  const downlink: Downlink = new Downlink(
    {
      clock: systemClock,
      ticker,
      audioOut: { encoding: 'linear16', sampleRates: rates, maxLeadMs: 1000 },
      pacing: defaultPacing,
      backpressure: defaultBackpressure,
      keep: plain ? false : defaultKeep,
      logger: silentLogger,
    },
    {
      started: nothing,
      played: nothing,
      room: nothing,
      congested: nothing,
      rate: nothing,
      numbered: nothing,
      level: level => levels.push(level),
      slowConsumer: cause => {
        slowConsumer = cause
        stop()
        socket.close(1013)
        setTimeout(() => socket.terminate(), 2000).unref()
      },
    },
  )
  const link = new WsLink(socket, dialect)
  downlink.attach(link)
  socket.on('pong', () => downlink.onPong())
  socket.on('message', (data, isBinary) => {
    if (isBinary) return
    const message = JSON.parse(String(data))
    if (message.type === 'stats') downlink.onStats(message)
    if (message.type === 'cleared') downlink.onCleared(message.utterance_id, message.played_ms)
  })
  let given = 0
  let said = 0
  downlink.begin('u1', rates[0]!)
  const stopSpeaking = synthesise(speed, () => {
    if (downlink.congested) return false
    downlink.audio('u1', codedSpeech(given, chunkMs, rates[0]!))
    given += chunkMs
    if (finals && given % 500 === 0) downlink.send(final(++said))
    return true
  })
  const stop = () => {
    stopSpeaking()
    downlink.close()
  }
  const report = () => {
    const { droppedMs, sentAudioMs } = downlink.stats()
    const lag = (droppedMs.lag ?? 0) + (droppedMs.buffered ?? 0)
    send({ id, slowConsumer, droppedMs: lag, sentMs: sentAudioMs, levels })
  }
  socket.on('close', () => {
    report()
    stop()
  })
  ends.push(stop)
}

function passThrough(socket: WebSocket, id: string, rate: number, speed: number, limitBytes: number): void {
  let given = 0
  let dropped = 0
  // Live speech comes in frames of 20 ms; a synthesiser that is faster than life in longer chunks.
  const frameMs = speed === 1 ? stepMs : chunkMs
  const stop = synthesise(
    speed,
    () => {
      const frame = codedSpeech(given, frameMs, rate)
      given += frameMs
      if (socket.bufferedAmount > limitBytes) dropped += frameMs
      else socket.send(frame, { binary: true, compress: false })
      return true
    },
    frameMs,
  )
  socket.on('close', () => {
    send({ id, slowConsumer: null, droppedMs: dropped, sentMs: given - dropped, levels: [] })
    stop()
  })
  ends.push(stop)
}

/** Calls `give` for every chunk that is due at `speed` times real time; a refusal is a pause of the synthesiser. */
function synthesise(speed: number, give: () => boolean, ms = chunkMs): () => void {
  let credit = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    credit += (now - last) * speed
    last = now
    while (credit >= ms) {
      credit = give() ? credit - ms : 0
    }
  }, stepMs)
  return () => clearInterval(timer)
}

function final(number: number): Parameters<Downlink['send']>[0] {
  return {
    type: 'stt_result',
    transcript: `sentence ${number}`,
    is_final: true,
    is_speech_final: true,
    confidence: 1,
    utterance: number,
    start_ms: 0,
    end_ms: 0,
  }
}

function send(report: ServerReport): void {
  process.send?.({ report })
}

const started = performance.now()
setInterval(() => {
  process.send?.({ memory: { atMs: performance.now() - started, rssBytes: process.memoryUsage().rss } })
}, 500).unref()

process.on('message', message => {
  if (message !== 'stop') return
  for (const end of ends) end()
  for (const socket of server.clients) socket.terminate()
  server.close(() => process.disconnect())
})
// The parent may die without a word.
process.on('disconnect', () => process.exit(0))
server.on('listening', () => process.send?.({ port: (server.address() as { port: number }).port }))

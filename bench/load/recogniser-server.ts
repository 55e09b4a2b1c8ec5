import type { AddressInfo } from 'node:net'
import { createHistogram } from 'node:perf_hooks'
import { type WebSocket, WebSocketServer } from 'ws'
import { CountingRecogniser } from './recogniser.js'
import { agesOf } from './stamp.js'

// A recogniser behind a WebSocket, in a process of its own. It speaks as much of Deepgram's protocol as a session needs.

export interface Received {
  readonly bytes: number
  /** 95th percentile of the time from a client's sending of a frame to its arrival here. */
  readonly ageP95Ms: number
}

let bytes = 0
/** In microseconds. */
let ages = createHistogram()

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
server.on('connection', socket => {
  const recogniser = new CountingRecogniser(true)
  let position = 0
  socket.on('error', () => {})
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) return control(socket, JSON.parse(data.toString()).type)
    agesOf(data, position, ms => ages.record(Math.max(1, Math.round(ms * 1000))))
    position += data.length
    bytes += data.length
    const result = recogniser.take(data.length)
    if (!result) return
    const { text, final, startMs, endMs } = result
    socket.send(results(text, final, startMs, endMs, false))
  })
})

function control(socket: WebSocket, type: string): void {
  if (type === 'Finalize') socket.send(results('', true, 0, 0, true))
  else if (type === 'CloseStream') socket.close(1000)
}

function results(transcript: string, final: boolean, startMs: number, endMs: number, from_finalize: boolean): string {
  return JSON.stringify({
    type: 'Results',
    start: startMs / 1000,
    duration: (endMs - startMs) / 1000,
    is_final: final,
    speech_final: final,
    from_finalize,
    channel: { alternatives: [{ transcript, confidence: 0.9, words: [] }] },
  })
}

process.on('message', message => {
  if (message === 'begin') {
    bytes = 0
    ages = createHistogram()
  } else if (message === 'end') {
    process.send?.({ received: { bytes, ageP95Ms: ages.percentile(95) / 1000 } satisfies Received })
  } else process.exit(0)
})
// The parent may die without a word.
process.on('disconnect', () => process.exit(0))
server.on('listening', () => process.send?.({ port: (server.address() as AddressInfo).port }))

import type { ProviderFailure, SttProvider, SttSink, SttStream } from 'voice-ws'
import { WebSocket } from 'ws'

const format = { encoding: 'linear16', sampleRate: 16_000, channels: 1 } as const

/** Speech to text by a Vosk server of your own (https://github.com/alphacep/vosk-server). */
export function vosk(url = 'ws://localhost:2700'): SttProvider {
  const results = { interims: true, words: true, speechStarted: false, endpointing: true, finalize: 'none' } as const
  const audio = { formats: [format], chunkMs: { min: 20, ideal: 100, max: 1000 }, keepAliveMs: 0 }
  const capabilities = { ...results, ...audio }
  return { name: 'vosk', capabilities, connect: ({ signal }, sink) => connect(url, signal, sink) }
}

function connect(url: string, signal: AbortSignal, sink: SttSink): SttStream {
  const socket = new WebSocket(url)
  const early: (string | Uint8Array)[] = [`{"config":{"sample_rate":${format.sampleRate},"words":1}}`]
  let pushedMs = 0
  let heardMs = 0
  let asked = false
  let over = false

  function send(data: string | Uint8Array): void {
    // Bytes are ours only during the call. `ws` sends a copy; what has to wait needs one of its own.
    if (socket.readyState === WebSocket.CONNECTING) early.push(typeof data === 'string' ? data : data.slice())
    else if (!over) socket.send(data)
  }

  function heard(message: string): void {
    const { partial, text, result = [] } = JSON.parse(message)
    if (partial) sink.transcript({ kind: 'interim', text: partial, startMs: heardMs, endMs: pushedMs })
    if (text === undefined) return
    const words = result.map((w: { word: string; start: number; end: number }) => {
      return { text: w.word, startMs: w.start * 1000, endMs: w.end * 1000 }
    })
    const startMs = words[0]?.startMs ?? heardMs
    heardMs = words.at(-1)?.endMs ?? heardMs
    sink.transcript({ kind: 'speech-final', text, startMs, endMs: heardMs, words })
  }

  /** `closed` comes once and last, and never inside a call that was made to us. */
  function end(failure?: ProviderFailure): void {
    if (over) return
    over = true
    socket.terminate()
    queueMicrotask(() => sink.closed({ failure }))
  }

  socket.on('open', () => {
    for (const data of early) send(data)
    sink.open()
  })
  socket.on('message', data => over || heard(String(data)))
  socket.on('error', cause => end({ class: 'connection', reason: cause.message, cause }))
  socket.on('close', code => end(asked ? undefined : { class: 'connection', reason: `closed with ${code}` }))
  signal.addEventListener('abort', () => end(), { once: true })
  if (signal.aborted) end()

  return {
    get bufferedBytes() {
      return socket.bufferedAmount
    },
    push(audio) {
      if (!asked && audio.length > 0) send(audio)
      pushedMs += (audio.length / (format.sampleRate * 2)) * 1000
      return true
    },
    close() {
      if (!asked) send('{"eof":1}')
      asked = true
    },
    abort: () => end(),
  }
}

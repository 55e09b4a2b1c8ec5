// A voice.v1 client written from PROTOCOL.md alone, without the SDK: it loses its connection, but nothing that was said.
// Audio is 16 kHz mono linear16 in both directions.
import { WebSocket } from 'ws'

const bytesPerMs = 32
const ringBytes = 8000 * bytesPerMs // an outage of 5 s, the time to notice it, and the time to come back
const retryable = [1001, 1005, 1006, 1011, 1012, 1013, 1014, 1015, 3008]

/** Returns `{ capture(pcm), close() }`. `onMessage` is given what the server says, `onAudio` speech, `onEnd` the code. */
export function talk(url, { onMessage = () => {}, onAudio = () => {}, onEnd = () => {} } = {}) {
  const config = { type: 'config', audio_out: { sample_rates: [16_000] } }
  let ring = Buffer.alloc(0)
  let [captured, sent] = [0, 0] // offsets; the ring ends at `captured`
  let playback = null // this client hands speech on, so what was received counts as heard
  let [session, socket, timer] = []
  let [attached, leaving, lastSeq, attempt, heardAtMs, lostAtMs] = [false, false, 0, 0, 0, 0]
  const start = () => captured - ring.length
  const send = message => socket.send(JSON.stringify(message))

  /** Sends what was not sent yet, and says what left the ring before it could be. */
  function pump() {
    if (sent < start()) send({ type: 'gap', from: sent, to: start(), reason: 'ring' })
    for (let at = Math.max(sent, start()) - start(); at < ring.length; at += 6400)
      socket.send(ring.subarray(at, at + 6400))
    sent = captured
  }

  function attach(from) {
    const attachedAtMs = Date.now()
    clearTimeout(timer)
    timer = setInterval(() => {
      if (Date.now() - attachedAtMs > 5000) attempt = 0
      if (Date.now() - heardAtMs > 3000)
        socket.terminate() // every report is answered, so silence is death
      else send({ type: 'stats', seq: lastSeq, t: performance.now(), playback })
    }, 200)
    ;[attached, sent, lostAtMs] = [true, from, 0]
    pump()
  }

  const handlers = {
    ready(message) {
      if (session)
        [captured, ring] = [0, Buffer.alloc(0)] // the old session is gone, and its offsets with it
      ;[session, lastSeq] = [message, 0]
      attach(0)
    },
    resumed(message) {
      session.resume_token = message.resume_token
      attach(message.audio_in.from)
    },
    ping: ({ t }) => send({ type: 'pong', t }),
    tts_start({ utterance_id, from_bytes, from_ms }) {
      playback = { utterance_id, received_bytes: from_bytes, played_ms: from_ms, buffered_ms: 0 }
    },
    clear({ through }) {
      send({ type: 'cleared', utterance_id: playback?.utterance_id ?? through, played_ms: playback?.played_ms ?? 0 })
      playback = null
    },
  }

  function receive(data, binary) {
    heardAtMs = Date.now()
    if (binary && playback) {
      playback.received_bytes += data.length
      playback.played_ms += data.length / bytesPerMs
      onAudio(data)
    } else if (!binary) {
      const message = JSON.parse(data)
      if (message.seq <= lastSeq) return // replayed, but known
      handlers[message.type]?.(message)
      lastSeq = message.seq ?? lastSeq
      onMessage(message)
    }
  }

  function opened() {
    timer = setTimeout(() => socket.terminate(), session ? 2000 : 12_000)
    if (!session) return send(config)
    const { session_id, resume_token } = session
    const outage = { outage_ms: Date.now() - lostAtMs, attempt: attempt - 1 }
    const audio_in = { start: start(), end: captured }
    send({ type: 'resume', session_id, resume_token, last_seq: lastSeq, audio_in, playback, ...outage, config })
  }

  function closed(code, reason) {
    clearTimeout(timer)
    attached = false
    if (leaving || !retryable.includes(code)) return onEnd(code)
    lostAtMs ||= Date.now()
    const hint = /^\{"r":(\d+)\}$/.exec(reason)?.[1]
    const [floor, bound] = hint ? [0, hint] : attempt ? [100, Math.min(5000, 250 * 2 ** attempt)] : [0, 500]
    attempt++
    timer = setTimeout(connect, floor + Math.random() * (bound - floor))
  }

  function connect() {
    socket = new WebSocket(url, 'voice.v1', { handshakeTimeout: 2000 })
    socket
      .on('open', opened)
      .on('message', receive)
      .on('close', closed)
      .on('error', () => {})
  }

  connect()
  return {
    capture(pcm) {
      captured += pcm.length
      ring = Buffer.concat([ring, pcm]).subarray(-ringBytes)
      if (attached) pump()
    },
    close() {
      leaving = true
      if (attached) send({ type: 'bye', reason: '' })
      clearTimeout(timer)
      socket.close(1000)
    },
  }
}

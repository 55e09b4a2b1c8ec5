// A voice.v1 client written from PROTOCOL.md alone, without the SDK: it loses its connection, but nothing that was said.
// Audio is 16 kHz mono linear16, 32 bytes a millisecond, in both directions.
import { WebSocket } from 'ws'

const config = { type: 'config', audio_out: { sample_rates: [16_000] } }
/** An outage of 5 s, the time to notice it, and the time to come back; it fits into one message. */
const ringBytes = 8000 * 32
const retryable = [1001, 1005, 1006, 1011, 1012, 1013, 1014, 1015, 3008]

/**
 * `onMessage` is given what the server says, `onAudio` speech, `onEnd` the close code. `playback` returns how much of the
 * speech was received and heard, as `stats` has it. Whoever plays answers `clear` by `send({ type: 'cleared', ... })`.
 */
export function talk(url, { onMessage, onAudio, onEnd, playback = () => null } = {}) {
  let [ring, captured, sent] = [Buffer.alloc(0), 0, 0] // offsets in bytes; the ring ends at `captured`
  let [lastSeq, attempt, heardAtMs, attachedAtMs, lostAtMs] = [0, 0, 0, 0, 0]
  let [session, socket, timer] = [null, null, null]
  const start = () => captured - ring.length
  const send = message => socket.send(JSON.stringify(message))

  /** Sends what was not sent yet, and says what left the ring before it could be. */
  function pump() {
    if (sent < start()) send({ type: 'gap', from: sent, to: start(), reason: 'ring' })
    if (sent < captured) socket.send(ring.subarray(Math.max(sent - start(), 0)))
    sent = captured
  }

  /** `ready` in answer to `resume`: the old session is gone, and its offsets and numbers with it. */
  function attach(answer) {
    if (session && answer.type === 'ready') [ring, captured, lastSeq] = [Buffer.alloc(0), 0, 0]
    session = { ...session, ...answer }
    ;[sent, attachedAtMs, lostAtMs] = [answer.audio_in.from ?? 0, Date.now(), 0]
    pump()
  }

  function receive(data, isBinary) {
    heardAtMs = Date.now()
    if (isBinary) return onAudio?.(data)
    const message = JSON.parse(data)
    if (message.seq <= lastSeq) return // replayed, but known
    lastSeq = message.seq ?? lastSeq
    if (message.type === 'ready' || message.type === 'resumed') attach(message)
    if (message.type === 'ping') send({ type: 'pong', t: message.t })
    onMessage?.(message)
  }

  /** Every report is answered, so silence is death. */
  function report() {
    if (Date.now() - heardAtMs > (attachedAtMs ? 3000 : session ? 2000 : 12_000)) socket.terminate()
    else if (attachedAtMs) send({ type: 'stats', seq: lastSeq, t: performance.now(), playback: playback() })
  }

  function opened() {
    heardAtMs = Date.now()
    timer = setInterval(report, 200)
    if (!session) return send(config)
    const { session_id, resume_token } = session
    const known = { session_id, resume_token, last_seq: lastSeq, playback: playback() }
    const outage = { audio_in: { start: start(), end: captured }, outage_ms: heardAtMs - lostAtMs, attempt }
    send({ type: 'resume', ...known, ...outage, config })
  }

  function closed(code, reason) {
    clearTimeout(timer)
    if (!retryable.includes(code)) return onEnd?.(code)
    if (attachedAtMs && Date.now() - attachedAtMs > 5000) attempt = 0
    ;[attachedAtMs, lostAtMs] = [0, lostAtMs || Date.now()]
    const hintMs = /^\{"r":(\d+)\}$/.exec(reason)?.[1]
    const [floorMs, boundMs] = hintMs ? [0, hintMs] : attempt ? [100, Math.min(2000, 250 * 2 ** attempt)] : [0, 500]
    timer = setTimeout(connect, floorMs + Math.random() * (boundMs - floorMs))
    attempt++
  }

  function connect() {
    socket = new WebSocket(url, 'voice.v1', { handshakeTimeout: 2000 }).on('error', () => {}) // a close follows
    socket.on('open', opened).on('message', receive).on('close', closed)
  }

  function capture(pcm) {
    captured += pcm.length
    ring = Buffer.concat([ring, pcm]).subarray(-ringBytes)
    if (attachedAtMs) pump()
  }

  function close() {
    clearTimeout(timer)
    socket.close(1000)
  }

  connect()
  return { capture, send, close }
}

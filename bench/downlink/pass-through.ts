import type { WebSocket } from 'ws'
import { codedSpeech, stepMs } from './coded-speech.js'

const chunkMs = 100

/**
 * The control: hands everything a synthesiser gives to the socket, unless that holds more than `limitBytes`.
 *
 * @param speed how much faster than it plays sound comes.
 */
export function passThrough(socket: WebSocket, rate: number, speed: number, limitBytes: number): void {
  // Live speech comes in frames of 20 ms; a synthesiser that is faster than life in longer chunks.
  const frameMs = speed === 1 ? stepMs : chunkMs
  let givenMs = 0
  let creditMs = 0
  let lastMs = performance.now()
  const timer = setInterval(() => {
    const nowMs = performance.now()
    creditMs += (nowMs - lastMs) * speed
    lastMs = nowMs
    for (; creditMs >= frameMs; creditMs -= frameMs) {
      const frame = codedSpeech(givenMs, frameMs, rate)
      givenMs += frameMs
      if (socket.bufferedAmount <= limitBytes) socket.send(frame, { binary: true, compress: false })
    }
  }, stepMs)
  socket.on('error', () => {})
  socket.on('close', () => clearInterval(timer))
}

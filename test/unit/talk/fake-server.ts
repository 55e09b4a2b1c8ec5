import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ClientMessage } from '../../../src/protocol/index.js'

/** One call to the fake server, to be scripted. */
export interface Call {
  readonly socket: WebSocket
  readonly messages: ClientMessage[]
  /** Bytes of audio so far. */
  audioBytes: number
  send(message: object): void
  sendAudio(ms: number, sampleRate: number): void
}

export interface Script {
  message?(call: Call, message: ClientMessage): void
  audio?(call: Call, frame: Uint8Array): void
}

export const READY = {
  type: 'ready',
  stream_id: 'st',
  session_id: 'se_1',
  resume_token: 'secret',
  epoch: 1,
  resume_window_ms: 30_000,
  replay_window_ms: 8_000,
  ping_interval_ms: 25_000,
  pong_timeout_ms: 10_000,
  audio_in: { offset: 0, sample_rate: 16_000, encoding: 'linear16' },
  audio_out: { sample_rate: 16_000, encoding: 'linear16' },
} as const

/** A voice.v1 server that says what a test tells it to. */
export async function startFake(script: Script) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'voice.v1' })
  const calls: Call[] = []
  let seq = 0
  server.on('connection', socket => {
    const call: Call = {
      socket,
      messages: [],
      audioBytes: 0,
      send: message => socket.send(JSON.stringify('seq' in message ? message : { ...message, seq: ++seq })),
      sendAudio: (ms, sampleRate) => socket.send(new Uint8Array((ms * sampleRate * 2) / 1000).fill(1)),
    }
    calls.push(call)
    socket.on('message', (data: Buffer, binary) => {
      if (binary) {
        call.audioBytes += data.length
        script.audio?.(call, data)
        return
      }
      const message = JSON.parse(data.toString()) as ClientMessage
      call.messages.push(message)
      if (message.type === 'stats') call.send({ type: 'ack', audio_in: call.audioBytes, t: message.t, cseq: 0 })
      script.message?.(call, message)
    })
  })
  await new Promise(resolve => server.once('listening', resolve))
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/voice`,
    calls,
    /** Resolves once every socket is gone; a caller that stays is a failure of the test that times out. */
    async close(): Promise<void> {
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

/** Everything a reply needs: words, sound, an end. */
export function reply(call: Call, utteranceId: string, text: string, ms: number): void {
  call.send({
    type: 'tts_start',
    utterance_id: utteranceId,
    encoding: 'linear16',
    sample_rate: 16_000,
    from_bytes: 0,
    from_ms: 0,
  })
  call.send({ type: 'tts_text', utterance_id: utteranceId, text })
  call.sendAudio(ms, 16_000)
  call.send({ type: 'tts_end', utterance_id: utteranceId, bytes: ms * 32, ms })
}

export function heard(call: Call, transcript: string, final: boolean): void {
  call.send({
    type: 'stt_result',
    transcript,
    is_final: final,
    is_speech_final: final,
    confidence: 1,
    utterance: 0,
    start_ms: 0,
    end_ms: 500,
  })
}

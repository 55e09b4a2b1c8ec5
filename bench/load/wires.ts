import type { LoadClient } from './client.js'
import { binaryFrame, textFrame } from './frames.js'
import { socketIo } from './socket-io.js'
import { voiceV1 } from './voice-v1.js'

/** How a client talks to one kind of server. */
export interface Wire {
  readonly path: string
  /** The subprotocol to ask for, `''` for none. */
  readonly protocol: string
  /** Where a server assigns a place first: the path to connect to. */
  reserve?(port: number): Promise<string>
  /** The upgrade is done. */
  opened(client: LoadClient): void
  /** Calls `client.configured()` when the session is ready. */
  text(client: LoadClient, text: string): void
  /** Audio, as a rule. */
  binary(client: LoadClient, payload: Buffer): void
  /** One frame of audio, as it goes over the wire. */
  audio(frame: Uint8Array): Buffer
  /** Called every 200 ms. */
  beat?(client: LoadClient, nowMs: number, count: number): void
}

const config = JSON.stringify({
  type: 'config',
  stt_config: { sample_rate: 16_000, encoding: 'linear16' },
  tts_config: { audio_format: 'linear16', sample_rate: 24_000 },
})

const configFrame = textFrame(config)

/** JSON text and binary audio on a bare WebSocket. */
const plain: Wire = {
  path: '/voice',
  protocol: '',
  opened: client => client.write(configFrame),
  text(client, text) {
    if (text.startsWith('{"type":"ready"')) client.configured()
  },
  binary(client, payload) {
    client.audioBytes += payload.length
  },
  audio: binaryFrame,
}

export type WireName = 'plain' | 'v1' | 'socket.io'

export const wires: Readonly<Record<WireName, Wire>> = {
  plain,
  v1: { ...plain, ...voiceV1 },
  'socket.io': socketIo(config),
}

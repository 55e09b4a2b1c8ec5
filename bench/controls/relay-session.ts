import { WebSocket } from 'ws'
import { CountingRecogniser, type Result } from '../load/recogniser.js'
import { type Synthesis, Synthesiser } from '../load/synthesiser.js'
import type { Workload } from '../load/workload.js'

const binary = { binary: true, compress: false } as const

let shared: Synthesiser | undefined

/**
 * What an engineer writes who relays by hand: each frame goes on as it comes, nothing is paced, bounded, counted or
 * recovered. Every control and every peer runs this same code; only the library around it differs.
 */
export class RelaySession {
  private readonly workload: Workload
  private readonly send: (data: string | Uint8Array) => void
  private recogniser: CountingRecogniser | undefined
  private provider: WebSocket | undefined
  private speech: Synthesis | undefined
  private next: NodeJS.Timeout | undefined

  /** @param send takes a text or a binary message. */
  constructor(workload: Workload, send: (data: string | Uint8Array) => void) {
    this.workload = workload
    this.send = send
  }

  text(text: string): void {
    const message = JSON.parse(text)
    if (message?.type !== 'config') return this.fail(`unknown type ${message?.type}`)
    const { sample_rate = 16_000, encoding = 'linear16' } = message.stt_config ?? {}
    if (sample_rate !== 16_000 || encoding !== 'linear16') return this.fail('unsupported format')
    this.start()
  }

  audio(frame: Uint8Array): void {
    if (this.provider) {
      if (this.provider.readyState === WebSocket.OPEN) this.provider.send(frame, binary)
      return
    }
    const result = this.recogniser?.take(frame.length)
    if (result) this.tell(result)
  }

  closed(): void {
    clearTimeout(this.next)
    this.speech?.cancel()
    this.provider?.close()
    this.recogniser = undefined
  }

  private start(): void {
    const { recogniser, speed, up } = this.workload
    this.recogniser = new CountingRecogniser(up === 'speech')
    if (recogniser) return this.connect(recogniser)
    this.ready()
    if (speed !== undefined) {
      shared ??= new Synthesiser(speed)
      this.talk(shared.voice())
    }
  }

  private connect(url: string): void {
    this.provider = new WebSocket(url, { perMessageDeflate: false })
    this.provider.on('open', () => this.ready())
    this.provider.on('error', () => this.fail('the recogniser is gone'))
    this.provider.on('message', (data, isBinary) => {
      if (isBinary) return
      const { channel, is_final, start, duration } = JSON.parse(String(data))
      const text = channel?.alternatives?.[0]?.transcript
      if (text) this.tell({ text, final: is_final, startMs: start * 1000, endMs: (start + duration) * 1000 })
    })
  }

  private ready(): void {
    this.send('{"type":"ready","stream_id":"1"}')
  }

  private tell({ text, final }: Result): void {
    this.send(
      JSON.stringify({
        type: 'stt_result',
        transcript: text,
        is_final: final,
        is_speech_final: final,
        confidence: 0.9,
      }),
    )
  }

  private talk(voice: ReturnType<Synthesiser['voice']>): void {
    const beganAt = performance.now()
    const speech = voice(
      chunk => this.send(chunk),
      () => {
        this.send(JSON.stringify({ type: 'tts_playback_complete', timestamp: Date.now() }))
        const leftMs = speech.ms - (performance.now() - beganAt)
        this.next = setTimeout(() => this.talk(voice), Math.max(0, leftMs))
      },
    )
    this.speech = speech
  }

  private fail(message: string): void {
    this.send(JSON.stringify({ type: 'error', message }))
  }
}

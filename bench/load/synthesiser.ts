const chunkMs = 20
const chunk = new Uint8Array(960)
for (let i = 0; i < chunk.length; i++) chunk[i] = i & 0x3f
export const utteranceMs = 4000
/** First utterances have as many lengths, so that the sessions do not speak in step. */
const steps = 40

export interface Synthesis {
  cancel(): void
}

interface Running extends Synthesis {
  leftMs: number
  readonly audio: (chunk: Uint8Array) => void
  readonly done: () => void
}

/** A synthesiser that costs next to nothing: sentences of 4 s in chunks of 20 ms at 24 kHz, `speed` times real time. */
export class Synthesiser {
  private readonly running = new Set<Running>()
  private readonly chunksPerBeat: number
  private voices = 0
  private timer: NodeJS.Timeout | undefined

  constructor(speed: number) {
    this.chunksPerBeat = speed
  }

  /** Each session has a voice; the first sentence of a voice has a length of its own. */
  voice(): (audio: (chunk: Uint8Array) => void, done: () => void) => Synthesis & { readonly ms: number } {
    let nextMs = (utteranceMs * ((this.voices++ % steps) + 1)) / steps
    return (audio, done) => {
      const ms = nextMs
      nextMs = utteranceMs
      return this.say(ms, audio, done)
    }
  }

  private say(ms: number, audio: (chunk: Uint8Array) => void, done: () => void): Synthesis & { readonly ms: number } {
    const running = {
      ms,
      leftMs: ms,
      audio,
      done,
      cancel: () => {
        this.running.delete(running)
      },
    }
    this.running.add(running)
    this.timer ??= setInterval(() => this.beat(), chunkMs)
    return running
  }

  private beat(): void {
    for (const speech of this.running) {
      for (let i = 0; i < this.chunksPerBeat && speech.leftMs > 0; i++) {
        speech.leftMs -= chunkMs
        // As a provider's socket would: each chunk in memory of its own.
        speech.audio(chunk.slice())
      }
      if (speech.leftMs > 0) continue
      this.running.delete(speech)
      speech.done()
    }
  }
}

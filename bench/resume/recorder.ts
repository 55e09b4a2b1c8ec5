import type { SttProvider, SttStream } from '../../src/index.js'

/** A recogniser that writes down every byte it is given, and hears nothing. */
export function createRecorder(): { readonly stt: SttProvider; bytes(): Buffer } {
  const chunks: Buffer[] = []
  const stt: SttProvider = {
    name: 'recorder',
    capabilities: {
      interims: false,
      words: false,
      speechStarted: false,
      endpointing: true,
      finalize: 'ack',
      keepAliveMs: 0,
      chunkMs: { min: 20, ideal: 100, max: 1000 },
      maxRealtimeFactor: 100,
      formats: [{ encoding: 'linear16', sampleRate: 16_000, channels: 1 }],
    },
    connect(_, sink): SttStream {
      let over = false
      let heardMs = 0
      const end = () => {
        if (over) return
        over = true
        sink.closed({})
      }
      queueMicrotask(() => over || sink.open())
      return {
        bufferedBytes: 0,
        push(audio) {
          chunks.push(Buffer.from(audio))
          const startMs = heardMs
          heardMs += audio.length / 32
          // Without a word from it the recorder would be taken for deaf, and replaced by one that hears it all again.
          sink.transcript({ kind: 'final', text: '', startMs, endMs: heardMs })
          return true
        },
        finalize: () => sink.finalized(),
        close: end,
        abort: end,
      }
    },
  }
  return { stt, bytes: () => Buffer.concat(chunks) }
}

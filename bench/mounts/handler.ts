import { createVoiceHandler, type SttProvider, type TtsProvider, type VoiceMount } from '../../src/index.js'
import { silentLogger } from '../../src/util/logger.js'
import { CountingRecogniser } from '../load/recogniser.js'
import { Synthesiser } from '../load/synthesiser.js'
import type { Workload } from '../load/workload.js'
import { unhurried } from '../unhurried.js'

/** The handler as an application makes it, with the same recogniser and synthesiser as the relays by hand. */
export function handlerFor(workload: Workload, stt: SttProvider = counting(workload)): VoiceMount {
  const { speed } = workload
  return unhurried(
    createVoiceHandler({
      authenticate: () => 'bench',
      logger: silentLogger,
      stt: [stt],
      tts: speed === undefined ? undefined : [synthesising(speed)],
      onSession(session) {
        if (speed === undefined) return
        session.on('ready', async () => {
          for (let over = false; !over; ) {
            const { outcome } = await session.say('The train to the coast leaves at nine from platform four.').done
            over = outcome !== 'completed'
          }
        })
      },
    }),
  )
}

function counting({ up }: Workload): SttProvider {
  return {
    name: 'counting',
    capabilities: {
      interims: true,
      words: false,
      speechStarted: false,
      endpointing: true,
      finalize: 'ack',
      keepAliveMs: 0,
      chunkMs: { min: 20, ideal: 100, max: 250 },
      formats: [{ encoding: 'linear16', sampleRate: 16_000, channels: 1 }],
    },
    connect(_request, sink) {
      const recogniser = new CountingRecogniser(up === 'speech')
      queueMicrotask(() => sink.open())
      return {
        bufferedBytes: 0,
        push(audio) {
          const result = recogniser.take(audio.length)
          if (result) {
            const { text, final, startMs, endMs } = result
            sink.transcript({ kind: final ? 'speech-final' : 'interim', text, startMs, endMs, confidence: 0.9 })
          }
          return true
        },
        finalize: () => sink.finalized(),
        close: () => sink.closed({}),
        abort: () => sink.closed({}),
      }
    },
  }
}

function synthesising(speed: number): TtsProvider {
  const synthesiser = new Synthesiser(speed)
  return {
    name: 'synthesising',
    capabilities: {
      contexts: 1,
      alignment: 'none',
      maxTextChars: 1000,
      keepAliveMs: 0,
      formats: [{ encoding: 'linear16', sampleRate: 24_000, channels: 1 }],
    },
    connect(_request, sink) {
      const voice = synthesiser.voice()
      let cancel = () => {}
      queueMicrotask(() => sink.open())
      const close = () => {
        cancel()
        sink.closed({})
      }
      return {
        speak(text, { contextId }) {
          if (text === '') return
          const speech = voice(
            chunk => sink.audio(contextId, chunk),
            () => sink.done(contextId),
          )
          cancel = () => speech.cancel()
        },
        cancel(contextId) {
          cancel()
          sink.done(contextId)
        },
        close,
        abort: close,
      }
    },
  }
}

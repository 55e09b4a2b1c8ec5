import type { AudioFormat, ProviderFailure, TimedText, TtsProvider } from 'voice-ws'
import { describe, ProbeError, within } from './stream-events.js'

export interface SpeechProbe {
  readonly audio: Uint8Array
  readonly connectMs: number
  readonly firstAudioMs: number
  readonly speechMs: number
  readonly totalMs: number
  /** Words or characters whose times were told. */
  readonly timed: number
  readonly requestId: string | undefined
}

/** Lets a synthesiser say a sentence. */
export async function probeSpeech(provider: TtsProvider, text: string, format: AudioFormat): Promise<SpeechProbe> {
  const parts: Uint8Array[] = []
  const times: TimedText[] = []
  const controller = new AbortController()
  const startedAt = performance.now()
  let openedAt = 0
  let firstAt = 0
  let requestId: string | undefined
  const said = new Promise<void>((resolve, reject) => {
    const fail = (failure: ProviderFailure | undefined): void => reject(new ProbeError(describe(failure)))
    const stream = provider.connect(
      { format, signal: controller.signal, options: {} },
      {
        open(info) {
          openedAt = performance.now()
          requestId = info?.requestId
          stream.speak(text, { contextId: 'probe', end: true })
        },
        audio(_, audio) {
          firstAt ||= performance.now()
          parts.push(audio)
        },
        timing: (_, items) => void times.push(...items),
        done: (_, failure) => (failure ? fail(failure) : resolve()),
        warning() {},
        closed: ({ failure }) => fail(failure),
      },
    )
  })
  try {
    await within(said, 'speech')
  } finally {
    controller.abort()
  }
  const audio = Buffer.concat(parts)
  return {
    audio,
    connectMs: openedAt - startedAt,
    firstAudioMs: firstAt - openedAt,
    speechMs: audio.length / (format.sampleRate / 500),
    totalMs: performance.now() - openedAt,
    timed: times.length,
    requestId,
  }
}

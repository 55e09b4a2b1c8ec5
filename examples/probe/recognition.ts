import { setTimeout as sleep } from 'node:timers/promises'
import type { AudioFormat, StreamClosed, StreamInfo, SttProvider, SttSink, SttStream, Transcript } from 'voice-ws'
import { describe, ProbeError, within } from './stream-events.js'

/** What a microphone sends at once. */
const pieceMs = 100
/** Longer than the silence that ends an utterance anywhere. */
const silenceMs = 2000

export interface RecognitionProbe {
  readonly text: string
  readonly connectMs: number
  /** From the first sound to the first words. */
  readonly firstWordsMs: number | undefined
  /** From the last sound to the last words. */
  readonly lastWordsMs: number | undefined
  /** Words whose times were told. */
  readonly timed: number
  readonly requestId: string | undefined
}

/** Lets a recogniser hear speech as it would come from a microphone: in pieces, in real time. */
export async function probeRecognition(
  provider: SttProvider,
  speech: Uint8Array,
  format: AudioFormat,
): Promise<RecognitionProbe> {
  const controller = new AbortController()
  const listening = new Listening()
  const connectAt = performance.now()
  const request = { format, baseOffsetMs: 0, signal: controller.signal, options: {} }
  const stream = provider.connect(request, listening)
  try {
    await within(listening.opened, 'connection')
    const connectMs = performance.now() - connectAt
    const bytes = (format.sampleRate * 2 * pieceMs) / 1000
    const speechAt = performance.now()
    await play(stream, filledUp(speech, bytes), bytes)
    const silenceAt = performance.now()
    await play(stream, new Uint8Array((silenceMs / pieceMs) * bytes), bytes)
    stream.finalize?.()
    stream.close()
    await within(listening.closedCleanly, 'goodbye')
    const { finals, firstAt, lastAt, requestId } = listening
    return {
      text: finals.map(({ text }) => text).join(' '),
      connectMs,
      firstWordsMs: firstAt && firstAt - speechAt,
      lastWordsMs: lastAt && lastAt - silenceAt,
      timed: finals.reduce((sum, { words }) => sum + (words?.length ?? 0), 0),
      requestId,
    }
  } finally {
    controller.abort()
  }
}

/** Some vendors refuse messages that are very short. */
function filledUp(audio: Uint8Array, bytes: number): Uint8Array {
  const filled = new Uint8Array(Math.ceil(audio.length / bytes) * bytes)
  filled.set(audio)
  return filled
}

async function play(stream: SttStream, audio: Uint8Array, bytes: number): Promise<void> {
  const startAt = performance.now()
  for (let at = 0; at < audio.length; at += bytes) {
    stream.push(audio.subarray(at, at + bytes))
    await sleep(startAt + (at / bytes + 1) * pieceMs - performance.now())
  }
}

/** What a stream tells, with the times at which it does. */
class Listening implements SttSink {
  readonly finals: Transcript[] = []
  readonly opened: Promise<void>
  readonly closedCleanly: Promise<void>
  firstAt: number | undefined
  lastAt: number | undefined
  requestId: string | undefined
  private onOpen = (): void => {}
  private onClosed = (_error: ProbeError | undefined): void => {}

  constructor() {
    this.closedCleanly = new Promise((resolve, reject) => {
      this.onClosed = error => (error ? reject(error) : resolve())
    })
    this.opened = new Promise((resolve, reject) => {
      this.onOpen = resolve
      this.closedCleanly.then(() => reject(new ProbeError(describe(undefined))), reject)
    })
    // Once it was open, only the other one is waited for.
    this.opened.catch(() => {})
  }

  open(info?: StreamInfo): void {
    this.requestId = info?.requestId
    this.onOpen()
  }

  transcript(transcript: Transcript): void {
    if (transcript.text === '') return
    this.firstAt ??= performance.now()
    if (transcript.kind === 'interim') return
    this.lastAt = performance.now()
    this.finals.push(transcript)
  }

  closed({ failure }: StreamClosed): void {
    this.onClosed(failure && new ProbeError(describe(failure)))
  }

  speechStarted(): void {}
  progress(): void {}
  finalized(): void {}
  warning(): void {}
  drain(): void {}
}

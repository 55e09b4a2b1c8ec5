import { parentPort } from 'node:worker_threads'
import { messageOf } from '../../../src/util/errors.js'
import { FRAME_BYTES } from './frames.js'
import type { FromRecogniser, SpeechEvent, ToRecogniser, WorkerStartup } from './messages.js'
import { Decoder } from './pocketsphinx.js'
import { Recogniser } from './recogniser.js'
import { VoiceDetector } from './voice-detector.js'
import { warmUpSpeech } from './warm-up-speech.js'

/** Long messages are worked off in parts of 100 ms, so that results and credit do not wait for their end. */
const PART_BYTES = 5 * FRAME_BYTES

/** Serves one stream after the other on one decoder. */
class SttWorker {
  private readonly decoder: Decoder
  private readonly detector: VoiceDetector
  private readonly post: (message: FromRecogniser) => void
  private stream = -1
  private recogniser: Recogniser | undefined
  private events: SpeechEvent[] = []
  private reportedBytes = 0

  constructor(decoder: Decoder, detector: VoiceDetector, post: (message: FromRecogniser) => void) {
    this.decoder = decoder
    this.detector = detector
    this.post = post
  }

  readonly onMessage = (message: ToRecogniser): void => {
    if (message.type === 'open') return this.open(message)
    const recogniser = this.recogniser
    if (!recogniser || message.stream !== this.stream) return
    switch (message.type) {
      case 'audio':
        return this.hear(recogniser, message.audio)
      case 'finalize':
        recogniser.finalize()
        this.report(recogniser)
        return this.post({ type: 'finalized', stream: this.stream })
      case 'close':
        recogniser.end()
        this.report(recogniser)
        this.recogniser = undefined
        return this.post({ type: 'closed', stream: this.stream })
      case 'abort':
        this.forget()
    }
  }

  private open(message: ToRecogniser & { type: 'open' }): void {
    this.forget()
    this.stream = message.stream
    this.reportedBytes = 0
    this.detector.reset()
    this.recogniser = new Recogniser(this.decoder, this.detector, message, event => this.events.push(event))
    this.post({ type: 'opened', stream: this.stream })
  }

  private hear(recogniser: Recogniser, audio: Uint8Array): void {
    for (let offset = 0; offset < audio.length; offset += PART_BYTES) {
      recogniser.push(audio.subarray(offset, offset + PART_BYTES))
      this.report(recogniser)
    }
  }

  private report(recogniser: Recogniser): void {
    const { processedBytes } = recogniser
    if (this.events.length === 0 && processedBytes === this.reportedBytes) return
    this.post({ type: 'heard', stream: this.stream, processedBytes, events: this.events })
    this.reportedBytes = processedBytes
    this.events = []
  }

  /** Leaves the decoder between utterances, whatever the stream was doing. */
  private forget(): void {
    this.recogniser?.end()
    this.recogniser = undefined
    this.events = []
  }
}

/** The first utterance after loading is often misheard: the decoder has no estimate of the channel yet. */
function warmUp(decoder: Decoder): void {
  decoder.start()
  decoder.process(warmUpSpeech())
  decoder.finish()
}

async function run(): Promise<void> {
  const port = parentPort!
  const startup = (message: WorkerStartup) => port.postMessage(message)
  try {
    const [decoder, detector] = await Promise.all([Decoder.load(), VoiceDetector.load()])
    warmUp(decoder)
    port.on('message', new SttWorker(decoder, detector, message => port.postMessage(message)).onMessage)
    startup({ type: 'ready' })
  } catch (error) {
    startup({ type: 'failed', reason: messageOf(error) })
  }
}

void run()

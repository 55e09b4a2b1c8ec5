import { Capture } from '../capture.js'
import type { CaptureCommand, CaptureOptions, CaptureReport } from '../worklet-messages.js'

const LEVEL_MS = 100

class CaptureProcessor extends AudioWorkletProcessor {
  private readonly capture: Capture
  private samplesToLevel = 0
  private running = true

  constructor({ processorOptions }: { readonly processorOptions: CaptureOptions }) {
    super()
    this.capture = new Capture(sampleRate, processorOptions.sampleRate, processorOptions.frameMs)
    this.port.onmessage = ({ data }: MessageEvent<CaptureCommand>) => {
      if (data.type === 'mute') this.capture.muted = data.muted
      else this.running = false
    }
  }

  process(inputs: readonly (readonly Float32Array[])[], outputs: readonly (readonly Float32Array[])[]): boolean {
    const { capture } = this
    // The output stays silent. It is there because some browsers only run what leads to the loudspeaker.
    const { length } = outputs[0]![0]!
    capture.push(inputs[0]!, length)
    // Posting copies the frame, so that it can be filled again.
    while (capture.next()) this.post(capture.frame)
    this.samplesToLevel -= length
    if (this.samplesToLevel <= 0) {
      this.samplesToLevel += (sampleRate * LEVEL_MS) / 1000
      this.post(capture.takeLevel())
    }
    return this.running
  }

  private post(report: CaptureReport): void {
    this.port.postMessage(report)
  }
}

registerProcessor('voice-capture', CaptureProcessor)

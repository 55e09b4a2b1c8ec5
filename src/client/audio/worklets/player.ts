import { Playout } from '../playout.js'
import type { PlayerCommand, PlayerReport, PlayoutOptions } from '../worklet-messages.js'

class PlayerProcessor extends AudioWorkletProcessor {
  private readonly playout: Playout
  /** Posting copies it, so that it can be used again. */
  private readonly report: { -readonly [K in keyof PlayerReport]: PlayerReport[K] } = {
    epoch: 0,
    utteranceId: null,
    playedMs: 0,
    bufferedMs: 0,
    receivedMs: 0,
    playing: false,
    underruns: 0,
    targetMs: 0,
    level: 0,
    atS: 0,
  }
  private running = true

  constructor({ processorOptions }: { readonly processorOptions: PlayoutOptions }) {
    super()
    this.playout = new Playout(sampleRate, processorOptions)
    this.port.onmessage = ({ data }: MessageEvent<PlayerCommand>) => this.handle(data)
  }

  process(_inputs: unknown, outputs: readonly (readonly Float32Array[])[]): boolean {
    const { playout, report } = this
    const out = outputs[0]![0]!
    playout.render(out)
    if (playout.reportIsDue) {
      playout.reportInto(report)
      report.atS = (currentFrame + out.length) / sampleRate
      this.port.postMessage(report)
    }
    return this.running
  }

  private handle(command: PlayerCommand): void {
    const { playout } = this
    switch (command.type) {
      case 'push':
        return playout.push(command.chunk)
      case 'end':
        return playout.end(command.utteranceId)
      case 'rewind':
        return playout.rewind(command.utteranceId, command.toMs)
      case 'clear':
        return playout.clear(command.utteranceIds)
      case 'stop':
        this.running = false
    }
  }
}

registerProcessor('voice-player', PlayerProcessor)

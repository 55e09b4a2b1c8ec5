import type { SttStream, Transcript } from '../../../src/providers/contracts.js'
import { textOf, type VendorMessage } from '../../internal/vendor-message.js'
import { CartesiaRecognition } from './recognition.js'

/**
 * How far events are taken to be behind what was pushed: they carry no times. A turn ends after a longer silence than
 * this, so what counts as heard then ends inside that silence.
 */
const lagMs = 300

/** A stream over `/stt/turns/websocket`. Text is cumulative within a turn and never revised. */
export class TurnsStream extends CartesiaRecognition implements SttStream {
  private startMs = 0
  private lastEndMs = 0

  close(): void {
    this.socket.close('{"type":"close"}')
  }

  protected override event(message: VendorMessage): void {
    const text = textOf(message.transcript) ?? ''
    switch (message.type) {
      case 'turn.start':
        this.startMs = this.recentMs
        return this.sink.speechStarted({ atMs: this.startMs })
      case 'turn.update':
        return this.transcript('interim', text)
      case 'turn.eager_end':
        return this.sink.eagerEnd?.({ text })
      case 'turn.resume':
        return this.sink.resumed?.()
      case 'turn.end':
        this.transcript('speech-final', text)
        this.lastEndMs = this.recentMs
        this.startMs = this.lastEndMs
    }
  }

  private transcript(kind: Transcript['kind'], text: string): void {
    if (text === '' && kind === 'interim') return
    this.sink.transcript({ kind, text, cumulative: true, startMs: this.startMs, endMs: this.recentMs })
  }

  private get recentMs(): number {
    return Math.max(this.lastEndMs, this.clock.pushedMs - lagMs)
  }
}

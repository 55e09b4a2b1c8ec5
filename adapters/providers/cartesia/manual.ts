import type { SttStream, Word } from '../../../src/providers/contracts.js'
import { listOf, msOf, recordOf, textOf, type VendorMessage } from '../../internal/vendor-message.js'
import { CartesiaRecognition } from './recognition.js'

/** A stream over `/stt/websocket`. Commands are bare words and not JSON. */
export class ManualStream extends CartesiaRecognition implements SttStream {
  /** Where the last final ended. */
  private heardMs = 0

  finalize(): void {
    this.socket.send('finalize')
  }

  close(): void {
    this.socket.close('close')
  }

  protected override event(message: VendorMessage): void {
    if (message.type === 'transcript') this.transcript(message)
    else if (message.type === 'flush_done') this.sink.finalized()
  }

  private transcript({ text, is_final, language, words }: VendorMessage): void {
    const timed = listOf(words).map(word => this.wordOf(recordOf(word) ?? {}))
    const startMs = timed[0]?.startMs ?? this.heardMs
    const endMs = Math.max(startMs, timed.at(-1)?.endMs ?? this.clock.pushedMs)
    const said = textOf(text) ?? ''
    if (is_final === true) this.heardMs = endMs
    if (said === '' && is_final !== true) return
    this.sink.transcript({
      kind: is_final === true ? 'final' : 'interim',
      text: said,
      startMs,
      endMs,
      language: textOf(language),
      words: timed.length > 0 ? timed : undefined,
    })
  }

  private wordOf({ word, start, end }: VendorMessage): Word {
    return {
      text: textOf(word) ?? '',
      startMs: this.clock.pushedTime(msOf(start)),
      endMs: this.clock.pushedTime(msOf(end)),
    }
  }
}

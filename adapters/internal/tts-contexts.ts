import type { TimedText, TtsSink } from '../../src/providers/contracts.js'

/** A context that the vendor has not finished. */
export interface TtsContext {
  readonly id: string
  /** No more text comes. */
  ended: boolean
  /** Its audio is not wanted any more. */
  cancelled: boolean
  audioBytes: number
}

/** The open contexts of a vendor that names them. What comes of a cancelled one is not passed on. */
export class TtsContexts {
  private readonly sink: TtsSink
  private readonly byId: Map<string, TtsContext> = new Map()

  constructor(sink: TtsSink) {
    this.sink = sink
  }

  get size(): number {
    return this.byId.size
  }

  get(id: string): TtsContext | undefined {
    return this.byId.get(id)
  }

  begin(id: string): TtsContext {
    const context = { id, ended: false, cancelled: false, audioBytes: 0 }
    this.byId.set(id, context)
    return context
  }

  /** Those that may still get text. */
  get speaking(): readonly TtsContext[] {
    return [...this.byId.values()].filter(({ ended, cancelled }) => !ended && !cancelled)
  }

  audio(context: TtsContext, audio: Uint8Array): void {
    context.audioBytes += audio.length
    if (!context.cancelled) this.sink.audio(context.id, audio)
  }

  timing({ id, cancelled }: TtsContext, items: readonly TimedText[]): void {
    if (!cancelled && items.length > 0) this.sink.timing(id, items)
  }

  /** False when it was not open. */
  end(id: string): boolean {
    return this.byId.delete(id)
  }

  /** The connection is over, and with it everything open. */
  clear(): void {
    this.byId.clear()
  }
}

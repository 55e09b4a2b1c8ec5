import type { ProviderFailure, TimedText, TtsSink } from '../../src/providers/contracts.js'

/** A context that the vendor has not finished. */
export interface TtsContext {
  readonly id: string
  /** No more text comes. */
  ended: boolean
  /** Its audio is not wanted any more. */
  cancelled: boolean
  audioBytes: number
}

/** The open contexts of a vendor that names them: silence after a cancel, and `done` once for each. */
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

  audio({ id, cancelled }: TtsContext, audio: Uint8Array): void {
    if (!cancelled) this.sink.audio(id, audio)
  }

  timing({ id, cancelled }: TtsContext, items: readonly TimedText[]): void {
    if (!cancelled && items.length > 0) this.sink.timing(id, items)
  }

  finish(id: string, failure?: ProviderFailure): void {
    if (this.byId.delete(id)) this.sink.done(id, failure)
  }

  /** The connection is over, and with it everything open. */
  clear(): void {
    this.byId.clear()
  }
}

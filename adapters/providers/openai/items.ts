import type { VendorMessage } from '../../internal/vendor-message.js'

/** A stretch of audio that is transcribed as one. Times are those of pushed audio. */
export interface TranscriptionItem {
  startMs: number
  /** Absent while it may still grow. */
  endMs: number | undefined
  /** What is known of its words. */
  text: string
  /** OpenAI found its end. */
  endedByItself: boolean
  result: VendorMessage | undefined
  /** How many `finalize` its result answers. */
  finalizes: number
}

interface Commit {
  readonly endMs: number
  finalizes: number
}

/** Puts the results of items, which come in any order, into the order of their audio. */
export class TranscriptionItems {
  private readonly byId: Map<string, TranscriptionItem> = new Map()
  /** Complete, in order, and not delivered. */
  private readonly committed: TranscriptionItem[] = []
  /** Asked for, and not answered. */
  private readonly commits: Commit[] = []
  /** Where the last complete item ended: OpenAI may be behind what was committed. */
  private boundaryMs = 0

  /** Nothing is being said, and nothing is awaited. */
  get none(): boolean {
    return this.settled && this.byId.size === 0
  }

  /** Nothing is awaited. */
  get settled(): boolean {
    return this.committed.length === 0 && this.commits.length === 0
  }

  /** Those that have not been delivered, in order. */
  get undelivered(): readonly TranscriptionItem[] {
    const growing = [...this.byId.values()].filter(item => !this.committed.includes(item))
    return [...this.committed, ...growing]
  }

  get(id: string): TranscriptionItem | undefined {
    return this.byId.get(id)
  }

  /** The item of that name, which may be new. */
  at(id: string): TranscriptionItem {
    const known = this.byId.get(id)
    if (known) return known
    const item = {
      startMs: this.boundaryMs,
      endMs: undefined,
      text: '',
      endedByItself: false,
      result: undefined,
      finalizes: 0,
    }
    this.byId.set(id, item)
    return item
  }

  /** Everything before `endMs` was asked for. */
  ask(endMs: number, finalizes: number): void {
    this.commits.push({ endMs, finalizes })
  }

  /** Nothing is left to ask for: what is awaited last answers. False: nothing is awaited. */
  answerWithLast(): boolean {
    const last = this.commits.at(-1) ?? this.committed.at(-1)
    if (last) last.finalizes++
    return last !== undefined
  }

  /** The item is complete. */
  commit(item: TranscriptionItem): void {
    if (!item.endedByItself) {
      const asked = this.commits.shift()
      item.endMs ??= asked?.endMs
      item.finalizes += asked?.finalizes ?? 0
    }
    this.boundaryMs = Math.max(this.boundaryMs, item.endMs ?? 0)
    this.committed.push(item)
  }

  /** The oldest commit had no audio. Returns how many `finalize` are answered with that. */
  refuseCommit(): number {
    const { endMs, finalizes } = this.commits.shift() ?? { endMs: 0, finalizes: 0 }
    this.boundaryMs = Math.max(this.boundaryMs, endMs)
    const last = this.committed.at(-1)
    if (!last) return finalizes
    last.finalizes += finalizes
    return 0
  }

  /** Whether nothing that was said before this item is still to come. */
  isNext(item: TranscriptionItem): boolean {
    return this.committed.length === 0 || this.committed[0] === item
  }

  /** The next item whose turn has come, and forgets it. */
  take(): TranscriptionItem | undefined {
    if (!this.committed[0]?.result) return undefined
    const item = this.committed.shift()
    for (const [id, one] of this.byId) if (one === item) this.byId.delete(id)
    return item
  }
}

/** One thing said or recorded. Plain data: store it, edit it, seed another session with it. */
export interface HistoryItem {
  readonly id: string
  /** `user`, `assistant`, or what an agent's `record` part named. */
  readonly role: string
  /** What was said; for the assistant, only what was heard. */
  readonly text: string
  /** The assistant was cut off here. */
  readonly interrupted?: boolean | undefined
  /**
   * How it is known which words were heard before the cut: by the synthesiser's word times, or by the share of the
   * sentence that was played.
   */
  readonly heardBy?: 'words' | 'proportion' | undefined
  /** The `data` of a `record` part. */
  readonly data?: unknown
  /** Session time in milliseconds. */
  readonly atMs: number
}

/** What is still being said: its text grows as it is heard. */
export interface OpenItem {
  /** Undefined while nothing was heard. */
  current(): HistoryItem | undefined
}

/** What was said, in the order in which it began. */
export class History {
  readonly #entries: (HistoryItem | OpenItem)[]

  /** @param seed what an earlier session said. */
  constructor(seed: readonly HistoryItem[] = []) {
    this.#entries = seed.map(item => Object.freeze({ ...item }))
  }

  /** A fresh array of frozen items; what is being said right now is there as far as it was heard. */
  get items(): readonly HistoryItem[] {
    const items: HistoryItem[] = []
    for (const entry of this.#entries) {
      const item = isOpen(entry) ? entry.current() : entry
      if (item) items.push(item)
    }
    return items
  }

  add(item: HistoryItem): void {
    this.#entries.push(Object.freeze(item))
  }

  /** Keeps a place for something that begins to be said now. */
  open(item: OpenItem): void {
    this.#entries.push(item)
  }

  /** Puts what was heard in the place of what was being said; nothing heard, nothing stored. */
  close(item: OpenItem): void {
    const at = this.#entries.indexOf(item)
    if (at < 0) return
    const final = item.current()
    if (final) this.#entries[at] = Object.freeze(final)
    else this.#entries.splice(at, 1)
  }
}

function isOpen(entry: HistoryItem | OpenItem): entry is OpenItem {
  return typeof (entry as OpenItem).current === 'function'
}

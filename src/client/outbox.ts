import type { ClientMessage } from '../protocol/messages.js'

type Numbered = Extract<ClientMessage, { readonly cseq?: number | undefined }>
/** A message that takes effect exactly once, before it has its number and its place. */
export type OutboxMessage = Numbered extends infer M ? (M extends Numbered ? Omit<M, 'cseq' | 'at'> : never) : never

/** Numbered messages that the server has not confirmed, in the order in which they were said. */
export interface Outbox {
  size(): number
  /** Something was sent and not confirmed. */
  outstanding(): boolean
  /**
   * Keeps a message until it is confirmed, and returns how many had to go to make room, the oldest first: all of them,
   * if it is larger than a server takes. Throws a `TypeError` for what is not JSON.
   *
   * @param at offset of the byte of audio before which it is said.
   */
  push(message: OutboxMessage, at: number): number
  /** The next message as it goes out, if its place is not beyond `offset`. */
  take(offset: number): string | undefined
  /** The server has handled everything up to `cseq`. True when that was news. */
  confirm(cseq: number): boolean
  /** On another socket everything that is not confirmed goes out again, under its old number. */
  rewind(): void
  /**
   * A new session: numbers start again, and offset `base` is its 0. What was sent and never confirmed is given up,
   * because nobody can know whether it took effect. Returns how many that were.
   */
  rebase(base: number): number
}

interface Entry {
  /** The message as JSON without its closing brace. */
  readonly head: string
  at: number
  /** Given when it first leaves; 0 before. */
  cseq: number
}

/** Two and a half seconds of the messages a server takes, and the most it takes in one. */
const maxMessages = 128
const maxChars = 65_536

export function createOutbox(): Outbox {
  const entries: Entry[] = []
  /** How many of them have left on this socket. */
  let sent = 0
  let chars = 0
  let lastCseq = 0

  function shift(): void {
    chars -= entries.shift()!.head.length
    if (sent > 0) sent--
  }

  /** Removes from the front what was sent under a number up to `cseq`. What has not left yet has number 0. */
  function remove(cseq: number): number {
    const before = entries.length
    while (entries[0]?.cseq && entries[0].cseq <= cseq) shift()
    return before - entries.length
  }

  return {
    size: () => entries.length,
    outstanding: () => sent > 0,
    push(message, at) {
      const head = JSON.stringify(message).slice(0, -1)
      entries.push({ head, at, cseq: 0 })
      chars += head.length
      let dropped = 0
      for (; entries.length > maxMessages || chars > maxChars; dropped++) shift()
      return dropped
    },
    take(offset) {
      const entry = entries[sent]
      if (!entry || entry.at > offset) return undefined
      sent++
      entry.cseq ||= ++lastCseq
      return `${entry.head},"cseq":${entry.cseq},"at":${entry.at}}`
    },
    confirm: cseq => remove(cseq) > 0,
    rewind() {
      sent = 0
    },
    rebase(base) {
      const lost = remove(1 / 0)
      for (const entry of entries) entry.at = Math.max(0, entry.at - base)
      sent = lastCseq = 0
      return lost
    },
  }
}

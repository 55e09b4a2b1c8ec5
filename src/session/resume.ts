import { issueToken, sameDigest } from './token.js'

/**
 * Who may resume a session. The token rotates with every attach; the one before stays valid until the first frame
 * arrives on the new socket, because a lost `resumed` must not strand the client.
 */
export class ResumeKey {
  /** Digests of tokens that were given out. */
  #current: Uint8Array | undefined
  #previous: Uint8Array | undefined
  /** What the client showed when it was let in last. */
  #shown: Uint8Array | undefined

  /** A fresh token for the client. */
  rotate(): string {
    const { token, digest } = issueToken()
    // Not simply the one before: when two answers are lost in a row, the client still has the one it showed.
    this.#previous = this.#shown ?? this.#current
    this.#current = digest
    return token
  }

  /** The client has shown that it knows the newest token. */
  retirePrevious(): void {
    this.#previous = undefined
    this.#shown = undefined
  }

  /** SHA-256 of the newest token. */
  digest(): Uint8Array | undefined {
    return this.#current
  }

  /** Whether this is the digest of a token that is valid. */
  opens(presented: Uint8Array): boolean {
    const shown = [this.#current, this.#previous].find(digest => digest && sameDigest(digest, presented))
    this.#shown = shown ?? this.#shown
    return shown !== undefined
  }
}

/**
 * What binds a session to the one who opened it: a principal's `id` when it has one, else all of it.
 *
 * @throws {TypeError} when it has no `id` and cannot be written as JSON.
 */
export function principalKey(principal: unknown): string {
  if (typeof principal !== 'object') return `${typeof principal}:${String(principal)}`
  if (principal !== null && 'id' in principal) return `id:${String(principal.id)}`
  try {
    return `json:${JSON.stringify(principal)}`
  } catch (error) {
    throw new TypeError('principal: it cannot be written as JSON; give it an id', { cause: error })
  }
}

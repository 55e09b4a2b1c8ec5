import { digestOf, issueToken, sameDigest } from './token.js'

/**
 * Who may resume a session. The token rotates with every attach; the one before stays valid until the first frame
 * arrives on the new socket, because a lost `resumed` must not strand the client.
 */
export class ResumeKey {
  #current: Promise<Uint8Array> | undefined
  #previous: Promise<Uint8Array> | undefined

  /** A fresh token for the client. */
  rotate(): string {
    const { token, digest } = issueToken()
    this.#previous = this.#current
    this.#current = digest
    return token
  }

  /** The client has shown that it knows the newest token. */
  retirePrevious(): void {
    this.#previous = undefined
  }

  /** SHA-256 of the newest token. */
  digest(): Promise<Uint8Array> | undefined {
    return this.#current
  }

  async opens(token: string): Promise<boolean> {
    const presented = await digestOf(token)
    const known = await Promise.all([this.#current, this.#previous])
    return known.some(digest => digest !== undefined && sameDigest(digest, presented))
  }
}

/** What binds a session to the one who opened it: a principal's `id` when it has one, else all of it. */
export function principalKey(principal: unknown): string {
  if (typeof principal === 'object' && principal !== null && 'id' in principal) return `id:${String(principal.id)}`
  if (typeof principal === 'object') return `json:${JSON.stringify(principal)}`
  return `${typeof principal}:${String(principal)}`
}

import { secureId } from '../util/random.js'

/** The bearer of a session: 32 random bytes, of which only the SHA-256 is kept. */
export interface IssuedToken {
  /** Given to the client once. */
  readonly token: string
  /** What is kept. A promise, because no runtime has a synchronous digest in common; nothing waits for it to be ready. */
  readonly digest: Promise<Uint8Array>
}

const encoder = new TextEncoder()

export function issueToken(): IssuedToken {
  const token = secureId(32)
  return { token, digest: digestOf(token) }
}

export async function digestOf(token: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(token)))
}

/** Compares without revealing by time where two digests differ. */
export function sameDigest(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0)
  return difference === 0
}

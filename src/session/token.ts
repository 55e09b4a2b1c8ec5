import { secureId } from '../util/random.js'
import { sha256 } from '../util/sha256.js'

/** The bearer of a session: 32 random bytes, of which only the SHA-256 is kept. */
export interface IssuedToken {
  /** Given to the client once. */
  readonly token: string
  /** What is kept. */
  readonly digest: Uint8Array
}

const encoder = new TextEncoder()

export function issueToken(): IssuedToken {
  const token = secureId(32)
  return { token, digest: digestOf(token) }
}

export function digestOf(token: string): Uint8Array {
  return sha256(encoder.encode(token))
}

/** Compares without revealing by time where two digests differ. */
export function sameDigest(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0)
  return difference === 0
}

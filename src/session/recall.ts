import { principalKey } from './resume.js'
import type { SessionRecord, SessionStore } from './store.js'
import { digestOf, sameDigest } from './token.js'

/** What is known of an ended session, for the one who holds its token. It is known no more, unless it is given back. */
export async function recallSession(
  store: SessionStore,
  id: string,
  token: string,
  principal: unknown,
): Promise<SessionRecord | null> {
  const [record, presented] = await Promise.all([orNull(store.get(id)), digestOf(token)])
  if (!record || !sameDigest(record.tokenDigest, presented) || record.principalKey !== principalKey(principal))
    return null
  // Of two that present the token at once, one wins the claim.
  const claimed = await orNull(store.claim(id, record.epoch))
  if (claimed) await orNull(store.delete(id))
  return claimed
}

/** A store that fails has nothing: a client is waiting. */
function orNull<T>(answer: Promise<T>): Promise<T | null> {
  return answer.catch(() => null)
}

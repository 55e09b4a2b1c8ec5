import type { HistoryItem } from '../conversation/history.js'
import { principalKey } from './resume.js'
import type { SessionStore } from './store.js'
import { digestOf, sameDigest } from './token.js'

/** What was said in an ended session, for the one who holds its token. The token is used up. */
export async function recallHistory(
  store: SessionStore,
  id: string,
  token: string,
  principal: unknown,
): Promise<readonly HistoryItem[] | null> {
  const [record, presented] = await Promise.all([orNull(store.get(id)), digestOf(token)])
  if (!record || !sameDigest(record.tokenDigest, presented) || record.principalKey !== principalKey(principal))
    return null
  // Of two that present the token at once, one wins the claim.
  if (!(await orNull(store.claim(id, record.epoch)))) return null
  await orNull(store.delete(id))
  return record.history
}

/** A store that fails has nothing: a client is waiting. */
function orNull<T>(answer: Promise<T>): Promise<T | null> {
  return answer.catch(() => null)
}

import type { HistoryItem } from '../conversation/history.js'
import type { Clock } from '../util/clock.js'
import { within } from '../util/within.js'
import { principalKey } from './resume.js'
import type { SessionStore } from './store.js'
import { digestOf, sameDigest } from './token.js'

/** A store slower than this is treated as having nothing: a client is waiting. */
const storeDeadlineMs = 250

/** What was said in an ended session, for the one who holds its token. The token is used up. */
export async function recallHistory(
  { store, clock }: { readonly store: SessionStore; readonly clock: Clock },
  id: string,
  token: string,
  principal: unknown,
): Promise<readonly HistoryItem[] | null> {
  const ask = <T>(question: () => Promise<T>) => orNull(clock, question)
  const [record, presented] = await Promise.all([ask(() => store.get(id)), digestOf(token)])
  if (!record || !sameDigest(record.tokenDigest, presented) || record.principalKey !== principalKey(principal))
    return null
  // Of two that present the token at once, one wins the claim.
  if (!(await ask(() => store.claim(id, record.epoch)))) return null
  await ask(() => store.delete(id))
  return record.history
}

/** Null when the store failed or was late. */
async function orNull<T>(clock: Clock, question: () => Promise<T>): Promise<T | null> {
  try {
    return await within(clock, storeDeadlineMs, question(), null)
  } catch {
    return null
  }
}

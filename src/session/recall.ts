import type { HistoryItem } from '../conversation/history.js'
import type { Clock } from '../util/clock.js'
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
  const [record, presented] = await Promise.all([withDeadline(store.get(id), clock), digestOf(token)])
  if (!record || !sameDigest(record.tokenDigest, presented) || record.principalKey !== principalKey(principal))
    return null
  await withDeadline(store.delete(id), clock)
  return record.history
}

/** Null when the store failed or was late. */
async function withDeadline<T>(answer: Promise<T>, clock: Clock): Promise<T | null> {
  let cancel = () => {}
  const late = new Promise<null>(resolve => {
    cancel = clock.after(storeDeadlineMs, () => resolve(null))
  })
  try {
    return await Promise.race([answer, late])
  } catch {
    return null
  } finally {
    cancel()
  }
}

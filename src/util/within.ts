import type { Clock } from './clock.js'

/** What `promise` gives, or `late` when that takes longer than `ms`. No timer is left behind. */
export async function within<T, L>(clock: Clock, ms: number, promise: Promise<T>, late: L): Promise<T | L> {
  let cancel = () => {}
  const timeout = new Promise<L>(resolve => {
    cancel = clock.after(ms, () => resolve(late))
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    cancel()
  }
}

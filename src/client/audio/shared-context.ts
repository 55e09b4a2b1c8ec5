import { insecureError } from './audio-error.js'

/** Whoever has nodes in the page's audio context. */
export interface ContextUser {
  /** Makes its nodes, from the worklet modules up. Called again in another context when the first one froze. */
  build(context: AudioContext): Promise<void>
}

/** A context that is said to run and whose clock stands still this long will not move again. */
const FROZEN_MS = 1000
/** What may mean that a suspended context may run now: most browsers start sound only on a gesture. */
const PAGE_EVENTS = ['pointerdown', 'keydown', 'visibilitychange', 'pageshow'] as const

// One for the page: microphone and loudspeaker on one clock, one gesture to start both, and iOS has few to give.
const users = new Set<ContextUser>()
let context: AudioContext | undefined
let watchdog: ReturnType<typeof setInterval> | undefined

/**
 * Opens the context at the rate of the device, unless it is open. Must be called inside a gesture, before anything is
 * awaited: later browsers do not let it run.
 *
 * @throws AudioError `insecure`.
 */
export async function enterContext(user: ContextUser): Promise<void> {
  if (!globalThis.isSecureContext) throw insecureError()
  users.add(user)
  if (!context) open()
  wake()
  await user.build(context!)
}

/** Closes the context when nobody is left in it. */
export function leaveContext(user: ContextUser): void {
  users.delete(user)
  if (users.size > 0 || !context) return
  clearInterval(watchdog)
  for (const type of PAGE_EVENTS) removeEventListener(type, wake, true)
  void context.close()
  context = undefined
}

function open(): void {
  context = new AudioContext({ latencyHint: 'interactive' })
  context.onstatechange = wake
  for (const type of PAGE_EVENTS) addEventListener(type, wake, true)
  let lastS = 0
  clearInterval(watchdog)
  watchdog = setInterval(() => {
    const { state, currentTime } = context!
    // On iOS a context that was resumed during a phone call "runs" with a clock that stands still.
    const frozen = state === 'running' && currentTime > 0 && currentTime === lastS
    lastS = currentTime
    if (frozen && document.visibilityState === 'visible') rebuild()
  }, FROZEN_MS)
}

function rebuild(): void {
  void context?.close()
  open()
  for (const user of users)
    user.build(context!).catch(error => console.error('voice-ws: sound did not come back', error))
}

/** Never while `interrupted`, for example by a phone call: that freezes the clock. */
function wake(): void {
  if (context?.state === 'suspended' && document.visibilityState === 'visible') context.resume().catch(() => {})
}

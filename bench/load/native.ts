import { createRequire } from 'node:module'

/** @throws {Error} when uWebSockets.js fell back to its slow imitation in JavaScript, which it does without saying so. */
export function assertNative(): void {
  const { cache } = createRequire(import.meta.url)
  if (Object.keys(cache).some(file => /uws.*\.node$/.test(file))) return
  throw new Error('uWebSockets.js: the native binary is not loaded')
}

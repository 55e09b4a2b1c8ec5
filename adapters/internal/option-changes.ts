import type { SttOptions } from '../../src/providers/contracts.js'

/** Whether a stream that takes new key terms, and nothing else, can go on. */
export function onlyKeytermsDiffer(before: SttOptions, after: SttOptions): boolean {
  return JSON.stringify({ ...before, keyterms: undefined }) === JSON.stringify({ ...after, keyterms: undefined })
}

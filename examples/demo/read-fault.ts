import type { Fault } from './fault-line.js'

const longestCutMs = 60_000

/** What a page asked for, or undefined when it makes no sense. */
export function readFault(body: unknown): Fault | undefined {
  const { type, ms, kbits, kind } = (body ?? {}) as Readonly<Record<string, unknown>>
  switch (type) {
    case 'cut':
      return typeof ms === 'number' && ms >= 0 && ms <= longestCutMs ? { type, ms } : undefined
    case 'throttle':
      return kbits === null || (typeof kbits === 'number' && kbits > 0) ? { type, kbits } : undefined
    case 'kill':
      return kind === 'stt' || kind === 'tts' ? { type, kind } : undefined
    case 'drain':
    case 'forget':
      return { type }
    default:
      return undefined
  }
}

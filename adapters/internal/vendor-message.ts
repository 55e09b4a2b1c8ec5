import type { Word } from '../../src/providers/contracts.js'

/** A vendor's message. Nothing about its fields is certain. */
export type VendorMessage = Readonly<Record<string, unknown>>

/** Parses a text message; undefined for anything but a JSON object. */
export function parseMessage(text: string): VendorMessage | undefined {
  try {
    return recordOf(JSON.parse(text))
  } catch {
    return undefined
  }
}

export function recordOf(value: unknown): VendorMessage | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as VendorMessage) : undefined
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/**
 * Milliseconds of a time in seconds.
 *
 * @throws {TypeError} when it is no number: without its time a result cannot be placed.
 */
export function msOf(seconds: unknown): number {
  const value = numberOf(seconds)
  if (value === undefined) throw new TypeError(`a time of the vendor's is ${String(seconds)}`)
  return value * 1000
}

export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

/**
 * How sure a result is whose words or tokens are rated by the logarithm of their probability (`logprob`): as sure as
 * their geometric mean. Undefined when none is rated.
 */
export function meanProbability(parts: unknown): number | undefined {
  const rated = listOf(parts).flatMap(part => numberOf(recordOf(part)?.logprob) ?? [])
  return rated.length === 0 ? undefined : Math.exp(rated.reduce((sum, one) => sum + one, 0) / rated.length)
}

/** How sure a result is of which only the words are rated: as sure as its mean word. Undefined when none is. */
export function meanConfidence(words: readonly Word[]): number | undefined {
  const rated = words.flatMap(word => word.confidence ?? [])
  return rated.length === 0 ? undefined : rated.reduce((sum, one) => sum + one, 0) / rated.length
}

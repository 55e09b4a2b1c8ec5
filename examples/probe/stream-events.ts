import { setTimeout as sleep } from 'node:timers/promises'
import type { ProviderFailure } from 'voice-ws'

/** A vendor that does not answer a probe in this time does not work. */
const patienceMs = 20_000

/** Why a probe failed, in the words of the vendor. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError'
}

export function describe(failure: ProviderFailure | undefined): string {
  if (!failure) return 'closed without being asked'
  const { class: meaning, reason, vendorCode, httpStatus, closeCode, requestId } = failure
  const details = { vendorCode, httpStatus, closeCode, requestId }
  const named = Object.entries(details).flatMap(([name, value]) => (value === undefined ? [] : `${name} ${value}`))
  return [`${meaning}: ${reason}`, ...named].join(', ')
}

/** Resolves with what `promise` does, unless that takes too long. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  const controller = new AbortController()
  const tooLong = sleep(patienceMs, undefined, { signal: controller.signal }).then(() => {
    throw new ProbeError(`no ${what} within ${patienceMs / 1000} s`)
  })
  try {
    return await Promise.race([promise, tooLong])
  } finally {
    controller.abort()
    tooLong.catch(() => {})
  }
}

import { type AudioFormat, sameFormat } from '../../../src/audio/format.js'
import type { ProviderFailure } from '../../../src/providers/contracts.js'
import { messageOf } from '../../../src/util/errors.js'
import { checkInstalled } from './packages.js'

export function wrongFormat(given: AudioFormat, wanted: AudioFormat): ProviderFailure | undefined {
  if (sameFormat(given, wanted)) return undefined
  return { class: 'data', reason: `embedded: format ${describe(given)}, wanted ${describe(wanted)}` }
}

/** Not a failure of class `data`: another provider of the session may well be installed. */
export function notInstalled(): ProviderFailure | undefined {
  try {
    checkInstalled()
    return undefined
  } catch (error) {
    return { class: 'connection', vendorCode: 'not_installed', reason: messageOf(error), cause: error }
  }
}

function describe({ encoding, sampleRate, channels }: AudioFormat): string {
  return `${encoding} ${sampleRate} Hz x${channels}`
}

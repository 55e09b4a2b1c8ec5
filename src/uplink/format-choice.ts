import { type AudioFormat, sameFormat } from '../audio/format.js'
import { coversLanguage } from '../providers/catalogue.js'
import type { SttCandidate } from './ports.js'

/** Whether a candidate can recognise a client's audio, after conversion if need be, in a language. */
export function supports(candidate: SttCandidate, format: AudioFormat, language: string | undefined): boolean {
  const { formats, languages } = candidate.provider.capabilities
  return chooseFormat(format, formats) !== null && coversLanguage(languages, language)
}

/**
 * The best of a provider's formats for a client's audio: the same one, else the one that loses least. Opus is neither
 * decoded nor encoded. Null: none will do.
 */
export function chooseFormat(client: AudioFormat, offered: readonly AudioFormat[]): AudioFormat | null {
  const same = offered.find(format => sameFormat(format, client))
  if (same) return same
  const opus = client.encoding === 'opus'
  // An Opus decoder gives any rate from any packet, so the rates need not agree.
  const usable = offered.filter(format => (format.encoding === 'opus') === opus)
  let best: AudioFormat | null = null
  for (const format of usable) if (best === null || loss(client, format) < loss(client, best)) best = format
  return best
}

/** Orders formats by what is lost or wasted: bandwidth first, then the noise of G.711, then needless size. */
function loss(client: AudioFormat, format: AudioFormat): number {
  const missingHz = Math.max(0, client.sampleRate - format.sampleRate)
  const surplusHz = Math.max(0, format.sampleRate - client.sampleRate)
  const noisy = format.encoding !== 'linear16' && format.encoding !== client.encoding
  return missingHz * 1000 + (noisy ? 100_000 : 0) + surplusHz + format.channels
}

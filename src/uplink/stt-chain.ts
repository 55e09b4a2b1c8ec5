import { type AudioFormat, sameFormat } from '../audio/format.js'
import { FailoverChain } from '../providers/failover.js'
import type { ProviderHealth } from '../providers/health.js'
import type { Clock } from '../util/clock.js'
import { chooseFormat } from './format-choice.js'
import type { SttCandidate } from './ports.js'

/** The failover order of a session's recognisers for audio in `format`. */
export function sttChain(
  candidates: readonly SttCandidate[],
  format: AudioFormat,
  { health, clock, random }: { readonly health: ProviderHealth; readonly clock: Clock; readonly random: () => number },
): FailoverChain<SttCandidate> {
  return new FailoverChain(candidates, {
    leg: 'stt',
    health,
    clock,
    random,
    differs: (a, b) => !sameFormat(formatFor(a, format), formatFor(b, format)),
  })
}

/** What a candidate is sent. One that takes nothing we have is told so by its provider. */
export function formatFor(candidate: SttCandidate, client: AudioFormat): AudioFormat {
  return chooseFormat(client, candidate.provider.capabilities.formats) ?? client
}

import { badKey } from './failover/bad-key.js'
import { chain } from './failover/chain.js'
import { killedRecogniser } from './failover/killed-recogniser.js'
import { providerDown } from './failover/outage.js'
import { silentProviders } from './failover/silent-providers.js'
import { interruptedSpeech } from './failover/speech.js'
import type { BenchOptions, Row } from './report.js'

/**
 * What a provider's failure costs. Real speech first, in real time; then scripted providers on a clock of their own, which
 * show to the word and to the millisecond what came of each way to fail.
 */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  return [
    ...(await killedRecogniser(quick ? 3 : 10, quick)),
    ...(await chain()),
    ...(await silentProviders()),
    ...(await interruptedSpeech()),
    ...(await badKey()),
    ...(await providerDown()),
  ]
}

import type { SttProvider } from '../../src/providers/contracts.js'
import { withDefaults } from '../../src/util/loose.js'
import { VendorAccount } from '../internal/vendor-account.js'
import { assemblyAiLimits } from './assemblyai/limits.js'
import { type AssemblyAiOptions, assemblyAiVendor } from './assemblyai/options.js'
import { AssemblyAiStt } from './assemblyai/stt.js'

export type { AssemblyAiLimits } from './assemblyai/limits.js'
export type {
  AssemblyAiOptions,
  AssemblyAiQuery,
  AssemblyAiRegion,
  AssemblyAiSttOptions,
} from './assemblyai/options.js'

/** AssemblyAI, for the `stt` list. */
export interface AssemblyAi {
  readonly stt: SttProvider
}

/**
 * Speech to text by AssemblyAI, over a raw WebSocket.
 *
 * @throws {TypeError} when there is no key, or `baseUrl` or `region` is none.
 */
export function assemblyai(options: AssemblyAiOptions = {}): AssemblyAi {
  const account = new VendorAccount(assemblyAiVendor(options.region), options)
  return { stt: new AssemblyAiStt(account, options.stt ?? {}, withDefaults(assemblyAiLimits, options.limits)) }
}

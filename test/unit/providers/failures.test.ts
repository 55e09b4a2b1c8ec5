import { afterEach, beforeEach, describe } from 'vitest'
import { cartesia } from '../../../adapters/providers/cartesia.js'
import { deepgram } from '../../../adapters/providers/deepgram.js'
import { elevenlabs } from '../../../adapters/providers/elevenlabs.js'
import type { SttProvider, TtsProvider } from '../../../src/providers/contracts.js'
import { cartesiaSttFailures, cartesiaTtsFailures } from '../../fixtures/providers/cartesia/failures.js'
import { FakeCartesia } from '../../fixtures/providers/cartesia.js'
import { deepgramSttFailures, deepgramTtsFailures, fluxFailures } from '../../fixtures/providers/deepgram/failures.js'
import { FakeDeepgram } from '../../fixtures/providers/deepgram.js'
import { elevenLabsSttFailures, elevenLabsTtsFailures } from '../../fixtures/providers/elevenlabs/failures.js'
import { FakeElevenLabs } from '../../fixtures/providers/elevenlabs.js'
import { commonFailures, type FailureCase, testFailures } from '../../fixtures/providers/failures.js'
import { type FakeVendor, fakeKey } from '../../fixtures/providers/fake-vendor.js'

interface Row {
  readonly name: string
  readonly createFake: () => FakeVendor
  readonly createProvider: (account: { apiKey: string; baseUrl: string }) => SttProvider | TtsProvider
  readonly cases: readonly FailureCase[]
}

const rows: readonly Row[] = [
  {
    name: 'deepgram recognition',
    createFake: () => new FakeDeepgram(),
    createProvider: account => deepgram(account).stt,
    cases: deepgramSttFailures,
  },
  {
    name: 'deepgram recognition with Flux',
    createFake: () => new FakeDeepgram(),
    createProvider: account => deepgram({ ...account, stt: { model: 'flux-general-en' } }).stt,
    cases: fluxFailures,
  },
  {
    name: 'deepgram synthesis',
    createFake: () => new FakeDeepgram(),
    createProvider: account => deepgram(account).tts,
    cases: deepgramTtsFailures,
  },
  {
    name: 'elevenlabs recognition',
    createFake: () => new FakeElevenLabs(),
    createProvider: account => elevenlabs(account).stt,
    cases: elevenLabsSttFailures,
  },
  {
    name: 'elevenlabs synthesis',
    createFake: () => new FakeElevenLabs(),
    createProvider: account => elevenlabs(account).tts,
    cases: elevenLabsTtsFailures,
  },
  {
    name: 'cartesia recognition by turns',
    createFake: () => new FakeCartesia(),
    createProvider: account => cartesia(account).stt,
    cases: cartesiaSttFailures,
  },
  {
    name: 'cartesia recognition on demand',
    createFake: () => new FakeCartesia(),
    createProvider: account => cartesia({ ...account, stt: { endpoint: 'manual' } }).stt,
    cases: cartesiaSttFailures,
  },
  {
    name: 'cartesia synthesis',
    createFake: () => new FakeCartesia(),
    createProvider: account => cartesia(account).tts,
    cases: cartesiaTtsFailures,
  },
]

describe.each(rows)('$name', ({ createFake, createProvider, cases }) => {
  let fake: FakeVendor

  beforeEach(async () => {
    fake = await createFake().listen()
  })

  afterEach(() => fake.close())

  testFailures([...commonFailures, ...cases], () => ({
    fake,
    provider: createProvider({ apiKey: fakeKey, baseUrl: fake.url }),
  }))
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cartesia } from '../../../adapters/providers/cartesia.js'
import { deepgram } from '../../../adapters/providers/deepgram.js'
import { elevenlabs } from '../../../adapters/providers/elevenlabs.js'
import type { SttProvider, TtsProvider } from '../../../src/providers/contracts.js'
import { speak } from '../../../src/testing/spoken-words.js'
import { sttProviderSuite } from '../../../src/testing/stt-provider-suite.js'
import { ttsProviderSuite } from '../../../src/testing/tts-provider-suite.js'
import { FakeCartesia } from '../../fixtures/providers/cartesia.js'
import { FakeDeepgram } from '../../fixtures/providers/deepgram.js'
import { FakeElevenLabs } from '../../fixtures/providers/elevenlabs.js'
import { type FakeVendor, fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { format } from '../../fixtures/providers/streams.js'

interface Account {
  readonly apiKey: string
  readonly baseUrl: string
}

interface Row<P> {
  readonly name: string
  readonly create: (account: Account) => P
}

interface VendorRows {
  readonly createFake: () => FakeVendor
  readonly stt: readonly Row<SttProvider>[]
  readonly tts: readonly Row<TtsProvider>[]
}

const vendors: readonly VendorRows[] = [
  {
    createFake: () => new FakeDeepgram(),
    stt: [
      { name: 'deepgram', create: account => deepgram(account).stt },
      {
        name: 'deepgram with Flux',
        create: account => deepgram({ ...account, stt: { model: 'flux-general-en' } }).stt,
      },
    ],
    tts: [{ name: 'deepgram', create: account => deepgram(account).tts }],
  },
  {
    createFake: () => new FakeElevenLabs(),
    stt: [{ name: 'elevenlabs', create: account => elevenlabs(account).stt }],
    tts: [{ name: 'elevenlabs', create: account => elevenlabs(account).tts }],
  },
  {
    createFake: () => new FakeCartesia(),
    stt: [
      { name: 'cartesia by turns', create: account => cartesia(account).stt },
      { name: 'cartesia on demand', create: account => cartesia({ ...account, stt: { endpoint: 'manual' } }).stt },
    ],
    tts: [{ name: 'cartesia', create: account => cartesia(account).tts }],
  },
]

const api = { describe, it, expect }
const text = 'could you turn on the light in the kitchen'
const shared = { format, timeoutMs: 3000, settleMs: 20 }

describe.each(vendors)('the provider suite', ({ createFake, stt, tts }) => {
  let fake: FakeVendor

  beforeAll(async () => {
    fake = await createFake().listen()
  })

  afterAll(() => fake.close())

  function failing<P>(create: Row<P>['create']): P {
    fake.next({ refuse: { status: 503 } })
    return create({ apiKey: fakeKey, baseUrl: fake.url })
  }

  for (const { name, create } of stt)
    sttProviderSuite(api, {
      ...shared,
      name,
      create: () => create({ apiKey: fakeKey, baseUrl: fake.url }),
      createFailing: () => failing(create),
      speech: speak(text, format),
      words: text.split(' '),
    })

  for (const { name, create } of tts)
    ttsProviderSuite(api, {
      ...shared,
      name,
      create: () => create({ apiKey: fakeKey, baseUrl: fake.url }),
      createFailing: () => failing(create),
    })
})

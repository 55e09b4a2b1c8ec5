import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe } from 'vitest'
import type { FakeVendor, FakeVendorOptions } from '../fixtures/providers/fake-vendor.js'
import { vendorRows } from '../fixtures/providers/rows.js'
import { testContract, testFailureTable } from '../fixtures/providers/suites.js'
import { secondGeneration, thirdGeneration } from './clients/assemblyai.js'
import { manual, tts, turns } from './clients/cartesia.js'
import { listenV1, listenV2, speakV1 } from './clients/deepgram.js'
import { multiStream, scribe } from './clients/elevenlabs.js'
import { live, serverVad, speech } from './clients/openai.js'

interface OwnClient {
  readonly package: string
  readonly test: (fake: () => FakeVendor) => void
  readonly tls?: boolean
}

/** A fake that the vendor's own client refuses proves nothing. */
const ownClients: Readonly<Record<string, OwnClient>> = {
  'deepgram stt': { package: '@deepgram/sdk', test: listenV1 },
  'deepgram stt flux': { package: '@deepgram/sdk', test: listenV2 },
  'deepgram tts': { package: '@deepgram/sdk', test: speakV1 },
  'elevenlabs stt': { package: '@elevenlabs/elevenlabs-js', test: scribe },
  'elevenlabs tts': { package: '@elevenlabs/elevenlabs-js', test: multiStream },
  'cartesia stt turns': { package: '@cartesia/cartesia-js', test: turns },
  'cartesia stt manual': { package: '@cartesia/cartesia-js', test: manual },
  'cartesia tts': { package: '@cartesia/cartesia-js', test: tts, tls: true },
  'assemblyai stt': { package: 'assemblyai', test: thirdGeneration, tls: true },
  'assemblyai stt english': { package: 'assemblyai', test: secondGeneration, tls: true },
  'openai stt': { package: 'openai', test: live, tls: true },
  'openai stt server vad': { package: 'openai', test: serverVad, tls: true },
  'openai tts': { package: 'openai', test: speech },
}

const versions: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('package.json', import.meta.url), 'utf8'),
).dependencies

const { CONFORMANCE_KEY: keyFile = '', NODE_EXTRA_CA_CERTS: certFile = '' } = process.env

for (const row of vendorRows) {
  const own = ownClients[row.name]
  if (!own) throw new Error(`ownClients: nothing for '${row.name}'; say which client of the vendor's proves its fake`)
  describe(row.name, () => {
    let fake: FakeVendor
    const listen = (options: FakeVendorOptions) => async () => {
      fake = await row.createFake(options).listen()
    }

    describe(`${own.package} ${versions[own.package]}`, () => {
      beforeEach(async () => {
        const options = own.tls
          ? { tls: { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') } }
          : {}
        await listen(options)()
      })
      afterEach(() => fake.close())
      own.test(() => fake)
    })

    describe('our adapter', () => {
      beforeEach(listen({}))
      afterEach(() => fake.close())
      testContract(row, () => fake)
    })

    describe('failures', () => {
      beforeEach(listen({}))
      afterEach(() => fake.close())
      testFailureTable(row, () => fake)
    })
  })
}

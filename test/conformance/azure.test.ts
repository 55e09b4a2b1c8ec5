import { readFileSync } from 'node:fs'
import * as sdk from 'microsoft-cognitiveservices-speech-sdk'
import { afterEach, beforeEach, describe } from 'vitest'
import { type AzureSdk, azure } from '../../adapters/providers/azure.js'
import { azureFailures, azureSttFailures } from '../fixtures/providers/azure/failures.js'
import { FakeAzure } from '../fixtures/providers/azure/fake-azure.js'
import type { FailureCase } from '../fixtures/providers/failures.js'
import { testFailures } from '../fixtures/providers/failures.js'
import type { Account, SttRow, TtsRow } from '../fixtures/providers/rows.js'
import { testContract } from '../fixtures/providers/suites.js'
import { recognise, synthesise } from './clients/azure.js'

/** What the adapter says of the package is what it is. */
const own: AzureSdk = sdk

const createFake = (): FakeAzure => new FakeAzure()

interface AzureRow {
  readonly row: SttRow | TtsRow
  readonly failures: readonly FailureCase[]
  readonly test: (fake: () => FakeAzure) => void
}

const rows: readonly AzureRow[] = [
  {
    row: {
      name: 'azure stt',
      createFake,
      failures: azureSttFailures,
      stt: (account: Account) => azure({ ...account, sdk: own }).stt,
    },
    failures: azureSttFailures,
    test: recognise,
  },
  {
    row: {
      name: 'azure tts',
      createFake,
      failures: azureFailures,
      tts: (account: Account) => azure({ ...account, sdk: own }).tts,
    },
    failures: azureFailures,
    test: synthesise,
  },
]

const version: string = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')).dependencies[
  'microsoft-cognitiveservices-speech-sdk'
]

for (const { row, test } of rows) {
  describe(row.name, () => {
    let fake: FakeAzure

    beforeEach(async () => {
      fake = await createFake().listen()
    })

    afterEach(() => fake.close())

    describe(`its own client ${version}`, () => test(() => fake))

    describe('our adapter', () => testContract(row, () => fake))

    describe('failures', () => {
      const create = 'stt' in row ? row.stt : row.tts
      testFailures(row.failures, () => ({ fake, provider: create({ apiKey: 'sk_0123456789', baseUrl: fake.url }) }))
    })
  })
}

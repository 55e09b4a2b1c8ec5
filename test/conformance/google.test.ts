import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe } from 'vitest'
import { googleRows, testGoogleContract, testGoogleFailures } from '../fixtures/providers/google/rows.js'
import { recogniseV1, recogniseV2, streamingSynthesize, synthesizeSpeech } from './clients/google.js'
import { GoogleServer } from './google-server.js'

// Its client looks for the metadata server of a machine at Google otherwise.
process.env.METADATA_SERVER_DETECTION = 'none'

/** A fake that Google's own client refuses proves nothing. */
const ownClients: Readonly<Record<string, readonly [string, (server: () => GoogleServer) => void]>> = {
  'google stt v1': ['@google-cloud/speech', recogniseV1],
  'google stt v2': ['@google-cloud/speech', recogniseV2],
  'google tts streaming': ['@google-cloud/text-to-speech', streamingSynthesize],
  'google tts unary': ['@google-cloud/text-to-speech', synthesizeSpeech],
}

const versions: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('package.json', import.meta.url), 'utf8'),
).dependencies

for (const row of googleRows) {
  const own = ownClients[row.name]
  if (!own) throw new Error(`ownClients: nothing for '${row.name}'; say what proves its fake`)
  const [name, test] = own
  describe(row.name, () => {
    let server: GoogleServer

    beforeEach(async () => {
      server = await new GoogleServer().listen()
    })

    afterEach(() => server.close())

    describe(`${name} ${versions[name]}`, () => test(() => server))

    describe('our adapter', () => testGoogleContract(row, () => server.bench))

    describe('failures', () => testGoogleFailures(row, () => server.bench))
  })
}

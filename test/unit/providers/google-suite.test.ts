import { beforeEach, describe } from 'vitest'
import { FakeGoogle } from '../../fixtures/providers/google/fake-google.js'
import { InProcessGoogle } from '../../fixtures/providers/google/in-process.js'
import {
  type GoogleBench,
  googleRows,
  testGoogleContract,
  testGoogleFailures,
} from '../../fixtures/providers/google/rows.js'

describe.each(googleRows)('$name', row => {
  let bench: GoogleBench

  beforeEach(() => {
    const fake = new FakeGoogle()
    const reached = new InProcessGoogle(fake)
    const unreachable = new InProcessGoogle(fake)
    unreachable.channelState = 3
    bench = {
      fake,
      options: { stt: { sdk: reached.stt }, tts: { sdk: reached.tts } },
      unreachable: { stt: { sdk: unreachable.stt }, tts: { sdk: unreachable.tts } },
    }
  })

  testGoogleContract(row, () => bench)
  testGoogleFailures(row, () => bench)
})

import { describe, expect, it } from 'vitest'
import { type SuiteApi, speak, sttProviderSuite, ttsProviderSuite } from '../../../src/testing/index.js'
import { format, obedientStt, obedientTts, type SttFlaw, type TtsFlaw } from './obedient-providers.js'

const speech = speak('good morning', format)
const words = ['good', 'morning']
const settleMs = 5

sttProviderSuite(
  { describe, it, expect },
  {
    name: 'an obedient recogniser',
    create: () => obedientStt(),
    createFailing: () => obedientStt(undefined, true),
    format,
    speech,
    words,
    settleMs,
  },
)

ttsProviderSuite(
  { describe, it, expect },
  {
    name: 'an obedient synthesiser',
    create: () => obedientTts(),
    createFailing: () => obedientTts(undefined, true),
    format,
    settleMs,
  },
)

/** Runs a suite on the side and returns the names of its tests that fail. */
async function failures(define: (api: SuiteApi) => void): Promise<string[]> {
  const tests: { name: string; run: () => Promise<void> }[] = []
  define({ describe: (_name, body) => body(), it: (name, run) => tests.push({ name, run }), expect })
  const failed = await Promise.all(
    tests.map(({ name, run }) =>
      run().then(
        () => [],
        () => [name],
      ),
    ),
  )
  return failed.flat()
}

describe('the suite for recognisers', () => {
  const caught: [SttFlaw, string][] = [
    ['opens twice', 'opens once'],
    ['opens after a refusal', 'reports a connection that fails'],
    ['closes twice', 'bears every call after'],
    ['keeps the bytes of push', 'hears what is said'],
    ['takes empty audio for full', 'ignores empty audio'],
    ['never answers finalize', 'answers finalize'],
    ['answers finalize before the words', 'answers finalize'],
    ['loses the last words', 'gives the last words'],
    ['tells times beyond the audio', 'gives times within'],
    ['talks after abort', 'aborted in the middle'],
    ['ignores its signal', 'closes when its signal'],
    ['throws after it has closed', 'bears every call after'],
  ]
  it.each(caught)('catches one that %s', async (flaw, test) => {
    const failed = await failures(api =>
      sttProviderSuite(api, {
        name: flaw,
        create: () => obedientStt(flaw),
        createFailing: () => obedientStt(flaw, true),
        format,
        speech,
        words,
        settleMs,
        timeoutMs: 150,
      }),
    )
    expect(failed.some(name => name.includes(test))).toBe(true)
  })
})

describe('the suite for synthesisers', () => {
  const caught: [TtsFlaw, string][] = [
    ['opens twice', 'opens once'],
    ['cuts samples in two', 'whole samples'],
    ['reuses its buffer', 'gives its audio away'],
    ['forgets the beginning of a text', 'joins the pieces'],
    ['speaks only at the end', 'joins the pieces'],
    ['speaks silence for no text', 'nothing to say'],
    ['mixes contexts up', 'keeps contexts apart'],
    ['times beyond the audio', 'times words'],
    ['is done twice', 'says once that it is done'],
    ['goes on after cancel', 'falls silent'],
    ['goes on twice after a pause', 'goes on where it stopped'],
    ['drops what it has at close', 'speaks what it was given'],
    ['talks after abort', 'aborted while speaking'],
    ['ignores its signal', 'closes when its signal'],
  ]
  it.each(caught)('catches one that %s', async (flaw, test) => {
    const failed = await failures(api =>
      ttsProviderSuite(api, {
        name: flaw,
        create: () => obedientTts(flaw),
        createFailing: () => obedientTts(flaw, true),
        format,
        settleMs,
        timeoutMs: 400,
      }),
    )
    expect(failed.some(name => name.includes(test))).toBe(true)
  })
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FailureClass } from '../../../src/providers/contracts.js'
import type { ScriptedSttOptions, SttFault } from '../../../src/testing/scripted-stt.js'
import { Call, Handler, stt } from './harness.js'

// Whatever happens to the providers, the words delivered are the words spoken: once, in order, in session time.

const failures: readonly FailureClass[] = ['connection', 'rate', 'lifetime', 'idle']

const recogniser: fc.Arbitrary<ScriptedSttOptions> = fc.record({
  cumulative: fc.boolean(),
  latencyMs: fc.constantFrom(0, 120, 500),
  delayMs: fc.constantFrom(0, 60, 240),
  finalizeGives: fc.constantFrom('final', 'speech-final'),
  capabilities: fc.record({
    interims: fc.boolean(),
    endpointing: fc.boolean(),
    speechStarted: fc.boolean(),
    finalize: fc.constantFrom('ack', 'best-effort', 'none'),
    chunkMs: fc.constantFrom({ min: 20, ideal: 40, max: 1000 }, { min: 50, ideal: 100, max: 1000 }),
    maxRealtimeFactor: fc.constantFrom(1.25, 2, 8),
    maxSessionMs: fc.constantFrom(undefined, 20_000),
  }),
})

const fault: fc.Arbitrary<SttFault> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc.record({ closeAfterMs: fc.integer({ min: 0, max: 6000 }), closeWith: fc.constantFrom(...failures) }),
  },
  { weight: 1, arbitrary: fc.record({ refuse: fc.constantFrom(...failures) }) },
  { weight: 1, arbitrary: fc.record({ opens: fc.integer({ min: 0, max: 3000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      blockAfterMs: fc.integer({ min: 0, max: 3000 }),
      drainAfterMs: fc.integer({ min: 0, max: 2000 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ repeatsFinals: true, closesTwice: true, closeAfterMs: 2000 }) },
  { weight: 1, arbitrary: fc.constant({ throws: ['push' as const] }) },
  { weight: 1, arbitrary: fc.constant({ opens: 'never' as const }) },
  { weight: 1, arbitrary: fc.record({ deafAfterMs: fc.integer({ min: 0, max: 3000 }) }) },
)

type Step =
  | { readonly do: 'say'; readonly words: number }
  | { readonly do: 'quiet' | 'pass' | 'away'; readonly ms: number }
  | { readonly do: 'fail'; readonly failure: FailureClass }
  | { readonly do: 'finalize' | 'boundary' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('say' as const), words: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('quiet' as const), ms: fc.integer({ min: 10, max: 120 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 2000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('away' as const), ms: fc.integer({ min: 1, max: 9000 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('fail' as const), failure: fc.constantFrom(...failures) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('finalize' as const, 'boundary' as const) }) },
)

describe('any interleaving of speech, failures and recoveries', () => {
  it('delivers the words that were spoken', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ recogniser, faults: fc.array(fault, { maxLength: 4 }) }), { minLength: 1, maxLength: 3 }),
        fc.array(step, { minLength: 1, maxLength: 25 }),
        fc.constantFrom('auto' as const, 'manual' as const),
        play,
      ),
      { numRuns: 150 },
    )
  }, 60_000)
})

function play(
  candidates: readonly { readonly recogniser: ScriptedSttOptions; readonly faults: readonly SttFault[] }[],
  steps: readonly Step[],
  mode: 'auto' | 'manual',
): void {
  const handler = new Handler()
  let deaf = 0
  const providers = candidates.map(({ recogniser, faults }, index) => {
    const kept = faults.filter(({ deafAfterMs }) => {
      // Deafness to a few words shows only where an answer is due; two deaf ones in a row prove each other right.
      const answers = recogniser.capabilities?.finalize === 'ack' && mode === 'auto'
      return deafAfterMs === undefined || (answers && ++deaf === 1)
    })
    return stt(`p${index}`, handler, { ...recogniser, faults: kept })
  })
  const call = new Call(providers, { handler, turns: { mode } })
  const spoken: string[] = []
  call.uplink.start()
  call.quiet(400)
  for (const step of steps) {
    switch (step.do) {
      case 'say': {
        const words = Array.from({ length: step.words }, (_, i) => `w${spoken.length + i}`)
        spoken.push(...words)
        call.say(words.join(' '))
        // No recogniser finds a place for a final in speech without a pause.
        call.quiet(220)
        break
      }
      case 'quiet':
        call.quiet(step.ms * 20)
        break
      case 'pass':
        call.pass(step.ms)
        break
      case 'away':
        call.uplink.detach()
        call.pass(step.ms)
        call.uplink.attach()
        break
      case 'fail':
        for (const provider of providers) for (const stream of provider.connections) stream.fail(step.failure)
        break
      case 'finalize':
        call.uplink.finalize()
        break
      case 'boundary':
        call.uplink.turnBoundary()
        break
    }
  }
  // Time to recover, and silence to end what was said.
  call.quiet(12_000)
  call.uplink.finalize()
  call.quiet(2000)
  call.pass(60_000)
  expect(call.words).toBe(spoken.join(' '))
  if (mode === 'auto') expect(call.turns.join(' ').replace(/ +/g, ' ').trim()).toBe(spoken.join(' '))
  const times = call.finals.flatMap(final => [final.startMs, final.endMs])
  expect(times).toEqual([...times].sort((a, b) => a - b))
  const utterances = call.transcripts.map(transcript => transcript.utterance)
  expect(utterances).toEqual([...utterances].sort((a, b) => a - b))
  expect(call.gaps).toEqual([])
  call.uplink.close()
  handler.clock.advance(20_000)
  call.close()
}

import { ManualClock, ScriptedStt, type TestCall } from '../../src/testing/index.js'
import type { Row } from '../report.js'
import { maximum } from '../statistics.js'
import { difference, ScriptedServer, sayInto, spoken, wordsOf } from './scripted-call.js'

const sessions = 200
const downMs = 10_000
const words = Array.from({ length: 40 }, (_, at) => `word${at}`)

/** The only recogniser goes away for 10 s while 200 sessions speak. */
export async function providerDown(): Promise<Row[]> {
  const clock = new ManualClock()
  const attemptsAt: number[] = []
  let backAtMs = Number.NEGATIVE_INFINITY
  const stt = new ScriptedStt({
    clock,
    faults: () => {
      if (clock.now() >= backAtMs) return {}
      attemptsAt.push(clock.now())
      return { refuse: 'connection' }
    },
  })
  let logged = 0
  const count = () => void logged++
  const server = new ScriptedServer(clock, { stt: [stt], logger: { debug() {}, info() {}, warn: count, error: count } })
  const calls: TestCall[] = []
  while (calls.length < sessions) calls.push(await server.call())
  for (const call of calls) await call.expect('ready')

  const goesDownMs = clock.now() + 3000
  const recoveredMs = new Map<TestCall, number>()
  clock.after(3000, () => {
    backAtMs = goesDownMs + downMs
    for (const stream of stt.connections) stream.fail()
  })
  clock.after(3000 + downMs, () => {
    const stopWatching = clock.every(100, () => {
      for (const call of calls) {
        if (!recoveredMs.has(call) && call.of('state').at(-1)?.state === 'active') recoveredMs.set(call, clock.now())
      }
      if (recoveredMs.size === calls.length) stopWatching()
    })
  })
  // 16 s of speech, then time to catch up.
  await sayInto(clock, calls, spoken(words.join(' '), 12_000))

  const differences = calls.map(call => difference(words, wordsOf(call)))
  const errors = maximum(calls.map(call => call.of('error').length))
  await server.voice.close()
  return [
    {
      name: `provider down 10 s, ${sessions} sessions: attempts`,
      value: attemptsAt.length / sessions,
      unit: 'per session',
      target: '<= 10',
    },
    { name: 'provider down: busiest second', value: busiestSecond(attemptsAt), unit: 'attempts' },
    {
      name: 'provider down: sessions recovered',
      value: recoveredMs.size,
      unit: `of ${sessions}`,
      target: `>= ${sessions}`,
    },
    {
      name: 'provider down: last of them, after it is back',
      value: maximum([...recoveredMs.values()]) - backAtMs,
      unit: 'ms',
    },
    { name: 'provider down: errors told to a client, at most', value: errors, unit: 'errors', target: '<= 1' },
    {
      name: 'provider down: lines logged, all sessions',
      value: logged,
      unit: `for ${attemptsAt.length} failures`,
      target: `<= ${attemptsAt.length + 2 * sessions}`,
    },
    {
      name: 'provider down: words lost or doubled',
      value: differences.reduce((sum, { lost, doubled }) => sum + lost + doubled, 0),
      unit: `of ${sessions * words.length}`,
      target: '<= 0',
    },
  ]
}

function busiestSecond(times: readonly number[]): number {
  return maximum(times.map((from, at) => times.slice(at).filter(ms => ms < from + 1000).length))
}

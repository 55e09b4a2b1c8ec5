import { ManualClock, ScriptedStt } from '../../src/testing/index.js'
import type { Row } from '../report.js'
import { difference, finalsOf, ScriptedServer, sayInto, spoken, wordsOf } from './scripted-call.js'

const sentence = 'one two three four five six seven eight nine ten eleven twelve'

/** A fails, B fails, C serves, all within one utterance and at ever other moments of it. */
export async function chain(): Promise<Row[]> {
  let runs = 0
  let lost = 0
  let doubled = 0
  let backwards = 0
  let outOfSession = 0
  for (let firstMs = 300; firstMs <= 2300; firstMs += 250) {
    for (let secondMs = 200; secondMs <= 2200; secondMs += 330) {
      const clock = new ManualClock()
      const names = ['a', 'b', 'c']
      const [a, b, c] = names.map((name, at) => {
        const closeAfterMs = [firstMs, secondMs][at]
        return new ScriptedStt({
          name,
          clock,
          faults: connection => {
            if (closeAfterMs === undefined) return {}
            return connection === 0 ? { closeAfterMs } : { refuse: connection === 1 ? 'connection' : 'auth' }
          },
        })
      })
      const server = new ScriptedServer(clock, { stt: [a!, b!, c!] })
      const call = await server.call()
      await call.expect('ready')
      await sayInto(clock, [call], spoken(sentence, 4000))
      const words = difference(sentence.split(' '), wordsOf(call))
      lost += words.lost
      doubled += words.doubled
      const times = finalsOf(call).flatMap(({ start_ms, end_ms }) => [Number(start_ms), Number(end_ms)])
      backwards += times.filter((ms, at) => at > 0 && ms < times[at - 1]!).length
      // Each word lasts 260 ms and is followed by 140 ms of quiet.
      const heard = finalsOf(call).flatMap(({ words = [] }) => words as { text: string; start_ms: number }[])
      outOfSession += heard.filter(({ start_ms }, at) => Math.abs(start_ms - 400 * at) > 1).length
      runs++
      await server.voice.close()
    }
  }
  return [
    { name: 'A to B to C within an utterance: words lost', value: lost, unit: `of ${12 * runs}`, target: '<= 0' },
    { name: 'A to B to C within an utterance: words doubled', value: doubled, unit: `of ${12 * runs}`, target: '<= 0' },
    { name: 'A to B to C: times that go backwards', value: backwards, unit: `in ${runs} runs`, target: '<= 0' },
    {
      name: 'A to B to C: words not where they were in the session',
      value: outOfSession,
      unit: `of ${12 * runs}`,
      target: '<= 0',
    },
  ]
}

import { fork } from 'node:child_process'
import type { Interruption, ServerLoad } from './bargein/server.js'
import type { BargeIn, TalkersTask, Way } from './bargein/talkers.js'
import { messageOf, stopped } from './children.js'
import type { BenchOptions, Row } from './report.js'
import { maximum, median } from './statistics.js'

const sessions = 200

interface Measured {
  readonly bargeIns: readonly BargeIn[]
  readonly interruptions: ReadonlyMap<string, Interruption>
  readonly load: ServerLoad
}

/**
 * How fast bots fall silent when they are interrupted, on a server where 200 of them talk: from the decision to the last
 * audio that leaves the server, and as the client sees it, from the sound that must lead to it. Below zero: the last
 * audio, of which there is some every 100 ms, had left before.
 */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  const { bargeIns, interruptions, load } = await measure(quick ? 20 : 50)
  const pairs = bargeIns.flatMap(bargeIn => {
    const interruption = interruptions.get(bargeIn.utteranceId)
    return interruption ? [{ bargeIn, interruption }] : []
  })
  const heard = pairs.map(({ bargeIn }) => bargeIn)
  const left = pairs.map(({ interruption: { lastAudioLeftAtMs, decidedAtMs } }) => lastAudioLeftAtMs - decidedAtMs)
  const rounds = bargeIns.length
  return [
    { name: 'barge-ins that stopped the bot', value: pairs.length, unit: `of ${rounds}`, target: `>= ${rounds}` },
    {
      name: `decision to last audio leaving the server, median (${sessions} sessions talk)`,
      value: median(left),
      unit: 'ms',
      target: '<= 60',
      rounds,
    },
    { name: 'decision to last audio leaving the server, slowest', value: maximum(left), unit: 'ms', rounds },
    {
      name: 'audio messages of the utterance after the decision, all barge-ins',
      value: pairs.reduce((sum, { interruption }) => sum + interruption.audioAfterDecision, 0),
      unit: 'messages',
      target: '<= 0',
      rounds,
    },
    {
      name: 'decision to clear leaving the server, median',
      value: median(pairs.map(({ interruption: { clearAtMs, decidedAtMs } }) => clearAtMs - decidedAtMs)),
      unit: 'ms',
      rounds,
    },
    ...clientRows('voice', heard),
    ...clientRows('words', heard),
    {
      name: 'audio messages that a client got after clear',
      value: bargeIns.reduce((sum, { audioAfterClear }) => sum + audioAfterClear, 0),
      unit: 'messages',
      target: '<= 0',
      rounds,
    },
    { name: 'server meanwhile: event-loop delay p99', value: load.delayP99Ms, unit: 'ms' },
    { name: 'server meanwhile: CPU', value: 100 * load.cpu, unit: '% of a core' },
  ]
}

/** From the moment at which the sound that decides had been sent. Below zero: no audio came any more after it. */
function clientRows(way: Way, bargeIns: readonly BargeIn[]): Row[] {
  const those = bargeIns.filter(bargeIn => bargeIn.way === way)
  const clears = those.map(({ clearAtMs, decidingAtMs }) => clearAtMs - decidingAtMs)
  const audio = those.map(({ lastAudioAtMs, decidingAtMs }) => lastAudioAtMs - decidingAtMs)
  const sound = way === 'voice' ? '200 ms of voice' : 'two words'
  const rounds = those.length
  return [
    { name: `client, ${sound} sent until the last audio arrives, median`, value: median(audio), unit: 'ms', rounds },
    { name: `client, ${sound} sent until clear arrives, median`, value: median(clears), unit: 'ms', rounds },
    { name: `client, ${sound} sent until clear arrives, slowest`, value: maximum(clears), unit: 'ms', rounds },
  ]
}

async function measure(count: number): Promise<Measured> {
  const server = fork(new URL('./bargein/server.js', import.meta.url))
  const { port } = await messageOf<{ readonly port: number }>(server, 'port')
  const talkers = fork(new URL('./bargein/talkers.js', import.meta.url))
  try {
    await messageOf(talkers, 'ready')
    talkers.send({ port, sessions, bargeIns: count } satisfies TalkersTask)
    await messageOf(talkers, 'talking')
    server.send('measure')
    const { bargeIns } = await messageOf<{ readonly bargeIns: readonly BargeIn[] }>(talkers, 'bargeIns')
    const answered = messageOf<{ readonly interruptions: readonly Interruption[]; readonly load: ServerLoad }>(
      server,
      'interruptions',
    )
    server.send('report')
    const { interruptions, load } = await answered
    return { bargeIns, load, interruptions: new Map(interruptions.map(one => [one.utteranceId, one])) }
  } finally {
    await Promise.all([stopped(server), stopped(talkers)])
  }
}

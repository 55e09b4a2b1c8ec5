import { fork } from 'node:child_process'
import type { Interruption, ServerLoad } from './bargein/server.js'
import type { BargeIn, TalkersTask, Way } from './bargein/talkers.js'
import { messageOf, stopped } from './children.js'
import type { BenchOptions, Row } from './report.js'
import { maximum, median } from './statistics.js'

const sessions = 200
/**
 * When the sound that decides leaves the client, from the first of it on: the tenth frame of voice, or the first frame
 * after two words of 260 ms with a pause of 140 ms between them.
 */
const dueMs: Readonly<Record<Way, number>> = { voice: 180, words: 660 }

interface Measured {
  readonly bargeIns: readonly BargeIn[]
  readonly interruptions: ReadonlyMap<string, Interruption>
  readonly load: ServerLoad
}

/**
 * How fast bots fall silent when they are interrupted, on a server where 200 of them talk: from the decision to the last
 * audio that leaves the server, and as the client sees it, from the sound that must lead to it.
 */
export async function run({ quick }: BenchOptions): Promise<Row[]> {
  const { bargeIns, interruptions, load } = await measure(quick ? 20 : 50)
  const pairs = bargeIns.flatMap(bargeIn => {
    const interruption = interruptions.get(bargeIn.utteranceId)
    return interruption ? [{ bargeIn, interruption }] : []
  })
  const heard = pairs.map(({ bargeIn }) => bargeIn)
  const lastAudio = pairs.map(({ interruption: { lastAudioAtMs, decidedAtMs } }) => lastAudioAtMs - decidedAtMs)
  const rounds = bargeIns.length
  return [
    { name: 'barge-ins that stopped the bot', value: pairs.length, unit: `of ${rounds}`, target: `>= ${rounds}` },
    {
      name: `decision to last audio leaving the server, median (${sessions} sessions talk)`,
      value: Math.max(0, median(lastAudio)),
      unit: 'ms',
      target: '<= 60',
      rounds,
    },
    { name: 'decision to last audio, slowest', value: Math.max(0, maximum(lastAudio)), unit: 'ms', rounds },
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

/** From the moment at which the sound that decides had been sent. */
function clientRows(way: Way, bargeIns: readonly BargeIn[]): Row[] {
  const stops = bargeIns
    .filter(bargeIn => bargeIn.way === way)
    .map(({ clearAtMs, voiceAtMs }) => clearAtMs - voiceAtMs - dueMs[way])
  const sound = way === 'voice' ? '200 ms of voice' : 'two words'
  const rounds = stops.length
  return [
    { name: `client, ${sound} sent until clear arrives, median`, value: median(stops), unit: 'ms', rounds },
    { name: `client, ${sound} sent until clear arrives, slowest`, value: maximum(stops), unit: 'ms', rounds },
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

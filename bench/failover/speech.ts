import { ManualClock, ScriptedTts, textOf } from '../../src/testing/index.js'
import type { Row } from '../report.js'
import { maximum } from '../statistics.js'
import { ScriptedServer } from './scripted-call.js'

const sentences = [
  'The first sentence is here to be heard.',
  'The second one is somewhat longer than the first one was.',
  'A third one follows after that.',
  'And the fourth sentence is the last one of them all.',
] as const
const speech = sentences.join(' ')
/** The scripted synthesiser takes so long over a character. */
const msPerChar = 50

interface Outcome {
  /** Letters that were never heard. */
  readonly missing: number
  /** Words of which something was heard twice. */
  readonly again: number
  /** Sentences heard twice from beginning to end. */
  readonly twice: number
}

/** The synthesiser dies half way through what it was to say; another connection says the rest. */
export async function interruptedSpeech(): Promise<Row[]> {
  const rows: Row[] = []
  for (const alignment of ['word', 'char', 'none'] as const) {
    const outcomes: Outcome[] = []
    const wholeMs = speech.length * msPerChar
    for (let atMs = 0.3 * wholeMs; atMs < 0.7 * wholeMs; atMs += 100) outcomes.push(await spoken(alignment, atMs))
    rows.push(...rowsOf(alignment, outcomes))
  }
  return rows
}

async function spoken(alignment: 'word' | 'char' | 'none', closeAtMs: number): Promise<Outcome> {
  const clock = new ManualClock()
  const tts = new ScriptedTts({
    clock,
    alignment,
    msPerChar,
    fault: connection => (connection === 0 ? { closeAtMs } : undefined),
  })
  let say = (): Promise<unknown> => Promise.reject(new Error('there is no session'))
  const server = new ScriptedServer(clock, {
    tts: [tts],
    onSession: session => {
      say = () => session.say(speech).done
    },
  })
  const call = await server.call()
  await call.expect('ready')
  let done = false
  void say().then(() => {
    done = true
  })
  for (let waitedMs = 0; !done && waitedMs < 60_000; waitedMs += 500) await call.advance(500)
  await server.voice.close()
  const heard = textOf(Buffer.concat(call.peer.received.filter(data => typeof data !== 'string')))
  return { ...overlapOf(heard), twice: sentences.filter(sentence => heard.split(sentence).length > 2).length }
}

function rowsOf(alignment: 'word' | 'char' | 'none', outcomes: readonly Outcome[]): Row[] {
  const name = `synthesiser killed half way, ${alignment === 'none' ? 'no times' : `${alignment} times`}`
  const rounds = outcomes.length
  const segment = maximum(sentences.map(sentence => sentence.split(' ').length))
  const timed = alignment !== 'none'
  return [
    {
      name: `${name}: letters never heard`,
      value: maximum(outcomes.map(({ missing }) => missing)),
      unit: `of ${lettersOf(speech).length}`,
      target: '<= 0',
      rounds,
    },
    {
      name: `${name}: words heard again, at most`,
      value: maximum(outcomes.map(({ again }) => again)),
      unit: 'words',
      target: `<= ${timed ? 1 : segment}`,
      rounds,
    },
    {
      // Without times nobody knows that all of a sentence came when it died just before it said so.
      name: `${name}: kills after which a whole sentence came again`,
      value: outcomes.filter(({ twice }) => twice > 0).length,
      unit: `of ${rounds}`,
      target: timed ? '<= 0' : undefined,
      rounds,
    },
  ]
}

/**
 * What was heard is a beginning of the speech and an end of it: what lies between the two is missing, what belongs to
 * both was heard twice.
 */
function overlapOf(heard: string): Pick<Outcome, 'missing' | 'again'> {
  const expected = lettersOf(speech)
  const letters = lettersOf(heard)
  const before = commonStart(expected, letters)
  const after = expected.length - commonStart(reversed(expected), reversed(letters))
  let wordStart = 0
  let again = 0
  for (const word of speech.split(' ').map(lettersOf)) {
    if (wordStart < before && wordStart + word.length > after && letters.length > expected.length) again++
    wordStart += word.length
  }
  return { missing: Math.max(0, after - before), again }
}

function commonStart(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

/** The space between two words is lost where speech begins again, and full stops are all alike. */
function lettersOf(text: string): string {
  return text.replaceAll(/[ .]/g, '')
}

function reversed(text: string): string {
  return [...text].reverse().join('')
}

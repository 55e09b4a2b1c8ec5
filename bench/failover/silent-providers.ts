import { ManualClock, ScriptedStt, ScriptedTts } from '../../src/testing/index.js'
import type { Row } from '../report.js'
import { ScriptedServer, sayInto, spoken, wordsOf } from './scripted-call.js'

const words = Array.from({ length: 40 }, (_, at) => `word${at}`)
const limitMs = 6000

/** Providers that take everything and give nothing: sockets open, no error. */
export async function silentProviders(): Promise<Row[]> {
  return [...(await deafRecogniser()), ...(await muteSynthesiser())]
}

/** From the first sound of speech to the moment another recogniser gets it. */
async function deafRecogniser(): Promise<Row[]> {
  const clock = new ManualClock()
  const deaf = new ScriptedStt({ name: 'deaf', clock, faults: () => ({ deafAfterMs: 0 }) })
  const other = new ScriptedStt({ name: 'other', clock })
  const server = new ScriptedServer(clock, { stt: [deaf, other] })
  const call = await server.call()
  await call.expect('ready')
  const beganMs = clock.now()
  let servedMs = Number.POSITIVE_INFINITY
  const stopWatching = clock.every(10, () => {
    if (other.connections.some(({ receivedMs }) => receivedMs > 0)) servedMs = Math.min(servedMs, clock.now())
  })
  await sayInto(clock, [call], spoken(words.join(' '), 3000))
  stopWatching()
  const lost = words.filter(word => !wordsOf(call).includes(word)).length
  await server.voice.close()
  return [
    { name: 'deaf recogniser: speech to replacement', value: servedMs - beganMs, unit: 'ms', target: `<= ${limitMs}` },
    { name: 'deaf recogniser: words lost', value: lost, unit: `of ${words.length}`, target: '<= 0' },
  ]
}

/** From the text to the first sound of another synthesiser at the client. */
async function muteSynthesiser(): Promise<Row[]> {
  const clock = new ManualClock()
  const mute = new ScriptedTts({ name: 'mute', clock, fault: () => ({ muteAtMs: 0 }) })
  const other = new ScriptedTts({ name: 'other', clock })
  let say = (_: string): unknown => undefined
  const server = new ScriptedServer(clock, {
    tts: [mute, other],
    onSession: session => {
      say = text => session.say(text)
    },
  })
  const call = await server.call()
  await call.expect('ready')
  const beganMs = clock.now()
  say('Somebody should say this soon.')
  while (call.peer.audioBytes === 0 && clock.now() - beganMs < 5 * limitMs) await clock.advanceAsync(10, 10)
  const row: Row = {
    name: 'mute synthesiser: text to first audio of another one',
    value: clock.now() - beganMs,
    unit: 'ms',
    target: `<= ${limitMs}`,
  }
  await server.voice.close()
  return [row]
}

import type { VoiceSession } from '../../src/index.js'
import { pause } from '../children.js'
import { seededRandom } from '../resume/scaled-clock.js'
import { transports } from '../resume/servers.js'
import { Listener } from './listener.js'
import { createSpeakingHandler } from './speaking-handler.js'

const listeners = 12
/** From a crawl to whatever the loopback interface gives. */
const bytesPerSecond = [1e9, 200_000, 60_000, 30_000] as const

export interface ClearTrials {
  /** How often a client was told to drop what it was hearing. */
  readonly clears: number
  /** Binary messages that came between a `clear` and the next utterance. */
  readonly afterClear: number
}

/**
 * Interrupts speech at random moments on links of random speed, at least `wanted` times: by the user's words, by the
 * client, by the application, with and without more speech that waits behind what is heard.
 */
export async function clearTrials(transport: string, wanted: number, seed: number): Promise<ClearTrials> {
  const random = seededRandom(seed)
  const { voice, sessions } = createSpeakingHandler()
  const server = await transports[transport]!(voice)
  const all = Array.from({ length: listeners }, (_, i) => {
    const path = `/voice?id=${i}&tts=24000&ms=4000&interruptible`
    const rate = bytesPerSecond[i % bytesPerSecond.length]!
    const common = { speaks: 'voice.v1', sampleRates: [24_000] } as const
    return new Listener({ id: String(i), port: server.port, path, bytesPerSecond: rate, ...common })
  })
  const clears = () => all.reduce((sum, { clears }) => sum + clears, 0)
  const deadlineMs = performance.now() + 120_000
  await Promise.all(
    all.map(async (listener, i) => {
      for (let before = ''; clears() < wanted && performance.now() < deadlineMs; before = listener.hears) {
        await until(() => listener.hears !== before)
        await pause(random() * 150)
        const session = sessions.get(String(i))
        if (session) interrupt(session, listener, random)
      }
    }),
  )
  await pause(500)
  const afterClear = all.reduce((sum, listener) => sum + listener.finish().afterClear, 0)
  await voice.close()
  server.close()
  return { clears: clears(), afterClear }
}

function interrupt(session: VoiceSession, listener: Listener, random: () => number): void {
  const says = () => session.say(`This is part ${Math.floor(random() * 100)} of another speech.`)
  if (random() < 0.5) says()
  const how = random()
  if (how < 0.4) session.interrupt()
  else listener.send({ type: 'clear', ...(how < 0.7 && { utterance_id: listener.hears }) })
  setTimeout(says, random() * 20)
}

/** Waits for it, at most two seconds. */
async function until(condition: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < 2000 && !condition(); waitedMs += 5) await pause(5)
}

import { createVoiceHandler, type VoiceHandler, type VoiceHandlerOptions } from '../../src/index.js'
import { type ManualClock, silence, speak, startTestCall, type TestCall } from '../../src/testing/index.js'
import { silentLogger } from '../../src/util/logger.js'
import { seededRandom } from '../resume/scaled-clock.js'

const format = { encoding: 'linear16', sampleRate: 16_000, channels: 1 } as const
const frameMs = 20
const frameBytes = 640

type Providers = Pick<VoiceHandlerOptions<string, undefined>, 'stt' | 'tts' | 'logger' | 'agent' | 'onSession'>

/** A handler on a clock of its own, on which time passes only when it is told to. */
export class ScriptedServer {
  readonly clock: ManualClock
  readonly voice: VoiceHandler<string, undefined>

  constructor(clock: ManualClock, providers: Providers) {
    this.clock = clock
    this.voice = createVoiceHandler({
      authenticate: () => 'bench',
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      ...providers,
    })
  }

  /** The client plays what the scripted synthesisers make, so that it can be read off. */
  call(): Promise<TestCall> {
    return startTestCall(this.voice, { clock: this.clock, config: { tts_config: { sample_rate: 16_000 } } })
  }
}

/** The words, and after them the quiet of a room. */
export function spoken(words: string, quietMs: number): Uint8Array {
  return Buffer.concat([speak(words, format), silence(quietMs, format)])
}

/** Gives every call the same audio in real time, a frame every 20 ms. */
export async function sayInto(clock: ManualClock, calls: readonly TestCall[], audio: Uint8Array): Promise<void> {
  for (let at = 0; at < audio.length; at += frameBytes) {
    for (const call of calls) call.sendAudio(audio.subarray(at, at + frameBytes))
    await clock.advanceAsync(frameMs)
  }
}

/** Every final so far. */
export function finalsOf(call: TestCall): readonly Readonly<Record<string, unknown>>[] {
  return call.of('stt_result').filter(({ is_final, transcript }) => is_final && transcript !== '')
}

export function wordsOf(call: TestCall): string[] {
  return finalsOf(call).flatMap(({ transcript }) => String(transcript).split(' '))
}

export interface Difference {
  readonly lost: number
  readonly doubled: number
}

/** What `heard` lacks of `said`, in which no word comes twice, and what it has beyond it. */
export function difference(said: readonly string[], heard: readonly string[]): Difference {
  const lost = said.filter(word => !heard.includes(word)).length
  return { lost, doubled: heard.length - (said.length - lost) }
}

// Clients in a process of their own. All send what their microphones hear, play what they get and report it; one after
// the other interrupts the bot.
import { WebSocket } from 'ws'
import { silence, speak } from '../../src/testing/index.js'
import { TestPlayer } from '../../src/testing/test-player.js'

export type Way = 'voice' | 'words'

/** One barge-in as its client sees it; moments by this process's clock. */
export interface BargeIn {
  readonly utteranceId: string
  readonly way: Way
  /** The sound that decides was sent. NaN: it has yet to be. */
  decidingAtMs: number
  /** `clear` arrived: the player is silent from here on. */
  clearAtMs: number
  /** The last audio of the utterance arrived. */
  lastAudioAtMs: number
  audioAfterClear: number
}

export interface TalkersTask {
  readonly port: number
  readonly sessions: number
  readonly bargeIns: number
}

const frameMs = 20
const frameBytes = 640
const format = { encoding: 'linear16', sampleRate: 16_000, channels: 1 } as const
const quiet = silence(frameMs, format)
const words = speak('please stop now', format)
/**
 * How much of the words it takes: 200 ms of voice, or two words of 260 ms with a pause of 140 ms between them and the
 * frame after them.
 */
const decidingMs: Readonly<Record<Way, number>> = { voice: 200, words: 680 }
/** Between two barge-ins, of different clients. */
const everyMs = 200
/** How long a bot must have been heard before it is interrupted. */
const heardMs = 1500

class Talker {
  readonly way: Way
  readonly ready: Promise<void>
  private bargeIn: BargeIn | undefined
  private readonly socket: WebSocket
  private readonly player: TestPlayer
  private utteranceId: string | undefined
  private startedAtMs = 0
  /** Of the words, while they are being said. */
  private at = words.length
  private lastAudioAtMs = 0

  constructor(port: number, way: Way) {
    this.way = way
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/voice`, 'voice.v1', { perMessageDeflate: false })
    this.player = new TestPlayer(message => this.socket.send(JSON.stringify(message)))
    this.socket.on('open', () => this.socket.send(JSON.stringify({ type: 'config', metadata: { way } })))
    this.ready = new Promise((resolve, reject) => {
      this.socket.on('message', (data: Buffer, isBinary) => {
        if (isBinary) return this.audio(data)
        const text = data.toString()
        const message = JSON.parse(text)
        if (message.type === 'ready') resolve()
        if (message.type === 'tts_start') this.begin(message.utterance_id)
        if (message.type === 'clear') this.cleared(message.through)
        this.player.receive(text)
      })
      this.socket.on('close', code => reject(new Error(`a client was sent away: ${code}`)))
      this.socket.on('error', reject)
    })
  }

  /** A bot is being heard, and has been for a while. */
  get interruptible(): boolean {
    return this.utteranceId !== undefined && !this.speaking && performance.now() - this.startedAtMs > heardMs
  }

  /** Resolves when the bot has stopped, or with what there is after 5 s. */
  async interrupt(): Promise<BargeIn> {
    this.at = 0
    for (let waitedMs = 0; waitedMs < 5000; waitedMs += everyMs) {
      await pause(everyMs)
      if (this.bargeIn && Number.isFinite(this.bargeIn.clearAtMs)) break
    }
    return this.bargeIn!
  }

  tick(): void {
    if (this.speaking) {
      if (this.at === 0) this.beginVoice()
      this.socket.send(words.subarray(this.at, this.at + frameBytes))
      this.at += frameBytes
      if (this.at === (decidingMs[this.way] / frameMs) * frameBytes) this.bargeIn!.decidingAtMs = performance.now()
    } else this.socket.send(quiet)
    this.player.play(frameMs)
  }

  end(): void {
    this.socket.terminate()
  }

  private get speaking(): boolean {
    return this.at < words.length
  }

  private begin(utteranceId: string): void {
    this.utteranceId = utteranceId
    this.startedAtMs = performance.now()
  }

  private beginVoice(): void {
    const { utteranceId = '', way } = this
    this.bargeIn = {
      utteranceId,
      way,
      decidingAtMs: Number.NaN,
      clearAtMs: Number.NaN,
      lastAudioAtMs: Number.NaN,
      audioAfterClear: 0,
    }
  }

  private audio(data: Buffer): void {
    this.lastAudioAtMs = performance.now()
    this.player.receive(data)
    if (this.utteranceId === undefined && this.bargeIn) this.bargeIn.audioAfterClear++
  }

  private cleared(through: string): void {
    this.utteranceId = undefined
    if (this.bargeIn?.utteranceId !== through) return
    this.bargeIn.clearAtMs = performance.now()
    this.bargeIn.lastAudioAtMs = this.lastAudioAtMs
  }
}

async function run({ port, sessions, bargeIns }: TalkersTask): Promise<void> {
  const talkers: Talker[] = []
  // Microphones are not in step: each tick serves a tenth of them.
  const groups = 10
  let ticks = 0
  const beganMs = performance.now()
  const timer = setInterval(() => {
    for (; ticks < ((performance.now() - beganMs) * groups) / frameMs; ticks++) {
      for (let at = ticks % groups; at < talkers.length; at += groups) talkers[at]!.tick()
    }
  }, frameMs / groups)
  while (talkers.length < sessions) {
    const batch = Array.from({ length: 10 }, (_, at) => new Talker(port, at % 2 === 0 ? 'voice' : 'words'))
    await Promise.all(batch.map(talker => talker.ready))
    talkers.push(...batch)
  }
  await pause(2 * heardMs)
  process.send?.({ talking: true })
  const done: BargeIn[] = []
  for (let at = 0; done.length < bargeIns; at++) {
    const talker = talkers[at % talkers.length]!
    if (!talker.interruptible) {
      await pause(frameMs)
      continue
    }
    done.push(await talker.interrupt())
    await pause(everyMs)
  }
  clearInterval(timer)
  for (const talker of talkers) talker.end()
  process.send?.({ bargeIns: done }, () => process.disconnect())
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

process.once('message', message => void run(message as TalkersTask))
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })

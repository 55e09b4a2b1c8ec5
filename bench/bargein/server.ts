// The server under test, in a process of its own: bots that never stop talking unless they are interrupted.
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { attachVoice } from '../../adapters/ws.js'
import { Conversation } from '../../src/conversation/conversation.js'
import { createVoiceHandler } from '../../src/index.js'
import { Link } from '../../src/session/link.js'
import { ScriptedStt, ScriptedTts, systemClock } from '../../src/testing/index.js'
import { silentLogger } from '../../src/util/logger.js'
import { unhurried } from '../unhurried.js'

/** One utterance that was interrupted; moments by this process's clock. */
export interface Interruption {
  readonly utteranceId: string
  /** The session learned what made it interrupt: voice of 200 ms, or words. */
  readonly decidedAtMs: number
  /** `clear` was given to the socket. */
  readonly clearAtMs: number
  /** The kernel had taken the last audio of the utterance: it was beyond anybody's reach. */
  lastAudioLeftAtMs: number
  audioAfterDecision: number
}

export interface ServerLoad {
  readonly delayP99Ms: number
  /** Share of one core. */
  readonly cpu: number
}

/** About a minute at the pace of the scripted synthesiser. */
const monologue = 'There is always something more to tell about it, if only somebody listens. '.repeat(16)

const interruptions = new Map<string, Interruption>()
const lastAudioAt = new Map<string, number>()
let decidingSinceMs = Number.NaN
watchDecisions()
watchSockets()

const voice = createVoiceHandler({
  authenticate: () => 'bench',
  logger: silentLogger,
  configure: ({ metadata }) => ({ greeting: monologue, turns: { minWords: metadata.way === 'words' ? 2 : 1 } }),
  stt: [new ScriptedStt({ clock: systemClock })],
  tts: [new ScriptedTts({ clock: systemClock, formats: [{ encoding: 'linear16', sampleRate: 24_000, channels: 1 }] })],
  agent: () => monologue,
  onSession: session => {
    session.on('utterance', ({ result }) => {
      if (result?.outcome === 'completed') session.say(monologue)
    })
  },
})
const server = createServer()
const { wss } = attachVoice(server, unhurried(voice))
const delay = monitorEventLoopDelay({ resolution: 5 })
let sinceMs = 0
let cpu = process.cpuUsage()
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))

process.on('message', message => {
  if (message === 'measure') {
    delay.enable()
    delay.reset()
    cpu = process.cpuUsage()
    sinceMs = performance.now()
    return
  }
  const { user, system } = process.cpuUsage(cpu)
  const load: ServerLoad = {
    delayP99Ms: delay.percentile(99) / 1e6,
    cpu: (user + system) / 1000 / (performance.now() - sinceMs),
  }
  process.send?.({ interruptions: [...interruptions.values()], load }, async () => {
    for (const client of wss.clients) client.terminate()
    await voice.close()
    process.exit(0)
  })
})
process.on('disconnect', () => process.exit(0))

/** The whole way from what the user did to the `clear` is one synchronous chain, which begins in one of these. */
function watchDecisions(): void {
  const { onOnset, onTranscript } = Conversation.prototype
  Conversation.prototype.onOnset = function (...args) {
    decidingSinceMs = performance.now()
    onOnset.apply(this, args)
    decidingSinceMs = Number.NaN
  }
  Conversation.prototype.onTranscript = function (...args) {
    decidingSinceMs = performance.now()
    onTranscript.apply(this, args)
    decidingSinceMs = Number.NaN
  }
}

function watchSockets(): void {
  const { sendAudio, sendMessage } = Link.prototype
  Link.prototype.sendAudio = function (audio, utteranceId) {
    const status = sendAudio.call(this, audio, utteranceId)
    const nowMs = performance.now()
    lastAudioAt.set(utteranceId, nowMs)
    const interruption = interruptions.get(utteranceId)
    if (interruption) {
      interruption.audioAfterDecision++
      noteLeaving(this, interruption, nowMs)
    }
    return status
  }
  Link.prototype.sendMessage = function (message, seq) {
    if (message.type === 'clear') {
      const interruption: Interruption = {
        utteranceId: message.through,
        decidedAtMs: decidingSinceMs,
        clearAtMs: performance.now(),
        lastAudioLeftAtMs: Number.NaN,
        audioAfterDecision: 0,
      }
      interruptions.set(message.through, interruption)
      noteLeaving(this, interruption, lastAudioAt.get(message.through) ?? Number.NaN)
    }
    return sendMessage.call(this, message, seq)
  }
}

/** Audio that was given to the socket has left when nothing waits there any more, which is usually at once. */
function noteLeaving({ socket }: Link, interruption: Interruption, givenAtMs: number): void {
  const { _socket: stream } = socket.raw as { readonly _socket: Socket }
  interruption.lastAudioLeftAtMs = givenAtMs
  if (stream.writableLength === 0) return
  stream.write('', () => {
    interruption.lastAudioLeftAtMs = performance.now()
  })
}

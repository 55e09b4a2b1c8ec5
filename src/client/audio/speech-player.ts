import type { AudioChunk, Player, PlayerPosition } from '../player.js'
import { routeOutput } from './output.js'
import { PlaybackMirror } from './playback-mirror.js'
import { type ContextUser, enterContext, leaveContext } from './shared-context.js'
import type { PlayerCommand, PlayerReport, PlayoutOptions } from './worklet-messages.js'

export interface PlayerOptions {
  /** Which loudspeaker, where the browser lets a page choose. Default: the system's choice. */
  readonly sinkId?: string | undefined
  /** How much speech is collected before it is played. More bears more jitter and delays more. Default 120 ms. */
  readonly targetMs?: number | undefined
  /** How far that grows when playback runs dry. Default 400 ms. */
  readonly maxTargetMs?: number | undefined
  /** Of a copy of `voice-ws/client/audio/worklets/player.js` with all it imports. Default: the file of the package. */
  readonly workletUrl?: string | URL | undefined
}

/** Plays the speech of a client that was created with it: `createVoiceClient({ player })`. */
export interface SpeechPlayer extends Player {
  /** Loudness of what is heard, 0 to 1. */
  readonly level: number
  /** How much is collected at present before it is played, in milliseconds. */
  readonly targetMs: number
  /**
   * Opens the loudspeaker. Call it inside a gesture. What was pushed before is played then.
   *
   * @throws AudioError `insecure`.
   */
  start(): Promise<void>
  /** Lets the loudspeaker go and drops what is held. */
  stop(): void
  /** 0 to 1. */
  setVolume(volume: number): void
  /** Undefined for the system's choice. Rejects where the browser does not let a page choose. */
  setSink(sinkId: string | undefined): Promise<void>
}

/** Creates a player. It opens nothing until `start`. */
export function createPlayer(options: PlayerOptions = {}): SpeechPlayer {
  const processorOptions: PlayoutOptions = {
    targetMs: options.targetMs ?? 120,
    maxTargetMs: options.maxTargetMs ?? 400,
  }
  const workletUrl = options.workletUrl ?? new URL('./worklets/player.js', import.meta.url)
  const user: ContextUser = { build }
  const mirror = new PlaybackMirror()
  let { sinkId } = options
  let volume = 1
  let running = false
  let context: AudioContext | undefined
  let node: AudioWorkletNode | undefined
  let gain: GainNode | undefined
  /** What was asked before there was a node to ask. */
  let waiting: PlayerCommand[] = []
  /** Only the last start and the last context count. */
  let round = 0

  async function build(given: AudioContext): Promise<void> {
    // What the frozen context held is gone with it.
    if (node) mirror.reset()
    node = context = undefined
    const mine = ++round
    await given.audioWorklet.addModule(workletUrl)
    if (mine !== round) return
    const created = new AudioWorkletNode(given, 'voice-player', {
      numberOfInputs: 0,
      outputChannelCount: [1],
      processorOptions,
    })
    created.port.onmessage = ({ data }: MessageEvent<PlayerReport>) => mirror.reported(data)
    gain = given.createGain()
    gain.gain.value = volume
    created.connect(gain)
    context = given
    node = created
    await routeOutput(given, gain, sinkId)
    for (const command of waiting) created.port.postMessage(command)
    waiting = []
  }

  function command(message: PlayerCommand): void {
    if (node && waiting.length === 0) node.port.postMessage(message)
    else waiting.push(message)
  }

  function stop(): void {
    if (!running) return
    running = false
    round++
    node?.port.postMessage({ type: 'stop' } satisfies PlayerCommand)
    node?.disconnect()
    gain?.disconnect()
    node = gain = context = undefined
    waiting = []
    mirror.reset()
    leaveContext(user)
  }

  return {
    get level() {
      return mirror.level
    },
    get targetMs() {
      return mirror.targetMs ?? processorOptions.targetMs
    },
    async start() {
      if (running) return
      running = true
      const begun = enterContext(user)
      const mine = round
      try {
        await begun
      } catch (error) {
        // Stopped meanwhile, which closes the context and makes it fail.
        if (mine !== round) return
        stop()
        throw error
      }
    },
    stop,
    setVolume(given) {
      volume = given
      if (gain) gain.gain.value = volume
    },
    async setSink(given) {
      sinkId = given
      if (context && gain) await routeOutput(context, gain, sinkId)
    },
    push(chunk: AudioChunk) {
      if (chunk.encoding === 'opus')
        throw new TypeError('encoding: opus is not played; ask for linear16, mulaw or alaw')
      mirror.push(chunk)
      command({ type: 'push', chunk })
    },
    end: utteranceId => command({ type: 'end', utteranceId }),
    rewind(utteranceId, toMs) {
      mirror.rewind(utteranceId, toMs)
      command({ type: 'rewind', utteranceId, toMs })
    },
    clear(utteranceIds) {
      mirror.clear(utteranceIds)
      command({ type: 'clear', utteranceIds })
    },
    position(): PlayerPosition | null {
      // Safari knows no output latency.
      return mirror.position(context?.currentTime ?? 0, context?.outputLatency || context?.baseLatency || 0)
    },
  }
}

import type { Cancel } from '../../util/clock.js'
import { Emitter } from '../../util/emitter.js'
import { type AudioError, microphoneError } from './audio-error.js'
import { openMicrophone, watchTrack } from './microphone-stream.js'
import { type ContextUser, enterContext, leaveContext } from './shared-context.js'
import type { CaptureCommand, CaptureOptions, CaptureReport } from './worklet-messages.js'

export interface MicrophoneOptions {
  /** Default: the system's choice, also when it changes. */
  readonly deviceId?: string | undefined
  /** Of a copy of `voice-ws/client/audio/worklets/capture.js` with all it imports. Default: the file of the package. */
  readonly workletUrl?: string | URL | undefined
  /** `MediaTrackConstraints` besides the defaults: echo cancellation, noise suppression and gain control on, mono. */
  readonly constraints?: { readonly [name: string]: unknown } | undefined
  /** Of the frames, in Hz, whatever the device has. Default 16,000, as in the client's own `config`. */
  readonly sampleRate?: number | undefined
  /** Default 20 ms. */
  readonly frameMs?: number | undefined
  /** While muted: `silence` keeps recognition prompt and its times right, `nothing` sends no frames. Default `silence`. */
  readonly muteWith?: 'silence' | 'nothing' | undefined
}

export interface MicrophoneDevice {
  readonly id: string
  readonly label: string
}

export interface MicrophoneEvents {
  /** Mono `linear16`. Yours to keep. */
  frame: Int16Array<ArrayBuffer>
  /** Another device is heard from now on. */
  device: MicrophoneDevice
  /** The device was lost and no other was found. The next one that is connected is used. */
  error: AudioError
}

export interface Microphone {
  readonly running: boolean
  readonly muted: boolean
  /** Loudness of the last 100 ms, 0 to 1; 0 while muted. */
  readonly level: number
  /** Null while nothing is heard. */
  readonly device: MicrophoneDevice | null
  /**
   * Asks for the microphone and begins with its first sample. Call it inside a gesture.
   *
   * @throws AudioError with the reason as its `code`.
   */
  start(): Promise<void>
  /** Lets the device go: the browser's recording sign goes out. */
  stop(): void
  /** Changes over without losing time; undefined for the system's choice. */
  setDevice(deviceId: string | undefined): Promise<void>
  setMuted(muted: boolean): void
  on<E extends keyof MicrophoneEvents>(event: E, listener: (payload: MicrophoneEvents[E]) => void): Cancel
}

/** Creates a microphone. It opens nothing until `start`. */
export function createMicrophone(options: MicrophoneOptions = {}): Microphone {
  const { constraints, sampleRate = 16_000, frameMs = 20, muteWith = 'silence' } = options
  const workletUrl = options.workletUrl ?? new URL('./worklets/capture.js', import.meta.url)
  const emitter = new Emitter<MicrophoneEvents>(error => console.error('voice-ws: a listener failed', error))
  const user: ContextUser = { build }
  let { deviceId } = options
  /** Only the last context counts. */
  let entered: AudioContext | undefined
  /** The context, once its worklet is loaded. */
  let context: AudioContext | undefined
  let node: AudioWorkletNode | undefined
  let source: MediaStreamAudioSourceNode | undefined
  let stream: MediaStream | undefined
  let unwatch: Cancel | undefined
  let device: MicrophoneDevice | null = null
  let running = false
  let muted = false
  let level = 0
  /** Only the device that was asked for last counts. */
  let round = 0
  let starts = 0

  async function build(given: AudioContext): Promise<void> {
    node = source = context = undefined
    entered = given
    await given.audioWorklet.addModule(workletUrl)
    if (entered !== given) return
    context = given
    connect()
  }

  /** Brings the device and the worklet together, whichever came last. The old device is heard until the new one is. */
  function connect(): void {
    if (!context || !stream || !running) return
    node ??= createNode(context)
    const next = context.createMediaStreamSource(stream)
    next.connect(node)
    source?.disconnect()
    source = next
  }

  function createNode(context: AudioContext): AudioWorkletNode {
    const processorOptions: CaptureOptions = { sampleRate, frameMs }
    const created = new AudioWorkletNode(context, 'voice-capture', { processorOptions, outputChannelCount: [1] })
    created.port.onmessage = ({ data }: MessageEvent<CaptureReport>) => {
      if (typeof data === 'number') level = data
      else if (running && !(muted && muteWith === 'nothing')) emitter.emit('frame', data)
    }
    created.connect(context.destination)
    command(created, { type: 'mute', muted })
    return created
  }

  async function acquire(): Promise<void> {
    const mine = ++round
    const next = await openMicrophone(deviceId, constraints).catch((thrown: unknown) => {
      throw microphoneError(thrown)
    })
    if (mine !== round) return release(next)
    const old = stream
    const track = next.getAudioTracks()[0]!
    stream = next
    track.enabled = !muted
    unwatch?.()
    unwatch = watchTrack(track, deviceId, reacquire)
    connect()
    if (old) release(old)
    device = { id: track.getSettings().deviceId ?? '', label: track.label }
    emitter.emit('device', device)
  }

  function reacquire(): void {
    acquire().catch((error: AudioError) => emitter.emit('error', error))
  }

  function pageHides(): void {
    letGo()
    addEventListener('pageshow', reacquire, { once: true })
  }

  function letGo(): void {
    round++
    unwatch?.()
    source?.disconnect()
    if (stream) release(stream)
    source = stream = unwatch = undefined
    device = null
    level = 0
  }

  function stop(): void {
    if (!running) return
    running = false
    starts++
    letGo()
    removeEventListener('pagehide', pageHides)
    removeEventListener('pageshow', reacquire)
    if (node) command(node, { type: 'stop' })
    node?.disconnect()
    node = context = entered = undefined
    leaveContext(user)
  }

  return {
    stop,
    get running() {
      return running
    },
    get muted() {
      return muted
    },
    get level() {
      return level
    },
    get device() {
      return device
    },
    async start() {
      if (running) return
      running = true
      const mine = ++starts
      addEventListener('pagehide', pageHides)
      try {
        await Promise.all([enterContext(user), acquire()])
      } catch (error) {
        // Stopped meanwhile, which closes the context and makes it fail.
        if (mine !== starts) return
        stop()
        throw error
      }
    },
    async setDevice(given) {
      deviceId = given
      if (running) await acquire()
    },
    setMuted(given) {
      muted = given
      for (const track of stream?.getAudioTracks() ?? []) track.enabled = !muted
      if (node) command(node, { type: 'mute', muted })
    },
    on: (event, listener) => emitter.on(event, listener),
  }
}

function command(node: AudioWorkletNode, message: CaptureCommand): void {
  node.port.postMessage(message)
}

function release(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}

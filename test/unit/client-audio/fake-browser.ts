import { vi } from 'vitest'
import type { CaptureReport, PlayerReport } from '../../../src/client/audio/worklet-messages.js'

/** A node that remembers what it is connected to. */
export class FakeNode {
  readonly outputs: Set<unknown> = new Set()

  connect(to: unknown): void {
    this.outputs.add(to)
  }

  disconnect(): void {
    this.outputs.clear()
  }
}

export class FakeWorkletNode extends FakeNode {
  readonly posted: unknown[] = []
  readonly port = {
    onmessage: undefined as ((event: { readonly data: unknown }) => void) | undefined,
    postMessage: (message: unknown) => void this.posted.push(message),
  }

  readonly name: string
  readonly options: { readonly processorOptions: unknown }

  constructor(context: FakeContext, name: string, options: { readonly processorOptions: unknown }) {
    super()
    this.name = name
    this.options = options
    context.worklets.push(this)
  }

  /** The audio thread says something. */
  say(data: CaptureReport | PlayerReport): void {
    this.port.onmessage?.({ data })
  }

  get stopped(): boolean {
    return this.posted.some(message => (message as { type: string }).type === 'stop')
  }
}

export class FakeContext {
  state = 'running'
  currentTime = 0
  outputLatency = 0
  onstatechange: (() => void) | undefined
  readonly destination = {}
  readonly modules: string[] = []
  readonly worklets: FakeWorkletNode[] = []
  readonly sources: (FakeNode & { readonly stream: FakeStream })[] = []
  readonly gains: (FakeNode & { gain: { value: number } })[] = []
  sinkId: string | undefined
  resumed = 0
  readonly audioWorklet = {
    addModule: async (url: URL | string) => {
      this.modules.push(String(url))
      await Promise.resolve()
      if (this.state === 'closed') throw Object.assign(new Error('closed'), { name: 'AbortError' })
    },
  }

  private readonly browser: FakeBrowser

  constructor(browser: FakeBrowser) {
    this.browser = browser
    browser.contexts.push(this)
  }

  async resume(): Promise<void> {
    this.resumed++
    if (this.browser.gesture) this.state = 'running'
  }

  async close(): Promise<void> {
    this.state = 'closed'
  }

  async setSinkId(id: string): Promise<void> {
    this.sinkId = id
  }

  createMediaStreamSource(stream: FakeStream): FakeNode {
    const source = Object.assign(new FakeNode(), { stream })
    this.sources.push(source)
    return source
  }

  createGain(): FakeNode {
    const gain = Object.assign(new FakeNode(), { gain: { value: 1 } })
    this.gains.push(gain)
    return gain
  }
}

export class FakeTrack extends EventTarget {
  enabled = true
  stopped = false

  readonly label: string
  private readonly settings: { readonly deviceId: string; readonly groupId: string }

  constructor({ deviceId, label, groupId }: FakeDevice) {
    super()
    this.label = label
    this.settings = { deviceId, groupId }
  }

  getSettings(): object {
    return this.settings
  }

  stop(): void {
    this.stopped = true
  }
}

export class FakeStream {
  readonly track: FakeTrack

  constructor(track: FakeTrack) {
    this.track = track
  }

  getTracks(): FakeTrack[] {
    return [this.track]
  }

  getAudioTracks(): FakeTrack[] {
    return [this.track]
  }
}

interface FakeDevice {
  readonly deviceId: string
  readonly label: string
  readonly groupId: string
}

class FakeMediaDevices extends EventTarget {
  devices: FakeDevice[] = [
    { deviceId: 'default', label: 'Default', groupId: 'g1' },
    { deviceId: 'built-in', label: 'Built-in', groupId: 'g1' },
  ]
  readonly asked: { readonly deviceId?: { readonly exact: string } }[] = []
  readonly streams: FakeStream[] = []
  /** What `getUserMedia` throws. */
  refusal: Error | undefined
  /** Holds the answer back. */
  answer: Promise<void> = Promise.resolve()

  async enumerateDevices(): Promise<object[]> {
    return this.devices.map(device => ({ ...device, kind: 'audioinput' }))
  }

  async getUserMedia({ audio }: { audio: { deviceId?: { readonly exact: string } } }): Promise<FakeStream> {
    this.asked.push(audio)
    await this.answer
    if (this.refusal) throw this.refusal
    const wanted = audio.deviceId?.exact
    const device = this.devices.find(({ deviceId }) => wanted === undefined || deviceId === wanted)
    if (!device) throw Object.assign(new Error('no such device'), { name: 'OverconstrainedError' })
    const stream = new FakeStream(new FakeTrack(device))
    this.streams.push(stream)
    return stream
  }

  change(devices: FakeDevice[]): void {
    this.devices = devices
    this.dispatchEvent(new Event('devicechange'))
  }
}

/** What the audio parts use of a browser. Install it before they are used; `vi.unstubAllGlobals` removes it. */
export class FakeBrowser {
  readonly contexts: FakeContext[] = []
  readonly mediaDevices = new FakeMediaDevices()
  readonly document = { visibilityState: 'visible' }
  /** Whether the page may start sound. */
  gesture = true
  private readonly window = new EventTarget()

  install(): this {
    const browser = this
    const Context = class extends FakeContext {
      constructor() {
        super(browser)
      }
    }
    vi.stubGlobal('isSecureContext', true)
    vi.stubGlobal('AudioContext', Context)
    vi.stubGlobal('AudioWorkletNode', FakeWorkletNode)
    vi.stubGlobal('navigator', { mediaDevices: this.mediaDevices })
    vi.stubGlobal('document', this.document)
    vi.stubGlobal('addEventListener', this.window.addEventListener.bind(this.window))
    vi.stubGlobal('removeEventListener', this.window.removeEventListener.bind(this.window))
    return this
  }

  fire(type: string): void {
    this.window.dispatchEvent(new Event(type))
  }

  get context(): FakeContext {
    return this.contexts.at(-1)!
  }

  worklet(name: string): FakeWorkletNode {
    return this.context.worklets.findLast(node => node.name === name)!
  }

  /** Contexts that are still open. */
  get open(): number {
    return this.contexts.filter(({ state }) => state !== 'closed').length
  }

  /** Microphones that are still on. */
  get recording(): number {
    return this.mediaDevices.streams.filter(({ track }) => !track.stopped).length
  }
}

/** Lets everything happen that waits for nothing but its turn. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

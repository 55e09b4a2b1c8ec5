import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMicrophone, type Microphone, type MicrophoneOptions } from '../../../src/client/audio/microphone.js'
import { FakeBrowser, settled } from './fake-browser.js'

let browser: FakeBrowser
let microphone: Microphone

beforeEach(() => {
  vi.useFakeTimers()
  browser = new FakeBrowser().install()
})

afterEach(() => {
  microphone.stop()
  expect(browser.open).toBe(0)
  expect(browser.recording).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function started(options?: MicrophoneOptions): Promise<Microphone> {
  microphone = createMicrophone(options)
  await microphone.start()
  return microphone
}

const headset = { deviceId: 'headset', label: 'Headset', groupId: 'g2' }

describe('a microphone', () => {
  it('opens nothing before it is started', () => {
    microphone = createMicrophone()
    expect(browser.contexts).toHaveLength(0)
    expect(browser.mediaDevices.asked).toHaveLength(0)
    expect(microphone).toMatchObject({ running: false, device: null, level: 0 })
  })

  it('asks inside the call, with echo cancellation, and takes what there is when the wanted device is gone', async () => {
    microphone = createMicrophone({ deviceId: 'headset', constraints: { noiseSuppression: false } })
    const start = microphone.start()
    expect(browser.contexts).toHaveLength(1)
    const audio = {
      echoCancellation: true,
      noiseSuppression: false,
      autoGainControl: true,
      channelCount: { ideal: 1 },
    }
    expect(browser.mediaDevices.asked).toEqual([{ ...audio, deviceId: { exact: 'headset' } }])
    await start
    expect(browser.mediaDevices.asked.slice(1)).toEqual([audio])
    expect(microphone.device?.id).toBe('default')
  })

  it('hands out frames and a level, at the rate that was asked for', async () => {
    const frames: Int16Array[] = []
    await started({ sampleRate: 24_000, frameMs: 40 })
    microphone.on('frame', frame => frames.push(frame))
    const node = browser.worklet('voice-capture')
    expect(node.options.processorOptions).toEqual({ sampleRate: 24_000, frameMs: 40 })
    expect(browser.context.sources[0]!.outputs.has(node)).toBe(true)
    expect(node.outputs.has(browser.context.destination)).toBe(true)
    const frame = Int16Array.of(1, 2, 3)
    node.say(frame)
    node.say(0.25)
    expect(frames).toEqual([frame])
    expect(microphone.level).toBe(0.25)
  })

  it('loads its worklet from where it is told', async () => {
    await started({ workletUrl: '/assets/capture.js' })
    expect(browser.context.modules).toEqual(['/assets/capture.js'])
  })

  it.each([
    ['NotAllowedError', 'denied'],
    ['NotFoundError', 'no_device'],
    ['NotReadableError', 'busy'],
    ['TypeError', 'failed'],
  ])('says why it could not be opened: %s', async (name, code) => {
    browser.mediaDevices.refusal = Object.assign(new Error('no'), { name })
    microphone = createMicrophone()
    await expect(microphone.start()).rejects.toMatchObject({ name: 'AudioError', code })
    expect(microphone.running).toBe(false)
  })

  it('says that the page is not secure', async () => {
    vi.stubGlobal('isSecureContext', false)
    microphone = createMicrophone()
    await expect(microphone.start()).rejects.toMatchObject({ code: 'insecure' })
  })

  it('lets the device go when it is stopped while the user is still being asked', async () => {
    let answer = () => {}
    browser.mediaDevices.answer = new Promise(resolve => {
      answer = resolve
    })
    microphone = createMicrophone()
    const start = microphone.start()
    microphone.stop()
    answer()
    await start
    expect(browser.recording).toBe(0)
    expect(microphone.running).toBe(false)
  })

  it('survives being stopped and started while it is still starting', async () => {
    microphone = createMicrophone()
    const first = microphone.start()
    microphone.stop()
    const second = microphone.start()
    await Promise.all([first, second])
    expect(browser.recording).toBe(1)
    expect(browser.contexts[0]!.worklets).toHaveLength(0)
    expect(browser.context.sources).toHaveLength(1)
  })

  it('can be started again', async () => {
    await started()
    microphone.stop()
    await microphone.start()
    expect(browser.recording).toBe(1)
    expect(browser.contexts).toHaveLength(2)
  })
})

describe('muting', () => {
  it('silences the track and the frames', async () => {
    await started()
    microphone.setMuted(true)
    expect(browser.mediaDevices.streams[0]!.track.enabled).toBe(false)
    expect(browser.worklet('voice-capture').posted.at(-1)).toEqual({ type: 'mute', muted: true })
    let frames = 0
    microphone.on('frame', () => frames++)
    browser.worklet('voice-capture').say(new Int16Array(320))
    expect(frames).toBe(1)
  })

  it('sends nothing where that is wanted', async () => {
    await started({ muteWith: 'nothing' })
    let frames = 0
    microphone.on('frame', () => frames++)
    microphone.setMuted(true)
    browser.worklet('voice-capture').say(new Int16Array(320))
    microphone.setMuted(false)
    browser.worklet('voice-capture').say(new Int16Array(320))
    expect(frames).toBe(1)
  })

  it('before the start and across a change of device stays in force', async () => {
    microphone = createMicrophone()
    microphone.setMuted(true)
    await microphone.start()
    expect(browser.mediaDevices.streams[0]!.track.enabled).toBe(false)
    await microphone.setDevice('built-in')
    expect(browser.mediaDevices.streams[1]!.track.enabled).toBe(false)
  })
})

describe('a change of device', () => {
  it('opens the new one before it lets the old one go, on the same worklet', async () => {
    browser.mediaDevices.devices.push(headset)
    const devices: string[] = []
    await started()
    microphone.on('device', ({ label }) => devices.push(label))
    const node = browser.worklet('voice-capture')
    const old = browser.mediaDevices.streams[0]!.track
    const change = microphone.setDevice('headset')
    expect(old.stopped).toBe(false)
    await change
    expect(old.stopped).toBe(true)
    expect(devices).toEqual(['Headset'])
    expect(browser.worklet('voice-capture')).toBe(node)
    const [first, second] = browser.context.sources
    expect(first!.outputs.size).toBe(0)
    expect(second!.outputs.has(node)).toBe(true)
    expect(microphone.device).toEqual({ id: 'headset', label: 'Headset' })
  })

  it('happens by itself when the device ends, goes away or falls silent for 2 s', async () => {
    await started()
    const { mediaDevices } = browser
    mediaDevices.streams[0]!.track.dispatchEvent(new Event('ended'))
    await settled()
    expect(mediaDevices.streams).toHaveLength(2)
    mediaDevices.streams[1]!.track.dispatchEvent(new Event('mute'))
    await vi.advanceTimersByTimeAsync(1900)
    expect(mediaDevices.streams).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(200)
    expect(mediaDevices.streams).toHaveLength(3)
    mediaDevices.streams[2]!.track.dispatchEvent(new Event('mute'))
    await vi.advanceTimersByTimeAsync(500)
    mediaDevices.streams[2]!.track.dispatchEvent(new Event('unmute'))
    await vi.advanceTimersByTimeAsync(5000)
    expect(mediaDevices.streams).toHaveLength(3)
    mediaDevices.change([headset])
    await settled()
    expect(microphone.device?.id).toBe('headset')
  })

  it('follows the choice of the system', async () => {
    await started()
    browser.mediaDevices.change([{ deviceId: 'default', label: 'Default', groupId: 'g2' }, headset])
    await settled()
    expect(browser.mediaDevices.streams).toHaveLength(2)
    browser.mediaDevices.change([{ deviceId: 'default', label: 'Default', groupId: 'g2' }])
    await settled()
    expect(browser.mediaDevices.streams).toHaveLength(2)
  })

  it('comes back to the wanted device when that is there again', async () => {
    await started({ deviceId: 'headset' })
    expect(microphone.device?.id).toBe('default')
    browser.mediaDevices.change([...browser.mediaDevices.devices, headset])
    await settled()
    expect(microphone.device?.id).toBe('headset')
  })

  it('tells when no device is left, and takes the next one', async () => {
    await started()
    const errors: string[] = []
    microphone.on('error', ({ code }) => errors.push(code))
    browser.mediaDevices.refusal = Object.assign(new Error('gone'), { name: 'NotFoundError' })
    browser.mediaDevices.change([])
    await settled()
    expect(errors).toEqual(['no_device'])
    browser.mediaDevices.refusal = undefined
    browser.mediaDevices.change([headset])
    await settled()
    expect(microphone.device?.id).toBe('headset')
  })
})

describe('the page', () => {
  it('goes into the back-forward cache without the microphone and comes back with it', async () => {
    await started()
    browser.fire('pagehide')
    expect(browser.recording).toBe(0)
    browser.fire('pageshow')
    await settled()
    expect(browser.recording).toBe(1)
    microphone.stop()
    browser.fire('pageshow')
    await settled()
    expect(browser.recording).toBe(0)
  })

  it('that was not allowed to start sound does so at the next gesture', async () => {
    browser.gesture = false
    microphone = createMicrophone()
    const start = microphone.start()
    browser.context.state = 'suspended'
    await start
    browser.gesture = true
    browser.fire('pointerdown')
    await settled()
    expect(browser.context.state).toBe('running')
  })

  it('interrupted by a phone call does not resume until that is over', async () => {
    await started()
    const { context } = browser
    const before = context.resumed
    context.state = 'interrupted'
    context.onstatechange?.()
    browser.fire('pointerdown')
    expect(context.resumed).toBe(before)
    context.state = 'suspended'
    context.onstatechange?.()
    expect(context.resumed).toBe(before + 1)
  })

  it('gets a new context when the old one says it runs and its clock stands still', async () => {
    await started()
    browser.context.currentTime = 5
    await vi.advanceTimersByTimeAsync(1000)
    browser.context.currentTime = 6
    await vi.advanceTimersByTimeAsync(1000)
    expect(browser.contexts).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1000)
    expect(browser.contexts).toHaveLength(2)
    expect(browser.open).toBe(1)
    expect(browser.context.sources).toHaveLength(1)
    expect(browser.recording).toBe(1)
  })
})

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { attachAudio } from '../../../src/client/audio/attach.js'
import { createMicrophone } from '../../../src/client/audio/microphone.js'
import { createPlayer } from '../../../src/client/audio/speech-player.js'
import type { VoiceClient } from '../../../src/client/index.js'
import { FakeBrowser } from './fake-browser.js'
import { chunkOf } from './playout-harness.js'

let browser: FakeBrowser

beforeEach(() => {
  vi.useFakeTimers()
  browser = new FakeBrowser().install()
})

afterEach(() => {
  expect(browser.open).toBe(0)
  expect(browser.recording).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** The part of a client that sound is attached to. */
class FakeClient {
  readonly sent: unknown[] = []
  readonly listeners: Map<string, Set<(event: unknown) => void>> = new Map()

  get client(): VoiceClient {
    return this as unknown as VoiceClient
  }

  sendAudio(pcm: unknown): void {
    this.sent.push(pcm)
  }

  on(type: string, listener: (event: unknown) => void): () => void {
    const all = this.listeners.get(type) ?? new Set()
    this.listeners.set(type, all.add(listener))
    return () => all.delete(listener)
  }

  emit(type: string, event: unknown = {}): void {
    for (const listener of [...(this.listeners.get(type) ?? [])]) listener(event)
  }

  get listening(): number {
    return [...this.listeners.values()].reduce((sum, { size }) => sum + size, 0)
  }
}

describe('attaching sound to a client', () => {
  it('starts both in one context, sends what is captured, and lets all go when disposed', async () => {
    const fake = new FakeClient()
    const audio = attachAudio(fake.client, { microphone: createMicrophone(), player: createPlayer() })
    expect(browser.contexts).toHaveLength(1)
    await audio.started
    const frame = new Int16Array(320)
    browser.worklet('voice-capture').say(frame)
    expect(fake.sent).toEqual([frame])
    audio[Symbol.dispose]()
    expect(fake.listening).toBe(0)
  })

  it.each(['closed', 'failed'])('turns the microphone off when the call is %s', async end => {
    const fake = new FakeClient()
    const microphone = createMicrophone()
    await attachAudio(fake.client, { microphone, player: createPlayer() }).started
    expect(microphone.running).toBe(true)
    fake.emit(end)
    expect(microphone.running).toBe(false)
    expect(fake.listening).toBe(0)
  })

  it('leaves nothing open when the microphone is refused', async () => {
    browser.mediaDevices.refusal = Object.assign(new Error('no'), { name: 'NotAllowedError' })
    const fake = new FakeClient()
    const { started } = attachAudio(fake.client, { microphone: createMicrophone(), player: createPlayer() })
    await expect(started).rejects.toMatchObject({ code: 'denied' })
    expect(fake.listening).toBe(0)
  })

  it('works with a microphone or a player alone', async () => {
    const fake = new FakeClient()
    const listening = attachAudio(fake.client, { player: createPlayer() })
    await listening.started
    expect(browser.mediaDevices.asked).toHaveLength(0)
    listening.stop()
    const speaking = attachAudio(fake.client, { microphone: createMicrophone() })
    await speaking.started
    expect(browser.worklet('voice-player')).toBeUndefined()
    speaking.stop()
  })

  it('says so when the client plays through something else', async () => {
    const fake = new FakeClient()
    const player = createPlayer()
    const audio = attachAudio(fake.client, { player })
    await audio.started
    expect(() => fake.emit('audio', chunkOf('u1', 0, 20))).toThrow(/createVoiceClient\(\{ player \}\)/)
    player.push(chunkOf('u1', 0, 20))
    expect(() => fake.emit('audio', chunkOf('u1', 20, 20))).not.toThrow()
    audio.stop()
  })
})

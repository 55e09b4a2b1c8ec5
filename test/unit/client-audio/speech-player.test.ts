import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createPlayer, type PlayerOptions, type SpeechPlayer } from '../../../src/client/audio/speech-player.js'
import { FakeBrowser, type FakeWorkletNode } from './fake-browser.js'
import { chunkOf, emptyReport } from './playout-harness.js'

let browser: FakeBrowser
let player: SpeechPlayer

beforeEach(() => {
  vi.useFakeTimers()
  browser = new FakeBrowser().install()
})

afterEach(() => {
  player.stop()
  expect(browser.open).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function started(options?: PlayerOptions): Promise<FakeWorkletNode> {
  player = createPlayer(options)
  await player.start()
  return browser.worklet('voice-player')
}

describe('a player', () => {
  it('passes on what it is given, in order, also what it was given before it was started', async () => {
    player = createPlayer()
    const chunk = chunkOf('u1', 0, 100)
    player.push(chunk)
    expect(player.position()).toEqual({ utteranceId: 'u1', playedMs: 0, bufferedMs: 100, underruns: 0 })
    const start = player.start()
    player.end('u1')
    await start
    player.rewind('u1', 50)
    player.clear(['u1'])
    expect(browser.worklet('voice-player').posted).toEqual([
      { type: 'push', chunk },
      { type: 'end', utteranceId: 'u1' },
      { type: 'rewind', utteranceId: 'u1', toMs: 50 },
      { type: 'clear', utteranceIds: ['u1'] },
    ])
    expect(player.position()).toBeNull()
  })

  it('does not take the bytes away from others who hold them', async () => {
    await started()
    const chunk = chunkOf('u1', 0, 100)
    player.push(chunk)
    expect(chunk.pcm.byteLength).toBe(9600)
  })

  it('says what is heard by the clock of the context, less the latency of the device', async () => {
    const node = await started()
    browser.context.outputLatency = 0.03
    player.push(chunkOf('u1', 0, 1000))
    node.say({
      ...emptyReport(),
      utteranceId: 'u1',
      playedMs: 200,
      bufferedMs: 800,
      receivedMs: 1000,
      playing: true,
      targetMs: 180,
      level: 0.5,
      atS: 7,
    })
    browser.context.currentTime = 7.25
    const position = player.position()!
    expect(position.playedMs).toBeCloseTo(200 + 250 - 30, 6)
    expect(position.bufferedMs).toBeCloseTo(800 - 250, 6)
    expect(player.level).toBe(0.5)
    expect(player.targetMs).toBe(180)
  })

  it('knows its target before it plays, and is silent then', async () => {
    const node = await started({ targetMs: 200, maxTargetMs: 300 })
    expect(node.options.processorOptions).toEqual({ targetMs: 200, maxTargetMs: 300 })
    expect(player).toMatchObject({ targetMs: 200, level: 0 })
  })

  it('keeps its volume and its loudspeaker across stop and start', async () => {
    await started({ sinkId: 'kitchen' })
    expect(browser.context.sinkId).toBe('kitchen')
    player.setVolume(0.5)
    await player.setSink('garden')
    expect(browser.context.sinkId).toBe('garden')
    expect(browser.context.gains[0]!.gain.value).toBe(0.5)
    player.stop()
    await player.start()
    expect(browser.context.sinkId).toBe('garden')
    expect(browser.context.gains[0]!.gain.value).toBe(0.5)
  })

  it('lets its processor be collected and forgets what it held', async () => {
    const node = await started()
    player.push(chunkOf('u1', 0, 100))
    player.stop()
    expect(node.stopped).toBe(true)
    expect(player.position()).toBeNull()
  })

  it('survives being stopped and started while it is still starting', async () => {
    player = createPlayer()
    const first = player.start()
    player.stop()
    const second = player.start()
    player.push(chunkOf('u1', 0, 100))
    await Promise.all([first, second])
    expect(browser.contexts).toHaveLength(2)
    expect(browser.contexts[0]!.worklets).toHaveLength(0)
    expect(browser.context.worklets).toHaveLength(1)
    expect(browser.worklet('voice-player').posted).toHaveLength(1)
  })

  it('says that the page is not secure, and can be started later', async () => {
    vi.stubGlobal('isSecureContext', false)
    player = createPlayer()
    await expect(player.start()).rejects.toMatchObject({ code: 'insecure' })
    vi.stubGlobal('isSecureContext', true)
    await player.start()
    expect(browser.open).toBe(1)
  })

  it('refuses what only a codec could play', async () => {
    await started()
    expect(() => player.push({ ...chunkOf('u1', 0, 20), encoding: 'opus' })).toThrow(/encoding: opus/)
  })

  it('goes on with what comes when the context froze', async () => {
    await started()
    player.push(chunkOf('u1', 0, 500))
    browser.context.currentTime = 5
    await vi.advanceTimersByTimeAsync(2000)
    expect(browser.contexts).toHaveLength(2)
    expect(player.position()).toBeNull()
    player.push(chunkOf('u1', 500, 500))
    expect(browser.worklet('voice-player').posted).toHaveLength(1)
    expect(player.position()).toMatchObject({ utteranceId: 'u1', playedMs: 500, bufferedMs: 500 })
  })
})

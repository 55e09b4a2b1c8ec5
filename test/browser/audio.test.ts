import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, test as base, beforeAll, describe, expect } from 'vitest'
import { writeWav } from '../../dist/src/audio/wav.js'
import { type AudioSite, serveAudioSite } from './fixtures/audio-site.js'
import { type Browser, openBrowser, type Tab } from './fixtures/chromium.js'
import { WorkletHeap } from './fixtures/worklet-heap.js'

let site: AudioSite
let folder: string
let browser: Browser
let tap: string

beforeAll(async () => {
  site = await serveAudioSite()
  folder = await mkdtemp(join(tmpdir(), 'voice-tone-'))
  const toneWav = join(folder, 'tone.wav')
  // Of the rate of chromium's fake device: it drops samples when it has to convert.
  const samples = Int16Array.from({ length: 44_100 }, (_, i) => 12_000 * Math.sin((2 * Math.PI * 440 * i) / 44_100))
  await writeFile(toneWav, writeWav(samples, 44_100))
  tap = await readFile(new URL('./fixtures/tap.js', import.meta.url), 'utf8')
  browser = await openBrowser({ wav: toneWav })
})

afterAll(async () => {
  await browser.close()
  await site.close()
  await rm(folder, { recursive: true, force: true })
})

const it = base.extend<{ open: (rate: number) => Promise<Page> }>({
  /** A page whose device runs at a rate, with the library loaded. */
  open: async ({ task: _ }, use) => {
    const tabs: Tab[] = []
    await use(async rate => {
      const tab = await browser.open({ initScript: `${tap};window.deviceRate = ${rate}` })
      tabs.push(tab)
      await tab.page.goto(site.url)
      await tab.page.waitForFunction(() => window.audio)
      return tab.page
    })
    for (const tab of tabs) {
      await tab.close()
      expect(tab.complaints).toEqual([])
    }
  },
})

/** By how much each is larger than the one before, by least squares: when a page sees a frame depends on the page too. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const spread = values.reduce((sum, _, i) => sum + (i - middle) ** 2, 0)
  return values.reduce((sum, value, i) => sum + (i - middle) * value, 0) / spread
}

describe.concurrent('a microphone in the browser', () => {
  it.for([44_100, 48_000])(
    'at %i Hz gives 200 frames of 20 ms in 4 s, and a tone as it was',
    async (rate, { open }) => {
      const page = await open(rate)
      const { times, lengths, crossings } = await page.evaluate(async () => {
        const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
        const microphone = window.audio.createMicrophone({ constraints: plain })
        const samples: number[] = []
        const times: number[] = []
        const lengths = new Set<number>()
        let frames = 0
        const enough = new Promise<void>(resolve => {
          microphone.on('frame', frame => {
            // The first second is the device's own beginning.
            if (++frames <= 50) return
            times.push(window.contexts[0]!.currentTime)
            lengths.add(frame.length)
            samples.push(...frame)
            if (times.length === 200) resolve()
          })
        })
        await microphone.start()
        await enough
        microphone.stop()
        let crossings = 0
        for (let i = 1; i < samples.length; i++) if (samples[i - 1]! < 0 && samples[i]! >= 0) crossings++
        return { times, lengths: [...lengths], crossings }
      })
      const in4s = 4 / slope(times)
      console.info(`${rate} Hz: ${in4s.toFixed(2)} frames in 4 s, ${crossings / 4} Hz`)
      expect(lengths).toEqual([320])
      expect(Math.abs(in4s - 200)).toBeLessThanOrEqual(2)
      expect(Math.abs(crossings / 4 - 440)).toBeLessThanOrEqual(2)
    },
  )

  it('changes the device without losing time, and lets the old one go', async ({ open }) => {
    const page = await open(48_000)
    const seen = await page.evaluate(async () => {
      const microphone = window.audio.createMicrophone()
      const devices: string[] = []
      microphone.on('device', ({ label }) => devices.push(label))
      const times: number[] = []
      microphone.on('frame', () => times.push(window.contexts[0]!.currentTime))
      await microphone.start()
      await new Promise(resolve => setTimeout(resolve, 500))
      const inputs = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'audioinput')
      const other = inputs.findLast(({ deviceId }) => deviceId !== microphone.device?.id)!
      await microphone.setDevice(other.deviceId)
      await new Promise(resolve => setTimeout(resolve, 1000))
      const chosen = microphone.device?.id === other.deviceId
      microphone.stop()
      return { devices, chosen, times, contexts: window.contexts.length }
    })
    expect(seen.devices).toHaveLength(2)
    expect(new Set(seen.devices).size).toBe(2)
    expect(seen.chosen).toBe(true)
    expect(Math.abs(1 / slope(seen.times) - 50)).toBeLessThan(1.5)
    expect(seen.contexts).toBe(1)
  })

  it('is silent while muted, and off while the page is in the back-forward cache', async ({ open }) => {
    const page = await open(48_000)
    const seen = await page.evaluate(async () => {
      const microphone = window.audio.createMicrophone()
      let loud = 0
      let frames = 0
      microphone.on('frame', frame => {
        loud = Math.max(loud, ...frame)
        frames++
      })
      const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
      /** What is heard in half a second, after `settled`, and after what was on its way has arrived. */
      const listen = async (settled: () => boolean) => {
        while (!settled()) await pause(20)
        await pause(200)
        loud = frames = 0
        await pause(500)
        return { loud, frames, level: microphone.level, device: microphone.device !== null }
      }
      await microphone.start()
      const open = await listen(() => loud > 0)
      microphone.setMuted(true)
      const muted = await listen(() => microphone.muted)
      microphone.setMuted(false)
      dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))
      const hidden = await listen(() => microphone.device === null)
      dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
      const shown = await listen(() => loud > 0)
      microphone.stop()
      return { open, muted, hidden, shown }
    })
    expect(seen.open.loud).toBeGreaterThan(1000)
    expect(seen.open.level).toBeGreaterThan(0.01)
    expect(seen.muted).toMatchObject({ loud: 0, level: 0 })
    expect(seen.muted.frames).toBeGreaterThan(15)
    expect(seen.hidden).toMatchObject({ loud: 0, device: false })
    expect(seen.shown.loud).toBeGreaterThan(1000)
  })
})

interface Recording {
  readonly samples: number[]
  readonly rate: number
  readonly first: number
}

describe.concurrent('a player in the browser', () => {
  it('knows to the quantum what is heard, and is silent 20 ms after a clear', async ({ open }) => {
    const page = await open(48_000)
    const seen = await page.evaluate(async () => {
      const player = window.audio.createPlayer()
      await player.start()
      const stop = await window.record('/recorder.js')
      const context = window.contexts[0]!
      // A ramp: every sample says which one it is.
      const ramp = Int16Array.from({ length: 4 * 48_000 }, (_, i) => 1000 + (i % 30_000))
      for (let at = 0; at < ramp.length; at += 4800)
        player.push({
          utteranceId: 'u1',
          pcm: new Uint8Array(ramp.buffer.slice(2 * at, 2 * at + 9600)),
          sampleRate: 48_000,
          encoding: 'linear16',
          fromMs: (at / 48_000) * 1000,
        })
      const positions: { atFrame: number; playedMs: number }[] = []
      const latencyMs = () => (context.outputLatency || context.baseLatency) * 1000
      for (let i = 0; i < 60; i++) {
        await new Promise(resolve => setTimeout(resolve, 17))
        // The clock may tick between two readings of it, and the latency with it.
        const { currentTime } = context
        const latency = latencyMs()
        const position = player.position()!
        const still = currentTime === context.currentTime && latency === latencyMs()
        if (position.playedMs > 0 && still)
          positions.push({ atFrame: currentTime * 48_000, playedMs: position.playedMs + latency })
      }
      const clearedAtFrame = context.currentTime * 48_000
      player.clear(['u1'])
      await new Promise(resolve => setTimeout(resolve, 200))
      const { first, samples } = await stop()
      const after = player.position()
      player.stop()
      const begin = samples.findIndex(sample => sample !== 0)
      const end = samples.findLastIndex(sample => sample !== 0)
      const wrong = positions.map(({ atFrame, playedMs }) => {
        const heard = Math.round(samples[Math.round(atFrame) - first - 1]! * 32_768) - 1000 + 1
        const truthMs = ((heard + 30_000 * Math.round((playedMs * 48 - heard) / 30_000)) / 48_000) * 1000
        return playedMs - truthMs
      })
      return { wrong, after, clearMs: (first + end - clearedAtFrame) / 48, startMs: (begin + first) / 48 }
    })
    const worst = Math.max(...seen.wrong.map(Math.abs))
    console.info(
      `positions: ${seen.wrong.length}, worst by ${worst.toFixed(3)} ms; silent ${seen.clearMs.toFixed(1)} ms after clear`,
    )
    expect(seen.wrong.length).toBeGreaterThan(40)
    expect(worst).toBeLessThanOrEqual(128 / 48)
    expect(seen.clearMs).toBeLessThan(20)
    expect(seen.after).toBeNull()
  })

  it('changes the rate in the middle of speech without a click and without losing a millisecond', async ({ open }) => {
    const page = await open(44_100)
    const recording: Recording = await page.evaluate(async () => {
      const player = window.audio.createPlayer()
      await player.start()
      const stop = await window.record('/recorder.js')
      let atS = 0
      const push = (sampleRate: number, ms: number) => {
        const pcm = Int16Array.from(
          { length: (sampleRate * ms) / 1000 },
          (_, i) => 16_000 * Math.sin(2 * Math.PI * 440 * (atS + i / sampleRate)),
        )
        const bytes = new Uint8Array(pcm.buffer)
        player.push({ utteranceId: 'u1', pcm: bytes, sampleRate, encoding: 'linear16', fromMs: atS * 1000 })
        atS += ms / 1000
      }
      for (const rate of [48_000, 16_000, 24_000, 48_000, 16_000]) for (let i = 0; i < 20; i++) push(rate, 20)
      player.end('u1')
      await new Promise(resolve => setTimeout(resolve, 2600))
      const { first, samples, rate } = await stop()
      player.stop()
      return { first, samples: [...samples], rate }
    })
    const { samples, rate } = recording
    const begin = samples.findIndex(sample => sample !== 0)
    const end = samples.findLastIndex(sample => sample !== 0)
    const steepest = ((16_000 / 32_768) * 2 * Math.PI * 440) / rate
    let largest = 0
    for (let i = begin + 1; i <= end; i++) largest = Math.max(largest, Math.abs(samples[i]! - samples[i - 1]!))
    console.info(
      `heard ${(((end - begin) / rate) * 1000).toFixed(2)} of 2000 ms; largest step ${(largest / steepest).toFixed(3)} of the tone's own`,
    )
    expect(Math.abs(((end - begin) / rate) * 1000 - 2000)).toBeLessThan(1)
    expect(largest).toBeLessThan(1.1 * steepest)
  })

  it('never runs dry while speech arrives in time', async ({ open }) => {
    const page = await open(48_000)
    const seconds = Number(process.env.PLAYBACK_SECONDS ?? 6)
    const { playedMs, underruns } = await page.evaluate(async seconds => {
      const player = window.audio.createPlayer()
      await player.start()
      const chunk = (fromMs: number) => ({
        utteranceId: 'u1',
        pcm: new Uint8Array(Int16Array.from({ length: 320 }, (_, i) => 8000 * Math.sin(i / 5)).buffer),
        sampleRate: 16_000,
        encoding: 'linear16' as const,
        fromMs,
      })
      const startMs = performance.now()
      let sentMs = 0
      // As a server paces it: 600 ms at once, then 400 ms ahead.
      await new Promise<void>(resolve => {
        const timer = setInterval(() => {
          const dueMs = Math.max(600, performance.now() - startMs + 250)
          for (; sentMs < Math.min(dueMs, seconds * 1000); sentMs += 20) player.push(chunk(sentMs))
          if (sentMs < seconds * 1000) return
          clearInterval(timer)
          player.end('u1')
          resolve()
        }, 20)
      })
      await new Promise(resolve => setTimeout(resolve, 1000))
      const position = player.position()!
      player.stop()
      return position
    }, seconds)
    console.info(`${seconds} s: ${underruns} underruns`)
    expect(playedMs).toBe(seconds * 1000)
    expect(underruns).toBe(0)
  }, 120_000)
})

describe('the audio thread', () => {
  it('allocates nothing per quantum while it captures and plays', async ({ open }) => {
    const page = await open(48_000)
    await page.evaluate(async () => {
      const player = window.audio.createPlayer()
      const microphone = window.audio.createMicrophone()
      await Promise.all([player.start(), microphone.start()])
      const pcm = new Uint8Array(16_000 * 2 * 15).fill(1)
      player.push({ utteranceId: 'u1', pcm, sampleRate: 16_000, encoding: 'linear16', fromMs: 0 })
    })
    const heap = await WorkletHeap.attach(page)
    await page.waitForTimeout(2000)
    const quanta = 48_000 / 128
    const perQuantum: number[] = []
    for (let second = 0; second < 5; second++) {
      await heap.startSampling()
      await page.waitForTimeout(1000)
      perQuantum.push((await heap.stopSampling()) / quanta)
    }
    console.info(`audio thread, bytes per quantum in each second: ${perQuantum.map(Math.round).join(', ')}`)
    // There are the numbers of the ten reports a second, one that the compiler may not keep in a register, and now and
    // then the compiler starts over, during which every number is an object. An object, array or view per quantum would
    // take 16 bytes at least, in every second.
    expect(perQuantum.sort((a, b) => a - b)[2]).toBeLessThan(16)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, openBrowser } from './fixtures/chromium.js'
import { DemoPage } from './fixtures/demo-page.js'
import { type DemoServer, startDemoServer } from './fixtures/demo-server.js'

let demo: DemoServer
let browser: Browser

beforeAll(async () => {
  ;[demo, browser] = await Promise.all([startDemoServer(), openBrowser()])
})

afterAll(() => Promise.all([browser.close(), demo.close()]))

/** When the microphone first hears each sentence, and when the server decides to stop, by the context's clock. */
async function noteTimes({ page }: DemoPage): Promise<void> {
  await page.evaluate(() => {
    const context = window.contexts.at(-1)!
    const frameS = 0.02
    const onsetFrames: number[] = []
    const clears: number[] = []
    let frames = 0
    let quietFrames = 100
    // Frames are as long as they are; when the page gets to see them depends on what else it does. So the first one
    // began no later than the most punctual of all says.
    let startS = Number.POSITIVE_INFINITY
    window.voice.microphone.on('frame', frame => {
      const loud = frame.some(sample => Math.abs(sample) > 50)
      if (loud && quietFrames > 25) onsetFrames.push(frames)
      quietFrames = loud ? 0 : quietFrames + 1
      frames++
      startS = Math.min(startS, context.currentTime - frames * frameS)
    })
    window.voice.client.on('clear', () => clears.push(context.currentTime))
    window.times = () => ({ clears, onsets: onsetFrames.map(frame => startS + frame * frameS) })
  })
}

describe('an interruption', () => {
  it('stops the bot at once, and the page shows where', async () => {
    const page = await DemoPage.open(demo, browser, { bypassCsp: true })
    await page.call()
    const loudspeaker = await page.recordLoudspeaker()
    await noteTimes(page)
    await page.said('bot', 'Hello! What can I do for you?')
    await page.heard()
    await page.quiet()
    await page.type('what can you do')
    // In the middle of the first sentence: between sentences there is silence anyway.
    await page.interrupt('my name is alice', 500)
    await page.said('bot', /interrupted here/)
    await page.said('user', 'my name is alice')
    await page.said('bot', 'Nice to meet you, Alice.')
    await page.heard()
    await page.quiet()
    await page.screenshot('interrupted')
    const { heard, unheard } = await page.page.evaluate(() => {
      const line = document.querySelector('.said.bot:has(.unheard)')!
      return { heard: line.querySelector('.heard')!.textContent, unheard: line.querySelector('.unheard')!.textContent }
    })
    expect(heard).toMatch(/^I am a/)
    expect(unheard.length).toBeGreaterThan(10)

    const { decisions, onsetMs, silentMs, soundedMs } = await page.page.evaluate(async stop => {
      const { first, samples, rate } = await stop()
      const { onsets, clears } = window.times()
      const clearS = clears[0]!
      const onsetS = onsets.findLast(onset => onset < clearS)!
      const at = (s: number) => Math.round(s * rate) - first
      const sounds = samples.subarray(at(onsetS - 0.1), at(onsetS)).filter(sample => sample !== 0)
      // Nothing else is said within half a second of the decision.
      const end =
        at(clearS - 0.5) + samples.subarray(at(clearS - 0.5), at(clearS + 0.5)).findLastIndex(sample => sample !== 0)
      const ms = (s: number) => (s - clearS) * 1000
      return {
        decisions: clears.length,
        onsetMs: ms(onsetS),
        silentMs: ms((end + first) / rate),
        soundedMs: (sounds.length / rate) * 1000,
      }
    }, loudspeaker)
    console.info(
      `silent ${silentMs.toFixed(0)} ms after the decision, ${(silentMs - onsetMs).toFixed(0)} ms after speech began`,
    )
    expect(decisions).toBe(1)
    expect(soundedMs, 'the bot spoke when it was interrupted').toBeGreaterThan(50)
    expect(silentMs).toBeLessThanOrEqual(150)
    expect(silentMs - onsetMs).toBeLessThanOrEqual(350)
    await page.close()
  })
})

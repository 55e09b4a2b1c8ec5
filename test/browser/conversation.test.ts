import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DemoPage, openDemoBrowser } from './fixtures/demo-page.js'
import { type DemoServer, startDemoServer } from './fixtures/demo-server.js'
import { recordFile } from './fixtures/speech.js'

let demo: DemoServer

beforeAll(async () => {
  demo = await startDemoServer()
})

afterAll(() => demo.close())

describe('a spoken conversation', () => {
  it('shows what the microphone hears and lets the answer be heard', async () => {
    const recording = await recordFile(4500, 'what time is it', 60_000)
    const browser = await openDemoBrowser({ wav: recording.path })
    const page = await DemoPage.open(demo, browser)
    await page.screenshot('idle')
    await page.call()
    await page.said('bot', 'Hello! What can I do for you?')
    await page.heard()
    await page.said('user', 'what time is it')
    await page.said('bot', /It is \d+:\d\d [AP]M\./)
    await page.heard()
    await page.page.getByText(/answered in \d+ ms/).waitFor()
    await page.quiet()
    await page.close()
    await browser.close()
    await recording.remove()
  })

  it('shows where the bot was interrupted, and stops at once', async () => {
    const browser = await openDemoBrowser({ bypassCsp: true })
    const page = await DemoPage.open(demo, browser)
    await page.call()
    const loudspeaker = await page.recordLoudspeaker()
    await page.page.evaluate(() => {
      // When the microphone first hears each sentence, and when the server decides to stop, by the context's clock.
      const context = window.contexts.at(-1)!
      const onsets: number[] = []
      const clears: number[] = []
      let quietFrames = 100
      window.voice.microphone.on('frame', frame => {
        const loud = frame.some(sample => Math.abs(sample) > 50)
        if (loud && quietFrames > 25) onsets.push(context.currentTime - 0.02)
        quietFrames = loud ? 0 : quietFrames + 1
      })
      window.voice.client.on('clear', () => clears.push(context.currentTime))
      Object.assign(window, { onsets, clears })
    })
    await page.said('bot', 'Hello! What can I do for you?')
    await page.heard()
    await page.quiet()
    await page.say('what can you do')
    await page.said('user', 'what can you do')
    await page.said('bot', /I am a small program/)
    // In the middle of the first sentence: between sentences there is silence anyway.
    await page.page.waitForFunction(() => (window.voice.player.position()?.playedMs ?? 0) > 500)
    await page.say('my name is alice')
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

    const { afterDecisionMs, afterSpeechMs } = await page.page.evaluate(async stop => {
      const { first, samples, rate } = await stop()
      const { onsets, clears } = window as unknown as { onsets: number[]; clears: number[] }
      const clearS = clears[0]!
      const onsetS = onsets.findLast(onset => onset < clearS)!
      // The sound ends where half a second of silence begins.
      let end = Math.round(onsetS * rate) - first
      for (let i = end; i < end + rate / 2 && i < samples.length; i++) if (samples[i] !== 0) end = i
      const endS = (end + first) / rate
      return { afterDecisionMs: (endS - clearS) * 1000, afterSpeechMs: (endS - onsetS) * 1000 }
    }, loudspeaker)
    console.info(
      `silent ${afterDecisionMs.toFixed(0)} ms after the decision, ${afterSpeechMs.toFixed(0)} ms after speech began`,
    )
    expect(afterDecisionMs).toBeLessThanOrEqual(150)
    expect(afterSpeechMs).toBeGreaterThan(100)
    expect(afterSpeechMs).toBeLessThanOrEqual(350)
    await page.close()
    await browser.close()
  })
})

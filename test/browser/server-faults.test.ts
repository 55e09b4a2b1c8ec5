import { describe, expect } from 'vitest'
import { testInCall } from './fixtures/demo-call.js'

const it = testInCall()

// The workers are everybody's, so both of these calls see both die.
describe.concurrent('a dead worker', () => {
  it('for synthesis is replaced, and the answer is said to its end', async ({ page }) => {
    await page.quiet()
    await page.type('what can you do')
    await page.said('bot', /I am a small program/)
    await page.heard()
    await page.fault('synthesiser')
    await page.noted(/degraded: tts_down/)
    await page.state('active')
    await page.said('bot', /Everything else I repeat\.$/)
    await page.quiet()
    expect(await page.page.locator('.said.bot .unheard').count()).toBe(0)
  })

  it('for recognition is replaced, and the sentence it heard is recognised', async ({ page }) => {
    const saying = page.say('what can you do')
    await page.page.waitForTimeout(400)
    await page.fault('recogniser')
    await page.noted(/degraded: stt_down/)
    await saying
    await page.state('active')
    await page.said('user', 'what can you do')
    await page.said('bot', /I am a small program/)
  })
})

describe('a server', () => {
  it('that drains sends the page to its successor, which knows what was said', async ({ page }) => {
    await page.type('my name is ada')
    await page.said('bot', 'Nice to meet you, Ada.')
    await page.quiet()
    await page.fault('drain')
    await page.noted(/asks to connect elsewhere/)
    await page.state('active')
    await page.happened(/remembers \d+ turns/)
    await page.type('what is my name')
    await page.said('bot', 'Your name is Ada.')
    await page.heard()
  })

  it('that forgets the session gets another one from the page', async ({ page }) => {
    const before = await page.page.locator('#session-note').textContent()
    await page.fault('forget my session')
    await page.page.waitForFunction(note => document.querySelector('#session-note')!.textContent !== note, before)
    await page.state('active')
    await page.type('what is my name')
    await page.said('bot', 'You have not told me your name yet.')
    await page.heard()
  })
})

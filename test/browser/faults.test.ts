import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Browser } from './fixtures/chromium.js'
import { DemoPage, openDemoBrowser } from './fixtures/demo-page.js'
import { type DemoServer, startDemoServer } from './fixtures/demo-server.js'

let demo: DemoServer
let browser: Browser
let page: DemoPage

beforeAll(async () => {
  demo = await startDemoServer()
  browser = await openDemoBrowser()
})

afterAll(async () => {
  await browser.close()
  await demo.close()
})

beforeEach(async () => {
  page = await DemoPage.open(demo, browser)
  await page.call()
  await page.said('bot', 'Hello! What can I do for you?')
})

// The browser reports every refused connection on the console.
afterEach(() => page.close(/WebSocket connection to/))

describe('a cut connection', () => {
  it('of 1 s loses nothing that is typed meanwhile', async () => {
    await page.fault('1 s')
    await page.state('reconnecting')
    await page.type('my name is ada')
    await page.state('active')
    await page.said('bot', 'Nice to meet you, Ada.')
    await page.heard()
  })

  it('of 4 s loses nothing that is said meanwhile', async () => {
    await page.fault('4 s')
    await page.state('reconnecting')
    await page.say('my name is alice')
    await page.screenshot('reconnecting')
    await page.state('active')
    await page.noted(/back after .* nothing is lost/)
    await page.said('user', 'my name is alice')
    await page.said('bot', 'Nice to meet you, Alice.')
    await page.heard()
  })

  it('of 12 s keeps the session and what was said before', async () => {
    await page.type('my name is ada')
    await page.said('bot', 'Nice to meet you, Ada.')
    await page.fault('12 s')
    await page.state('reconnecting')
    await page.state('active', 30_000)
    await page.noted(/back after/)
    await page.type('what is my name')
    await page.said('bot', 'Your name is Ada.')
    await page.heard()
  })
})

describe('a dead worker', () => {
  it('for recognition is replaced, and the sentence it heard is recognised', async () => {
    const saying = page.say('what can you do')
    await page.page.waitForTimeout(400)
    await page.fault('recogniser')
    await page.noted(/degraded: stt_down/)
    await saying
    await page.state('active')
    await page.said('user', 'what can you do')
    await page.said('bot', /I am a small program/)
  })

  it('for synthesis is replaced, and the answer is said to its end', async () => {
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
})

describe('a slow downlink', () => {
  it('lowers the rate and raises it again', async () => {
    await page.quiet()
    await page.fault('128 kbit/s')
    await page.type('what can you do')
    const rate = page.page.locator('.chart', { hasText: 'sample rate of the bot' }).locator('.value')
    await rate.filter({ hasText: '8 kHz' }).filter({ hasNotText: '48' }).waitFor({ timeout: 20_000 })
    await page.page
      .locator('.chart', { hasText: 'outbound lag' })
      .getByText(/elevated|critical/)
      .waitFor()
    await page.screenshot('slow')
    await page.fault('full speed')
    await page.page.locator('.chart', { hasText: 'outbound lag' }).getByText('normal').waitFor({ timeout: 20_000 })
    await page.said('bot', /Everything else I repeat\.$/)
    await page.quiet()
    await page.type('hello')
    await page.said('bot', /What can I do for you\?$/)
    await page.heard()
    expect(await page.page.locator('.said.bot .unheard').count()).toBe(0)
  })
})

describe('a server', () => {
  it('that drains sends the page to its successor, which knows what was said', async () => {
    await page.type('my name is ada')
    await page.said('bot', 'Nice to meet you, Ada.')
    await page.quiet()
    await page.fault('drain')
    await page.noted(/asks to connect elsewhere/)
    await page.state('active')
    await page.page
      .locator('.happened')
      .getByText(/remembers \d+ turns/)
      .waitFor()
    await page.type('what is my name')
    await page.said('bot', 'Your name is Ada.')
    await page.heard()
  })

  it('that forgets the session gets another one from the page', async () => {
    const before = await page.page.locator('#session-note').textContent()
    await page.fault('forget my session')
    await page.page.waitForFunction(note => document.querySelector('#session-note')!.textContent !== note, before)
    await page.state('active')
    await page.type('what is my name')
    await page.said('bot', 'You have not told me your name yet.')
    await page.heard()
  })
})

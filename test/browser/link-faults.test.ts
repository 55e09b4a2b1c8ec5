import { describe, expect } from 'vitest'
import { testInCall } from './fixtures/demo-call.js'

const it = testInCall()

describe.concurrent('a cut connection', () => {
  it('of 12 s keeps the session and what was said before', async ({ page }) => {
    await page.type('my name is ada')
    await page.said('bot', 'Nice to meet you, Ada.')
    await page.fault('12 s')
    await page.state('reconnecting')
    await page.state('active')
    await page.happened(/back after 1\d\.\d s/)
    await page.type('what is my name')
    await page.said('bot', 'Your name is Ada.')
    await page.heard()
  })

  it('of 4 s loses nothing that is said meanwhile', async ({ page }) => {
    await page.fault('4 s')
    await page.state('reconnecting')
    await page.say('my name is alice')
    await page.screenshot('reconnecting')
    await page.state('active')
    await page.happened(/back after [4-8]\.\d s: .* nothing is lost/)
    await page.said('user', 'my name is alice')
    await page.said('bot', 'Nice to meet you, Alice.')
    await page.heard()
  })

  it('of 1 s loses nothing that is typed meanwhile', async ({ page }) => {
    await page.fault('1 s')
    await page.state('reconnecting')
    await page.type('my name is ada')
    await page.state('active')
    await page.happened(/back after [1-4]\.\d s/)
    await page.said('bot', 'Nice to meet you, Ada.')
    await page.heard()
  })
})

describe.concurrent('a slow downlink', () => {
  it('of 128 kbit/s lowers the rate and raises it again, and everything is said', async ({ page }) => {
    await page.quiet()
    await page.fault('128 kbit/s')
    await page.type('what can you do')
    await page.charted('sample rate of the bot', /^8 kHz/)
    await page.charted('outbound lag', /elevated|critical/)
    await page.screenshot('slow')
    await page.fault('full speed')
    await page.charted('outbound lag', /normal/)
    await page.said('bot', /Everything else I repeat\.$/)
    await page.quiet()
    await page.type('hello')
    await page.said('bot', /What can I do for you\?$/)
    await page.heard()
    expect(await page.page.locator('.said.bot .unheard').count()).toBe(0)
  })

  it('of 64 kbit/s is too slow for any rate: speech is left out, and what is heard stays on time', async ({ page }) => {
    await page.quiet()
    await page.fault('64 kbit/s')
    await page.type('what can you do')
    await page.charted('sample rate of the bot', /^8 kHz/)
    await page.charted('outbound lag', /critical/)
    await page.said('bot', /Everything else I repeat\.$/)
    await page.quiet()
    await page.noted(/s of speech left out/)
    await page.fault('full speed')
    await page.type('my name is ada')
    await page.said('bot', 'Nice to meet you, Ada.')
    await page.heard()
  })
})

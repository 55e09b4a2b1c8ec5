import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Browser } from './fixtures/chromium.js'
import { DemoPage, openDemoBrowser } from './fixtures/demo-page.js'
import { type DemoServer, startDemoServer } from './fixtures/demo-server.js'

const axeSource = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

let demo: DemoServer
let browser: Browser

beforeAll(async () => {
  demo = await startDemoServer()
})

afterEach(() => browser.close())

afterAll(() => demo.close())

/** What stands in the way of people with disabilities, most of it in words of WCAG. */
async function obstacles(page: DemoPage): Promise<string[]> {
  const source = await readFile(axeSource, 'utf8')
  await page.page.evaluate(source)
  const { violations } = await page.page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  )
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

const desktop = { width: 1280, height: 860 }
const phone = { width: 390, height: 844 }

describe('the page', () => {
  it.each([
    ['light', desktop],
    ['dark', phone],
  ] as const)('has no obstacle in %s on %o, before and in a call', async (colorScheme, viewport) => {
    browser = await openDemoBrowser({ colorScheme, viewport, bypassCsp: true })
    const page = await DemoPage.open(demo, browser)
    await page.screenshot(`idle-${colorScheme}`)
    expect(await obstacles(page)).toEqual([])
    await page.call()
    await page.said('bot', 'Hello! What can I do for you?')
    await page.quiet()
    await page.type('what can you do')
    await page.page.waitForFunction(() => (window.voice.player.position()?.playedMs ?? 0) > 1500)
    await page.say('what time is it')
    await page.said('bot', /interrupted here/)
    await page.said('bot', /It is/)
    await page.screenshot(`call-${colorScheme}`)
    expect(await obstacles(page)).toEqual([])
    const overflow = await page.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(overflow).toBeLessThanOrEqual(0)
    await page.close()
  })

  it('can be used by keyboard alone', async () => {
    browser = await openDemoBrowser()
    const page = await DemoPage.open(demo, browser)
    const { keyboard } = page.page
    const focus = async (name: string) => {
      for (let i = 0; i < 40; i++) {
        await keyboard.press('Tab')
        const focused = await page.page.evaluate(
          () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim(),
        )
        if (focused === name) return
      }
      throw new Error(`no way to ${name}`)
    }
    await focus('Start talking')
    await keyboard.press('Enter')
    await page.state('active')
    await focus('Mute')
    await keyboard.press('Space')
    expect(await page.page.getByRole('button', { name: 'Mute' }).getAttribute('aria-pressed')).toBe('true')
    await keyboard.press('Tab')
    await keyboard.type('my name is ada')
    await keyboard.press('Enter')
    await page.said('bot', 'Nice to meet you, Ada.')
    await focus('1 s')
    await keyboard.press('Enter')
    await page.state('reconnecting')
    await page.state('active')
    await page.page.getByRole('button', { name: 'Hang up' }).focus()
    await keyboard.press('Enter')
    await page.state('closed')
    await page.close(/WebSocket connection to/)
  })

  it('says what to do when the microphone is not allowed, and works without it', async () => {
    browser = await openDemoBrowser({ allowMicrophone: false })
    const page = await DemoPage.open(demo, browser)
    await page.page.getByRole('button', { name: 'What can you do?' }).click()
    await page.page
      .getByRole('alert')
      .getByText(/allow it for this page/)
      .waitFor()
    await page.said('bot', /I am a small program/)
    await page.heard()
    await page.close()
  })

  it('keeps talking while it is hidden, and lets the microphone go when it is left', async () => {
    browser = await openDemoBrowser()
    const page = await DemoPage.open(demo, browser)
    await page.call()
    await page.said('bot', 'Hello! What can I do for you?')
    const other = await browser.newPage()
    await other.page.bringToFront()
    await page.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
    await page.say('my name is alice')
    await page.said('bot', 'Nice to meet you, Alice.')
    await page.page.bringToFront()
    await page.page.evaluate(() => {
      dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))
    })
    await page.state('reconnecting')
    expect(await page.page.evaluate(() => window.voice.microphone.device)).toBeNull()
    await page.page.evaluate(() => {
      dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
    })
    await page.state('active')
    await page.page.waitForFunction(() => window.voice.microphone.device)
    await page.say('what is my name')
    await page.said('bot', 'Your name is Alice.')
    await page.close()
  })

  it('is served within 10 s, and says where', () => {
    console.info(`served ${(demo.startedInMs / 1000).toFixed(1)} s after the start`)
    expect(demo.startedInMs).toBeLessThan(10_000)
    expect(demo.output()).toMatch(/^Talk to it: http:\/\/localhost:\d+/)
  })
})

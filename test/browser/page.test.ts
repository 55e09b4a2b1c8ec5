import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, openBrowser } from './fixtures/chromium.js'
import { DemoPage } from './fixtures/demo-page.js'
import { type DemoServer, failToStart, startDemoServer } from './fixtures/demo-server.js'
import { recordFile } from './fixtures/speech.js'

const axeSource = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

let demo: DemoServer
let browser: Browser

beforeAll(async () => {
  ;[demo, browser] = await Promise.all([startDemoServer(), openBrowser()])
})

afterAll(() => Promise.all([browser.close(), demo.close()]))

/** What stands in the way of people with disabilities, most of it in words of WCAG. */
async function obstacles({ page }: DemoPage): Promise<string[]> {
  await page.evaluate(await readFile(axeSource, 'utf8'))
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  )
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

const desktop = { width: 1280, height: 860 }
const phone = { width: 390, height: 844 }

describe.concurrent('the page', () => {
  it('shows what the microphone hears and lets the answer be heard', async () => {
    const recording = await recordFile(4500, 'what time is it', 60_000)
    const listening = await openBrowser({ wav: recording.path })
    const page = await DemoPage.open(demo, listening, { microphone: 'device' })
    await page.call()
    await page.said('bot', 'Hello! What can I do for you?')
    await page.heard()
    await page.said('user', 'what time is it')
    await page.said('bot', /It is \d+:\d\d [AP]M\./)
    await page.heard()
    await page.page.getByText(/answered in \d+ ms/).waitFor()
    await page.quiet()
    await page.close()
    await listening.close()
    await recording.remove()
  })

  it.for([
    ['light', desktop],
    ['dark', phone],
  ] as const)('has no obstacle in %s on %o, before and in a call', async ([colorScheme, viewport]) => {
    const page = await DemoPage.open(demo, browser, { colorScheme, viewport, bypassCsp: true })
    await page.screenshot(`idle-${colorScheme}`)
    expect(await obstacles(page)).toEqual([])
    await page.call()
    await page.said('bot', 'Hello! What can I do for you?')
    await page.quiet()
    await page.type('what can you do')
    await page.interrupt('what time is it', 1500)
    await page.said('bot', /interrupted here/)
    await page.said('bot', /It is/)
    await page.screenshot(`call-${colorScheme}`)
    expect(await obstacles(page)).toEqual([])
    const overflow = await page.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(overflow).toBeLessThanOrEqual(0)
    await page.close()
  })

  it('can be used by keyboard alone', async () => {
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
    const deaf = await openBrowser({ allowMicrophone: false })
    const page = await DemoPage.open(demo, deaf, { microphone: 'device' })
    await page.page.getByRole('button', { name: 'What can you do?' }).click()
    await page.page
      .getByRole('alert')
      .getByText(/allow it for this page/)
      .waitFor()
    await page.said('bot', /I am a small program/)
    await page.heard()
    await page.close()
    await deaf.close()
  })

  it('keeps talking while it is hidden, and lets the microphone go when it is left', async () => {
    const page = await DemoPage.open(demo, browser)
    await page.call()
    await page.said('bot', 'Hello! What can I do for you?')
    await page.hide(true)
    await page.say('my name is alice')
    await page.said('bot', 'Nice to meet you, Alice.')
    await page.heard()
    await page.hide(false)
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
})

describe('the server', () => {
  it('serves within 10 s, and says where', () => {
    console.info(`served ${(demo.startedInMs / 1000).toFixed(1)} s after the start`)
    expect(demo.startedInMs).toBeLessThan(10_000)
    expect(demo.output()).toMatch(/^Talk to it: http:\/\/localhost:\d+/)
  })

  it('says in one line that its port is taken, or that it is none, and what to do', async () => {
    const port = Number(new URL(demo.url).port)
    expect(await failToStart(String(port))).toEqual({
      code: 1,
      output: `Port ${port} is taken. Choose another: PORT=${port + 1} npm start\n`,
    })
    expect(await failToStart('abc')).toEqual({
      code: 1,
      output: 'PORT: abc is no port. Choose a number up to 65535: PORT=3000 npm start\n',
    })
  })
})

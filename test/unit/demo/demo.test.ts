import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
// @ts-expect-error The page is plain JavaScript.
import { Caption } from '../../../examples/demo/page/caption.js'
import { chooseProviders } from '../../../examples/demo/providers.js'
import { readFault } from '../../../examples/demo/read-fault.js'
import { sendFile } from '../../../examples/demo/static-files.js'

describe('the providers of the demo', () => {
  it('are the embedded engines where there is no key', () => {
    expect(chooseProviders({}).names).toEqual(['embedded'])
  })

  it('are not OpenAI when its key is for another server, which the agent talks to', () => {
    const env = { OPENAI_API_KEY: 'o', ASSEMBLYAI_API_KEY: 'a' }
    expect(chooseProviders(env).names).toEqual(['assemblyai', 'openai', 'embedded'])
    expect(chooseProviders(env).tts.map(({ name }) => name)).toEqual(['openai', 'embedded'])
    const elsewhere = chooseProviders({ ...env, OPENAI_BASE_URL: 'http://localhost:11434/v1' })
    expect(elsewhere.names).toEqual(['assemblyai', 'embedded'])
  })

  it('leaves out whom something else is missing for than the key, and says what', () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const { names } = chooseProviders({ GOOGLE_APPLICATION_CREDENTIALS: 'key.json', AZURE_SPEECH_KEY: 'a' })
    expect(names).toEqual(['embedded'])
    const lines = warn.mock.calls.map(([line]) => line)
    expect(lines).toEqual([
      'GOOGLE_APPLICATION_CREDENTIALS is not used: @google-cloud/speech is not installed; run: npm install @google-cloud/speech',
      'AZURE_SPEECH_KEY is not used: region: missing; pass it or set AZURE_SPEECH_REGION',
    ])
    warn.mockRestore()
  })

  it('are the vendors whose keys are there, and the embedded engines behind them', () => {
    const { names, stt, tts } = chooseProviders({ CARTESIA_API_KEY: 'c', DEEPGRAM_API_KEY: 'd' })
    expect(names).toEqual(['deepgram', 'cartesia', 'embedded'])
    expect(stt.map(({ name }) => name)).toEqual(names)
    expect(tts.map(({ name }) => name)).toEqual(names)
  })
})

describe('a fault', () => {
  it.each([
    { type: 'cut', ms: 4000 },
    { type: 'throttle', kbits: 64 },
    { type: 'throttle', kbits: null },
    { type: 'kill', kind: 'stt' },
    { type: 'drain' },
    { type: 'forget' },
  ])('is %o', fault => {
    expect(readFault(fault)).toEqual(fault)
  })

  it.each([
    null,
    {},
    { type: 'cut' },
    { type: 'cut', ms: 1e9 },
    { type: 'throttle', kbits: 0 },
    { type: 'kill', kind: 'all' },
    { type: 'exit' },
  ])('is not %o', body => {
    expect(readFault(body)).toBeUndefined()
  })
})

describe('the files of the page', () => {
  let root: string
  const app = new Hono()

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'voice-page-'))
    await writeFile(join(root, 'secret.js'), 'secret')
    await writeFile(join(root, 'public-page.js'), 'page')
    const folder = pathToFileURL(join(root, 'public-'))
    app.get('/*', c => sendFile(c, folder, `public-${c.req.path.slice(1)}`))
    app.get('/*', c => sendFile(c, folder, c.req.path.slice(1)))
  })

  afterAll(() => rm(root, { recursive: true, force: true }))

  it('are served with a policy that allows nothing from elsewhere', async () => {
    const response = await app.request('/page.js')
    expect(await response.text()).toBe('page')
    expect(response.headers.get('content-type')).toMatch('text/javascript')
    expect(response.headers.get('content-security-policy')).toMatch("default-src 'self'")
  })

  it.each(['/../secret.js', '/%2e%2e/secret.js', '/..%2fsecret.js', '/missing.js', '/page', '/http:x.js'])(
    'do not include %s',
    async path => {
      expect((await app.request(path)).status).toBe(404)
    },
  )
})

describe('a caption', () => {
  it('shows word by word what was heard, by the length of each segment', () => {
    const caption = new Caption()
    caption.add('one two three four')
    caption.received(0, 1000)
    caption.add('five six')
    caption.received(1200, 1900)
    expect(caption.ended(2000)).toBe(300)
    const heard = (ms: number) => caption.text.slice(0, caption.heardCharacters(ms))
    expect(heard(0)).toBe('')
    expect(heard(500)).toBe('one two three')
    expect(heard(1000)).toBe('one two three four ')
    expect(heard(1999)).toBe('one two three four five six')
    expect(heard(3000)).toBe('one two three four five six')
  })

  it('is cut where the server says', () => {
    const caption = new Caption()
    caption.add('one two three')
    caption.cut('one two')
    expect(caption.over).toBe(true)
    expect(caption.heardCharacters(10_000)).toBe(7)
  })

  it('does not repeat what another synthesiser says again', () => {
    const caption = new Caption()
    caption.add('one two three')
    caption.received(300)
    caption.add('two three')
    expect(caption.text).toBe('one two three')
  })
})

import { afterAll, describe, expect, it } from 'vitest'
// The package itself, as users import it: the engines run in worker threads, whose modules exist only when built.
import { embeddedStt, embeddedTts, killEmbeddedWorkers, shutdownEmbedded, warmUp } from 'voice-ws/providers/embedded'
import { FORMAT, join, Listening, recognise, silence, synthesise, wordErrors } from './fixtures/embedded-speech.js'

const SENTENCES = [
  'hello what time is it in paris',
  'what is the weather like in london today',
  'my name is alice and i live in new york',
  'please turn off the lights in the kitchen',
  'how long does it take to drive to the airport',
  'where is the nearest train station',
  'i need to cancel my appointment for tomorrow morning',
  'could you please repeat the last sentence',
]

await warmUp()
const stt = embeddedStt({ maxSessions: 2 })
const said = async (text: string) => join(silence(300), (await synthesise(text)).audio, silence(700))

afterAll(shutdownEmbedded)

describe('the embedded recogniser', () => {
  it('hears the first sentence after loading exactly, and at most 15 % of words wrong over eight', async () => {
    const heard: string[] = []
    for (const sentence of SENTENCES) heard.push(await recognise(stt, await said(sentence)))
    const errors = SENTENCES.map((sentence, index) => wordErrors(sentence, heard[index]!))
    const words = SENTENCES.join(' ').split(' ').length
    expect(heard[0]).toBe(SENTENCES[0])
    expect(errors.reduce((sum, count) => sum + count) / words, heard.join('\n')).toBeLessThanOrEqual(0.15)
  }, 30_000)

  it('ends an utterance at each pause, in stream time, and reports nothing of long silence', async () => {
    const listening = new Listening(stt)
    const first = await said('please turn off the lights')
    await listening.push(first)
    await listening.push(await said('what time is it'))
    await listening.push(silence(10_000))
    listening.stream.close()
    await listening.ended
    const ends = listening.transcripts.filter(({ kind }) => kind === 'speech-final')
    expect(ends).toHaveLength(2)
    expect(listening.starts).toHaveLength(2)
    const firstMs = first.length / 32
    expect(ends[0]!.startMs).toBeGreaterThan(200)
    expect(ends[0]!.endMs).toBeLessThan(firstMs - 400)
    expect(ends[1]!.startMs).toBeGreaterThan(firstMs + 200)
  }, 20_000)

  it('gives what it has on finalize without ending the utterance, and the rest at its end', async () => {
    const { audio, words } = await synthesise('please turn off the lights in the kitchen tomorrow morning')
    const cut = 32 * words.find(({ text }) => text === 'lights')!.endMs
    const listening = new Listening(stt)
    await listening.push(join(silence(300), audio.subarray(0, cut)))
    listening.stream.finalize?.()
    await listening.push(join(audio.subarray(cut), silence(700)))
    listening.stream.close()
    await listening.ended
    const finals = listening.transcripts.filter(({ kind }) => kind !== 'interim')
    expect(finals.map(({ kind }) => kind)).toEqual(['final', 'speech-final'])
    expect(finals[0]!.text).toContain('lights')
    expect(finals[1]!.text).toContain('tomorrow morning')
    expect(finals[1]!.startMs).toBe(finals[0]!.endMs)
    expect(listening.starts).toHaveLength(1)
  }, 20_000)

  it('stops its sender after a second of sound that it has not worked off, and lets it go on', async () => {
    const audio = join(await said('please turn off the lights'), await said('what time is it'))
    const listening = new Listening(stt)
    const accepted: boolean[] = []
    for (let offset = 0; offset < audio.length; offset += 1280) {
      accepted.push(listening.stream.push(audio.subarray(offset, offset + 1280)))
    }
    // 25 messages of 40 ms are one second.
    expect(accepted.indexOf(false)).toBe(25)
    expect(listening.stream.bufferedBytes).toBe(audio.length)
    await listening.push(silence(500))
    expect(listening.blocked).toBeGreaterThan(0)
    expect(listening.stream.bufferedBytes).toBeLessThan(32_000 + 1280)
    listening.stream.close()
    await listening.ended
    expect(listening.text).toContain('lights')
    expect(listening.text).toContain('what time is it')
  }, 20_000)

  it('refuses a stream beyond its capacity with a typed failure, and takes one again when another closes', async () => {
    const small = embeddedStt({ maxSessions: 1 })
    const first = new Listening(small)
    const { failure } = await new Listening(small).ended
    expect(failure).toMatchObject({ class: 'rate', vendorCode: 'capacity' })
    expect(failure?.reason).toContain('maxSessions')
    first.stream.abort()
    await first.ended
    const second = new Listening(small)
    await second.opened
    second.stream.abort()
  })

  it('reports one failure when its worker dies in the middle of speech, and serves the next connection', async () => {
    const audio = await said('what time is it')
    const listening = new Listening(stt)
    await listening.push(audio.subarray(0, audio.length / 2))
    await listening.opened
    expect(killEmbeddedWorkers('stt')).toBe(1)
    const { failure } = await listening.ended
    expect(failure?.class).toBe('connection')
    await listening.push(audio)
    expect(await recognise(stt, audio)).toBe('what time is it')
    expect(listening.closes).toHaveLength(1)
    expect(killEmbeddedWorkers('stt')).toBe(0)
  }, 20_000)

  it('refuses another format and another language', async () => {
    const closed: unknown[] = []
    const { signal } = new AbortController()
    const sink = { closed: (event: object) => closed.push(event) } as never
    stt.connect({ format: { ...FORMAT, sampleRate: 8_000 }, baseOffsetMs: 0, signal, options: {} }, sink)
    stt.connect({ format: FORMAT, baseOffsetMs: 0, signal, options: { language: 'fr' } }, sink)
    await Promise.resolve()
    expect(closed).toMatchObject([
      { failure: { class: 'data', reason: expect.stringContaining('8000 Hz') } },
      { failure: { class: 'data', reason: expect.stringContaining('fr') } },
    ])
  })
})

describe('the embedded synthesiser', () => {
  it('tells when each word is spoken', async () => {
    const { audio, words } = await synthesise("Sorry, I didn't catch that; could you say it again?")
    const texts = ['Sorry,', 'I', "didn't", 'catch', 'that;', 'could', 'you', 'say', 'it', 'again?']
    expect(words.map(({ text }) => text)).toEqual(texts)
    for (const [index, word] of words.entries()) {
      expect(word.startMs).toBeGreaterThanOrEqual(words[index - 1]?.endMs ?? 0)
      expect(word.endMs).toBeGreaterThan(word.startMs)
    }
    expect(words.at(-1)!.endMs).toBeLessThanOrEqual(audio.length / 32)
  })

  it('speaks faster and slower', async () => {
    const text = 'I would like to book a table for two people.'
    const normal = (await synthesise(text)).audio.length
    const fast = (await synthesise(text, 'slt', 2)).audio.length
    const slow = (await synthesise(text, 'slt', 0.5)).audio.length
    expect(fast / normal).toBeCloseTo(0.5, 1)
    expect(slow / normal).toBeCloseTo(2, 0)
  })

  it('reports one failure to every stream of a worker that dies, and serves the next connection', async () => {
    const speaking = [synthesise('one '.repeat(200)), synthesise('two '.repeat(200))].map(result =>
      result.catch((error: Error) => error.message),
    )
    await synthesise('three')
    expect(killEmbeddedWorkers('tts')).toBe(1)
    for (const outcome of await Promise.all(speaking)) expect(outcome).toContain('the worker was killed')
    expect((await synthesise('four')).audio.length).toBeGreaterThan(0)
  }, 20_000)

  it('refuses a voice of another rate', async () => {
    await expect(synthesise('hello', 'kal')).rejects.toThrow('voice kal, wanted one of slt, rms, kal16, awb')
  })
})

describe('options', () => {
  it('names the option that is wrong', () => {
    expect(() => embeddedStt({ maxSessions: 0 })).toThrow(
      new TypeError('maxSessions: 0 is no whole number from 1 to 1024'),
    )
    expect(() => embeddedStt({ endpointMs: 5.5 })).toThrow(/^endpointMs: 5.5/)
    expect(() => embeddedStt({ idleWorkers: -1 })).toThrow(/^idleWorkers: -1/)
    expect(() => embeddedStt({ name: '' })).toThrow(/^name: ""/)
    expect(() => embeddedTts({ voice: 'bob' as never })).toThrow('voice: bob does not exist; choose one of slt')
  })
})

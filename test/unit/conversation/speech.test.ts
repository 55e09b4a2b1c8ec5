import { describe, expect, test } from 'vitest'
import type { AudioFormat } from '../../../src/audio/format.js'
import { speechOf } from '../../../src/testing/spoken-text.js'
import { nothing, TestTalk } from './harness.js'

const pcm16k: AudioFormat = { encoding: 'linear16', sampleRate: 16_000, channels: 1 }

/** Sound of `text` at 16 kHz, 50 ms a character. */
function recorded(text: string): Uint8Array {
  return speechOf(text, 800)
}

describe('say', () => {
  test('utterances are heard in order, their handles tell how they ended', async () => {
    const talk = new TestTalk()
    const first = talk.conversation.say('The first one.')
    const second = talk.conversation.say('The second one.', { record: false })
    expect(talk.conversation.busy).toBe(true)
    await talk.pass(3000)
    await expect(first.done).resolves.toEqual({ outcome: 'completed', playedMs: 750, text: 'The first one.' })
    await expect(second.done).resolves.toMatchObject({ outcome: 'completed', text: 'The second one.' })
    expect(talk.out.sentText).toMatch(/The first one. +The second one./)
    expect(talk.assistant).toEqual(['The first one.'])
    expect(talk.of('utterance').map(({ id, phase }) => `${id} ${phase}`)).toEqual([
      `${first.id} started`,
      `${second.id} started`,
      `${first.id} ended`,
      `${second.id} ended`,
    ])
    expect(talk.of('speech')).toMatchObject([
      { who: 'assistant', speaking: true },
      { who: 'assistant', speaking: false },
    ])
    expect(await talk.end()).toEqual(nothing)
  })

  test('text may be written while it is spoken', async () => {
    const talk = new TestTalk()
    const utterance = talk.conversation.say(
      (async function* () {
        yield 'The first sentence. '
        await new Promise<void>(resolve => talk.clock.after(3000, resolve))
        yield 'And a second one.'
      })(),
    )
    await talk.pass(2000)
    expect(talk.out.sentText.trim()).toBe('The first sentence.')
    await talk.pass(4000)
    await expect(utterance.done).resolves.toMatchObject({ text: 'The first sentence. And a second one.' })
    expect(await talk.end()).toEqual(nothing)
  })

  test('a source that throws or stalls ends as failed, with what had come', async () => {
    const throws = async function* () {
      yield 'As far as I know'
      throw new Error('no more')
    }
    const stalls = async function* () {
      yield 'Wait for it'
      await new Promise(() => {})
    }
    for (const source of [throws, stalls]) {
      const talk = new TestTalk({ turns: { agentTimeoutMs: 3000 } })
      const utterance = talk.conversation.say(source())
      await talk.pass(8000)
      await expect(utterance.done).resolves.toMatchObject({ outcome: 'failed', text: expect.stringMatching(/know|it/) })
      expect(talk.errors.map(({ code, scope }) => [code, scope])).toEqual([['app_failed', 'app']])
      expect(await talk.end()).toEqual(nothing)
    }
  })

  test('the ninth that waits is rejected', async () => {
    const talk = new TestTalk()
    const utterances = Array.from({ length: 10 }, (_, n) =>
      talk.conversation.say(`${'This is utterance '.repeat(15)}${n}.`),
    )
    const outcomes = new Map<number, string>()
    utterances.forEach((utterance, n) => void utterance.done.then(({ outcome }) => outcomes.set(n, outcome)))
    await talk.pass(10)
    expect([...outcomes]).toEqual([[9, 'rejected']])
    expect(await talk.end()).toEqual(nothing)
    expect(outcomes.size).toBe(10)
  })

  test('cancel takes one out of the queue, cuts the one being heard, and does nothing to one that ended', async () => {
    const talk = new TestTalk()
    const [a, b, c] = ['Alpha is the first of them.', 'Beta is the second of them.', 'Gamma is the third.'].map(text =>
      talk.conversation.say(text),
    )
    await talk.pass(700)
    b!.cancel()
    a!.cancel()
    a!.cancel()
    await talk.pass(3000)
    c!.cancel()
    await expect(a!.done).resolves.toMatchObject({ outcome: 'cancelled' })
    await expect(b!.done).resolves.toMatchObject({ outcome: 'cancelled', playedMs: 0, text: '' })
    await expect(c!.done).resolves.toMatchObject({ outcome: 'completed' })
    expect(talk.out.sentText).not.toContain('Beta')
    expect(await talk.end()).toEqual(nothing)
  })

  test('what is cut behind something still heard leaves that alone', async () => {
    const talk = new TestTalk()
    const first = talk.conversation.say('Alpha is the first of them.')
    const second = talk.conversation.say('Beta is the second of them.')
    await talk.pass(700)
    // By now the second one is in the lane behind the first.
    expect(talk.out.tracks).toHaveLength(2)
    second.cancel()
    await talk.pass(4000)
    await expect(first.done).resolves.toMatchObject({ outcome: 'completed' })
    await expect(second.done).resolves.toMatchObject({ outcome: 'cancelled', text: '' })
    expect(await talk.end()).toEqual(nothing)
  })

  test('nothing to say is said at once', async () => {
    const talk = new TestTalk()
    await expect(talk.conversation.say('  \n').done).resolves.toMatchObject({ outcome: 'completed', playedMs: 0 })
    await expect(talk.conversation.say('...').done).resolves.toMatchObject({ outcome: 'completed', playedMs: 0 })
    expect(talk.conversation.busy).toBe(false)
    expect(talk.assistant).toEqual([])
    expect(await talk.end()).toEqual(nothing)
  })

  test('after the session has closed it is rejected, and what was being said is cancelled', async () => {
    const talk = new TestTalk()
    const before = talk.conversation.say('This will be cut off by the end.')
    await talk.pass(1000)
    expect(await talk.end()).toEqual(nothing)
    const result = await before.done
    expect(result).toMatchObject({ outcome: 'cancelled' })
    expect('This will be cut off by the end.').toContain(result.text)
    await expect(talk.conversation.say('Too late.').done).resolves.toMatchObject({ outcome: 'rejected' })
  })

  test('what is no text is refused by name', () => {
    const talk = new TestTalk()
    expect(() => talk.conversation.say(7 as never)).toThrow(/say: text: number/)
  })
})

describe('play', () => {
  test('sound is heard and its words are remembered as far as they were heard', async () => {
    const talk = new TestTalk()
    const words = 'One two three four five six seven eight.'
    talk.conversation.play(recorded(words), { format: pcm16k, text: words })
    await talk.pass(1000)
    talk.conversation.interrupt('app')
    await talk.pass(1000)
    const [heard] = talk.assistant
    expect(words.startsWith(heard!)).toBe(true)
    expect(talk.out.sentText).toContain(heard!)
    expect(talk.conversation.history.at(-1)).toMatchObject({ interrupted: true, heardBy: 'proportion' })
    expect(await talk.end()).toEqual(nothing)
  })

  test('long sound is added as there is room', async () => {
    const talk = new TestTalk()
    const utterance = talk.conversation.play(recorded('0123456789'.repeat(60)), { format: pcm16k })
    await talk.pass(100)
    expect(talk.out.queuedMs).toBeLessThan(6000)
    await talk.pass(31_000)
    await expect(utterance.done).resolves.toMatchObject({ outcome: 'completed', playedMs: 30_000 })
    expect(talk.out.sentText).toBe('0123456789'.repeat(60))
    expect(talk.assistant).toEqual([])
    expect(await talk.end()).toEqual(nothing)
  })

  test('a loop repeats until it is cancelled', async () => {
    const talk = new TestTalk()
    const music = talk.conversation.play(recorded('tick'), { format: pcm16k, loop: true })
    await talk.pass(5000)
    music.cancel()
    await talk.pass(1000)
    await expect(music.done).resolves.toMatchObject({ outcome: 'cancelled' })
    expect(talk.out.sentText).toContain('ticktickticktick')
    expect(await talk.end()).toEqual(nothing)
  })

  test('sound may come in pieces of any size, in stereo and in G.711', async () => {
    const talk = new TestTalk()
    const stereo = new Uint8Array(64_000)
    const utterance = talk.conversation.play(
      (async function* () {
        for (let at = 0; at < stereo.length; at += 1001) yield stereo.subarray(at, at + 1001)
      })(),
      { format: { encoding: 'linear16', sampleRate: 16_000, channels: 2 } },
    )
    const telephone = talk.conversation.play(new Uint8Array(8000), {
      format: { encoding: 'mulaw', sampleRate: 8000, channels: 1 },
    })
    await talk.pass(4000)
    await expect(utterance.done).resolves.toMatchObject({ outcome: 'completed', playedMs: 1000 })
    await expect(telephone.done).resolves.toMatchObject({ outcome: 'completed', playedMs: 1000 })
    expect(talk.out.tracks.map(({ rate }) => rate)).toEqual([16_000, 8000])
    expect(await talk.end()).toEqual(nothing)
  })

  test('the recording stays the application’s', async () => {
    const talk = new TestTalk()
    const sound = recorded('mine')
    talk.conversation.play(sound, { format: pcm16k })
    sound.fill(0)
    await talk.pass(1000)
    expect(talk.out.sentText).toBe('mine')
    expect(await talk.end()).toEqual(nothing)
  })

  test.each([
    [{ format: { encoding: 'opus', sampleRate: 48_000, channels: 1 } }, /format.encoding/],
    [{ format: { encoding: 'linear16', sampleRate: 16_000, channels: 6 } }, /format.channels/],
    [{ format: { encoding: 'linear16', sampleRate: 4000, channels: 1 } }, /format.sampleRate/],
  ] as const)('what cannot be played is refused by name', (options, message) => {
    const talk = new TestTalk()
    expect(() => talk.conversation.play(new Uint8Array(2), options)).toThrow(message)
    expect(() => talk.conversation.play('x' as never, { format: pcm16k })).toThrow(/audio: string/)
    const endless = { async *[Symbol.asyncIterator]() {} }
    expect(() => talk.conversation.play(endless, { format: pcm16k, loop: true })).toThrow(/loop/)
  })
})

describe('what a client has spoken', () => {
  const speak = (talk: TestTalk, text: string, more: object = {}) =>
    talk.conversation.speak({ text, flush: true, allow_interruption: true, ...more })

  test('each request is an utterance of its own name', async () => {
    const talk = new TestTalk()
    speak(talk, 'Hello there.', { utterance_id: 'mine' })
    await talk.pass(2000)
    expect(talk.out.tracks.map(({ id }) => id)).toEqual(['mine'])
    expect(talk.assistant).toEqual(['Hello there.'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('what does not flush waits for what does', async () => {
    const talk = new TestTalk()
    speak(talk, 'Hello', { flush: false, utterance_id: 'a' })
    speak(talk, 'there,', { flush: false, allow_interruption: false })
    await talk.pass(1000)
    expect(talk.out.tracks).toEqual([])
    speak(talk, '', { utterance_id: 'b' })
    await talk.pass(500)
    // One piece of it may not be interrupted, so none of it.
    talk.conversation.clear()
    await talk.pass(2000)
    expect(talk.assistant).toEqual(['Hello there,'])
    expect(talk.out.tracks.map(({ id }) => id)).toEqual(['a'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('blank text holds nothing up, even if it may not be interrupted', async () => {
    const talk = new TestTalk()
    speak(talk, ' ', { allow_interruption: false })
    expect(talk.conversation.busy).toBe(false)
    speak(talk, 'Audible again.')
    await talk.pass(600)
    talk.conversation.clear()
    expect(talk.out.purges).toHaveLength(1)
    expect(await talk.end()).toEqual(nothing)
  })

  test('clear of one utterance takes that one; of one that is over, nothing', async () => {
    const talk = new TestTalk()
    speak(talk, 'This is the first utterance.', { utterance_id: 'one' })
    speak(talk, 'This is the second utterance.', { utterance_id: 'two' })
    speak(talk, 'held back', { flush: false, utterance_id: 'three' })
    await talk.pass(700)
    talk.conversation.clear('nobody')
    expect(talk.out.purges).toEqual([])
    talk.conversation.clear('three')
    talk.conversation.clear('one')
    await talk.pass(4000)
    talk.conversation.clear('one')
    expect(talk.out.ofType('interrupted').map(({ utterance_id }) => utterance_id)).toEqual(['one'])
    expect(talk.out.sentText).toContain('second utterance.')
    speak(talk, 'fresh start.')
    await talk.pass(2000)
    expect(talk.assistant.at(-1)).toBe('fresh start.')
    expect(await talk.end()).toEqual(nothing)
  })

  test('more than 64 utterances or 20,000 characters that wait are refused, with the name of the utterance', async () => {
    const talk = new TestTalk()
    // The first is spoken at once and fills the lane; the others wait.
    speak(talk, 'word '.repeat(60))
    await talk.pass(2000)
    for (let n = 0; n < 64; n++) speak(talk, 'Another one.')
    expect(talk.errors).toEqual([])
    speak(talk, 'Too many.', { utterance_id: 'x' })
    expect(talk.errors.map(({ code, scope, retryable }) => [code, scope, retryable])).toEqual([
      ['queue_full', 'client', true],
    ])
    expect(talk.erroredUtterances).toEqual(['x'])
    talk.conversation.clear()
    await talk.pass(1000)
    speak(talk, 'a'.repeat(20_001))
    speak(talk, 'b'.repeat(15_000), { flush: false })
    speak(talk, 'b'.repeat(5001), { flush: false })
    expect(talk.errors.map(({ code }) => code)).toEqual(['queue_full', 'queue_full', 'queue_full'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('a name that was used before is refused, one of long ago is not', async () => {
    const talk = new TestTalk()
    speak(talk, 'Hello there.', { utterance_id: 'same' })
    await talk.pass(2000)
    speak(talk, 'Hello again.', { utterance_id: 'same' })
    expect(talk.errors.map(({ code }) => code)).toEqual(['bad_message'])
    for (let n = 0; n < 64; n++) {
      speak(talk, 'x', { utterance_id: `other ${n}` })
      talk.conversation.clear()
    }
    speak(talk, 'Hello again.', { flush: false, utterance_id: 'same' })
    expect(talk.errors).toHaveLength(1)
    expect(await talk.end()).toEqual(nothing)
  })
})

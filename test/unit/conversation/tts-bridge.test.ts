import { describe, expect, test } from 'vitest'
import { nothing, TestTalk } from './harness.js'

const long = Array.from({ length: 30 }, (_, n) => `This is sentence number ${n} of a long speech.`).join(' ')

describe('how much is synthesised ahead', () => {
  test('the next segment only while less than 5 s wait in the lane', async () => {
    const talk = new TestTalk({ tts: [{ speed: 20 }] })
    talk.conversation.say(long)
    let most = 0
    for (let second = 0; second < 30; second++) {
      await talk.pass(1000)
      most = Math.max(most, talk.out.queuedMs)
    }
    // Two segments may be under way when the limit is reached.
    expect(most).toBeLessThan(5000 + 2 * 2400)
    expect(talk.tts[0]!.texts.length).toBeLessThan(30)
    await talk.pass(60_000)
    expect(talk.assistant).toEqual([long])
    expect(await talk.end()).toEqual(nothing)
  })

  test('a synthesiser that gives too much is paused and goes on when there is room', async () => {
    const talk = new TestTalk({ tts: [{ speed: 50, msPerChar: 400 }] })
    talk.conversation.say('This very slow voice takes half a minute.')
    await talk.pass(1500)
    const [connection] = talk.tts[0]!.connections
    expect(connection!.paused).toBe(true)
    expect(talk.out.queuedMs).toBeLessThan(11_000)
    await talk.pass(20_000)
    expect(talk.assistant).toEqual(['This very slow voice takes half a minute.'])
    expect(connection!.paused).toBe(false)
    expect(await talk.end()).toEqual(nothing)
  })

  test('one that cannot pause is still spoken to its end', async () => {
    const talk = new TestTalk({ tts: [{ speed: 50, msPerChar: 400, pausable: false }] })
    talk.conversation.say('This very slow voice takes half a minute.')
    await talk.pass(25_000)
    expect(talk.assistant).toHaveLength(1)
    expect(await talk.end()).toEqual(nothing)
  })

  test('one that dies while it is paused has not failed', async () => {
    const talk = new TestTalk({ tts: [{ speed: 50, msPerChar: 400 }, {}] })
    talk.conversation.say('This very slow voice takes half a minute.')
    await talk.pass(1500)
    talk.tts[0]!.connections[0]!.fail()
    expect(talk.health.snapshot()).toMatchObject([{ provider: 'tts-0', failures: 0 }])
    await talk.pass(30_000)
    expect(talk.legs).toEqual([{ state: 'live', provider: 'tts-0', atMs: 50 }])
    expect(talk.tts[0]!.connections).toHaveLength(2)
    expect(talk.tts[1]!.connections).toHaveLength(0)
    expect(talk.assistant).toHaveLength(1)
    expect(await talk.end()).toEqual(nothing)
  })

  test('the mute watchdog sleeps while a synthesiser is paused', async () => {
    const talk = new TestTalk({ tts: [{ speed: 100, msPerChar: 1000 }] })
    talk.conversation.say('A voice as slow as this one is heard for a minute.')
    await talk.pass(60_000)
    expect(talk.tts[0]!.connections).toHaveLength(1)
    expect(talk.legs).toHaveLength(1)
    expect(await talk.end()).toEqual(nothing)
  })
})

describe('what was cancelled', () => {
  test('is never heard, however late its audio comes', async () => {
    const talk = new TestTalk({ tts: [{ fault: () => ({ lateAudioMs: 1500 }), speed: 2 }] })
    talk.conversation.say('The first text is cut off here.')
    await talk.pass(900)
    talk.conversation.interrupt('app')
    talk.conversation.say('A new beginning.')
    await talk.pass(6000)
    const [first, second] = talk.out.tracks
    expect(talk.out.sentTextOf(first!.id)).not.toContain('here')
    expect(talk.out.sentTextOf(second!.id).trim()).toBe('A new beginning.')
    expect(await talk.end()).toEqual(nothing)
  })

  test('is cancelled with the position up to which its context was heard', async () => {
    const talk = new TestTalk({ tts: [{ speed: 1 }] })
    talk.conversation.say('One two three four. Five six seven eight nine ten eleven twelve.')
    await talk.pass(2000)
    talk.conversation.interrupt('app')
    const cancelled = [...talk.tts[0]!.connections[0]!.cancelled.values()]
    // The first sentence took 1,000 ms, and a little over 1,800 ms of the utterance were heard.
    expect(cancelled).toHaveLength(1)
    expect(cancelled[0]).toBeGreaterThan(750)
    expect(cancelled[0]).toBeLessThan(900)
    expect(await talk.end()).toEqual(nothing)
  })

  test('counts as an open context until the synthesiser lets go of it, and is not waited for for ever', async () => {
    const talk = new TestTalk({
      tts: [{ contexts: 1, speed: 1, fault: n => (n === 0 ? { keepsCancelled: true } : undefined) }],
    })
    talk.conversation.say('This is cut off before it ends.')
    await talk.pass(400)
    talk.conversation.interrupt('app')
    talk.conversation.say('This has to wait for it.')
    await talk.pass(4000)
    expect(talk.tts[0]!.texts).toHaveLength(1)
    await talk.pass(4000)
    expect(talk.tts[0]!.connections).toHaveLength(2)
    expect(talk.assistant.at(-1)).toBe('This has to wait for it.')
    expect(await talk.end()).toEqual(nothing)
  })
})

describe('contexts', () => {
  test('never more are open than the synthesiser allows, and audio keeps the order of the text', async () => {
    for (const contexts of [1, 2, 5]) {
      const talk = new TestTalk({ tts: [{ contexts, fault: () => ({ doubleDone: true }) }] })
      talk.conversation.say('First. Then comes the second sentence. And after it a third one. Finally the fourth one.')
      await talk.pass(8000)
      expect(talk.tts[0]!.connections).toHaveLength(1)
      expect(talk.out.sentText.replaceAll(/\s+/g, ' ').trim()).toBe(
        'First. Then comes the second sentence. And after it a third one. Finally the fourth one.',
      )
      expect(await talk.end()).toEqual(nothing)
    }
  })

  test('a text is not longer than the synthesiser takes', async () => {
    const talk = new TestTalk({ tts: [{ maxTextChars: 30 }] })
    const text = 'This sentence is quite a bit longer than thirty characters are.'
    talk.conversation.say(text)
    await talk.pass(6000)
    for (const given of talk.tts[0]!.texts) expect(given.length).toBeLessThanOrEqual(30)
    expect(talk.assistant).toEqual([text])
    expect(await talk.end()).toEqual(nothing)
  })
})

describe('formats', () => {
  test('the synthesiser is asked for what it prefers, and where that is too much for the client for the least that is enough', async () => {
    const formats = [24_000, 8000, 16_000, 48_000].map(
      sampleRate => ({ encoding: 'linear16', sampleRate, channels: 1 }) as const,
    )
    for (const [wanted, asked] of [
      [undefined, 24_000],
      [16_000, 16_000],
      [11_025, 16_000],
      [48_000, 24_000],
    ] as const) {
      const talk = new TestTalk({
        tts: [{ formats: [...formats, { ...formats[0]!, encoding: 'opus' }] }],
        conversation: { sampleRate: wanted },
      })
      expect(talk.tts[0]!.connections[0]!.request.format.sampleRate).toBe(asked)
      expect(await talk.end()).toEqual(nothing)
    }
  })

  test('another rate of the client is asked for from another utterance on', async () => {
    const formats = [24_000, 16_000].map(sampleRate => ({ encoding: 'linear16', sampleRate, channels: 1 }) as const)
    const talk = new TestTalk({ tts: [{ formats }] })
    await talk.pass(100)
    talk.conversation.say('At the full rate.')
    await talk.pass(500)
    talk.conversation.rate(16_000)
    await talk.pass(2000)
    talk.conversation.say('At the lower rate.')
    await talk.pass(2000)
    // Down and up again in between: the connection that was prepared for it is not used.
    talk.conversation.rate(24_000)
    await talk.pass(500)
    talk.conversation.rate(16_000)
    await talk.pass(500)
    talk.conversation.say('Still at the lower rate.')
    await talk.pass(2000)
    expect(talk.out.tracks.map(({ rate }) => rate)).toEqual([24_000, 16_000, 16_000])
    expect(talk.tts[0]!.openStreams).toBe(1)
    expect(await talk.end()).toEqual(nothing)
  })

  test('a synthesiser without a usable format is passed over', async () => {
    const opus = { encoding: 'opus', sampleRate: 48_000, channels: 1 } as const
    const talk = new TestTalk({ tts: [{ formats: [opus] }, {}] })
    await talk.pass(100)
    expect(talk.tts[0]!.connections).toEqual([])
    expect(talk.legs).toMatchObject([{ state: 'live', provider: 'tts-1' }])
    expect(await talk.end()).toEqual(nothing)
    const misfit = new TestTalk({ tts: [{ formats: [opus] }] })
    expect(misfit.legs).toMatchObject([{ state: 'lost' }])
    misfit.conversation.say('Only to be read.')
    expect(misfit.out.ofType('tts_text')).toHaveLength(1)
    expect(await misfit.end()).toEqual(nothing)
  })
})

test('each segment is announced with its words when its audio begins', async () => {
  const talk = new TestTalk()
  const { id } = talk.conversation.say('Hello there. This is the second sentence of them. ... ')
  await talk.pass(6000)
  expect(talk.out.captions).toEqual([
    { id, text: 'Hello there.' },
    { id, text: 'This is the second sentence of them.' },
  ])
  expect(await talk.end()).toEqual(nothing)
})

test('a connection that was closed for idleness is opened again while the user still speaks', async () => {
  for (const speaks of ['voice', 'guess'] as const) {
    const talk = new TestTalk({ tts: [{ idleMs: 5000 }] })
    await talk.pass(10_000)
    expect(talk.tts[0]!.openStreams).toBe(0)
    if (speaks === 'voice') talk.conversation.onSpeechStart(talk.clock.now())
    else talk.conversation.onEagerEnd({ text: 'I think' })
    await talk.pass(100)
    expect(talk.tts[0]!.openStreams).toBe(1)
    talk.conversation.onEagerEnd(null)
    expect(talk.tts[0]!.connections).toHaveLength(2)
    expect(await talk.end()).toEqual(nothing)
  }
})

describe('without any synthesiser', () => {
  test('answers go out as text, sentence by sentence, and are remembered', async () => {
    const talk = new TestTalk({ tts: [], agent: () => 'Hello there. I can only write to you today.' })
    talk.conversation.userTurn('hello', 'text')
    expect(talk.out.ofType('tts_text').map(({ text }) => text)).toEqual([
      'Hello there.',
      'I can only write to you today.',
    ])
    expect(talk.assistant).toEqual(['Hello there. I can only write to you today.'])
    expect(talk.conversation.busy).toBe(false)
    expect(talk.of('utterance')).toMatchObject([{ phase: 'ended', result: { outcome: 'completed', playedMs: 0 } }])
    expect(talk.out.ofType('tts_playback_complete').map(({ utterance_id }) => utterance_id)).toEqual([
      talk.of('utterance')[0]!.id,
    ])
    expect(await talk.end()).toEqual(nothing)
  })

  test('a newer turn stops an answer that is still being written', async () => {
    const talk = new TestTalk({ tts: [] })
    talk.conversation.update({
      agent: async function* ({ text }) {
        yield `You said ${text}. `
        await new Promise<void>(resolve => talk.clock.after(1000, resolve))
        yield `And that was all about ${text}.`
      },
    })
    talk.conversation.userTurn('one', 'text')
    await talk.pass(500)
    talk.conversation.userTurn('two', 'text')
    await talk.pass(5000)
    expect(talk.out.ofType('tts_text').map(({ text }) => text)).toEqual([
      'You said one.',
      'You said two.',
      'And that was all about two.',
    ])
    expect(talk.assistant).toEqual(['You said one.', 'You said two. And that was all about two.'])
    expect(await talk.end()).toEqual(nothing)
  })
})

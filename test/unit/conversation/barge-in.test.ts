import { describe, expect, test } from 'vitest'
import { nothing, slowly, TestTalk } from './harness.js'

const story =
  'Once upon a time there was a king. He had three sons and a very old horse. ' +
  'One day the horse ran away into the dark forest. The youngest son went after it at once.'

/** Every word of `text` was sent. */
function expectSent(talk: TestTalk, text: string): void {
  expect(talk.out.sentText.replaceAll(/\s+/g, ' ')).toContain(text)
}

describe('the three windows of an interruption', () => {
  test('while the agent is still producing: the agent stops, the synthesiser stops, the client clears', async () => {
    const talk = new TestTalk()
    const reasons: unknown[] = []
    talk.conversation.update({
      agent: async function* ({ signal }) {
        signal.addEventListener('abort', () => reasons.push(signal.reason))
        for (const sentence of story.split(/(?<=\. )/)) {
          yield sentence
          await new Promise<void>(resolve => talk.clock.after(1500, resolve))
        }
      },
    })
    await talk.says('tell me a story')
    await talk.pass(1800)
    expect(talk.conversation.speaking).toBe(true)
    await talk.coughs()
    expect(talk.conversation.speaking).toBe(false)
    expect(reasons).toEqual(['barge_in'])
    expect(talk.tts[0]!.openContexts).toBe(0)
    expect(talk.out.purges.map(({ reason }) => reason)).toEqual(['barge_in'])
    const sent = talk.out.sentText
    await talk.pass(6000)
    expect(talk.out.sentText).toBe(sent)
    expect(talk.assistant).toHaveLength(1)
    expect(story.startsWith(talk.assistant[0]!)).toBe(true)
    expectSent(talk, talk.assistant[0]!)
    expect(talk.conversation.history.at(-1)).toMatchObject({ interrupted: true, heardBy: 'words' })
    expect(await talk.end()).toEqual(nothing)
  })

  test('after production, while the client still plays', async () => {
    const talk = new TestTalk({ agent: () => 'One two three four five six. Seven eight nine ten eleven twelve.' })
    await talk.says('count')
    await talk.pass(1500)
    expect(talk.tts[0]!.openContexts).toBe(0)
    expect(talk.conversation.speaking).toBe(true)
    await talk.says('stop')
    await talk.pass(1000)
    const [interrupted] = talk.out.ofType('interrupted')
    expect(interrupted).toMatchObject({ basis: 'ack' })
    expect('One two three four five six. Seven eight nine ten eleven twelve.').toContain(interrupted!.text)
    expect(interrupted!.played_ms).toBeGreaterThan(0)
    expect(talk.of('interrupted')[0]!.text).toBe(interrupted!.text)
    expect(talk.of('utterance').find(({ result }) => result)?.result).toMatchObject({
      outcome: 'interrupted',
      text: interrupted!.text,
    })
    expect(await talk.end()).toEqual(nothing)
  })

  test('before the first audio nothing is stored and nothing is sent afterwards', async () => {
    const talk = new TestTalk({ agent: () => 'This answer comes too late to be heard.', tts: [{ startMs: 600 }] })
    await talk.says('first question')
    await talk.pass(300)
    await talk.says('second question', { onset: false })
    expect(talk.assistant).toEqual([])
    expect(talk.conversation.history.map(({ text }) => text)).toEqual(['first question', 'second question'])
    await talk.pass(4000)
    // Only the answer to the second question was ever heard.
    expect(talk.out.sentText.match(/too late/g)).toHaveLength(1)
    expect(talk.out.ofType('interrupted')).toEqual([])
    expect(await talk.end()).toEqual(nothing)
  })
})

test('a guess of the recogniser that comes to nothing only delays the answer', async () => {
  const talk = new TestTalk({ agent: () => story, tts: [{ startMs: 600 }] })
  await talk.says('go on')
  await talk.pass(100)
  const startMs = talk.clock.now()
  for (let n = 0; n < 4; n++) {
    await talk.pass(200)
    const endMs = talk.clock.now()
    talk.conversation.onTranscript({ kind: 'interim', text: 'uh', utterance: 7, startMs, endMs })
  }
  talk.conversation.onTranscript({ kind: 'final', text: '', utterance: 7, startMs, endMs: talk.clock.now() })
  expect(talk.out.held).toBe(true)
  await talk.pass(15_000)
  expect(talk.assistant).toEqual([story])
  expect(talk.conversation.stats()).toMatchObject({ interruptions: 0, falseInterruptions: 1 })
  expect(await talk.end()).toEqual(nothing)
})

describe('what interrupts', () => {
  const agent = () => story

  test('voice of 200 ms, at once', async () => {
    const talk = new TestTalk({ agent })
    await talk.says('go on')
    await talk.pass(1000)
    talk.conversation.onOnset(talk.clock.now())
    expect(talk.out.purges).toMatchObject([{ atMs: talk.clock.now(), reason: 'barge_in' }])
    expect(await talk.end()).toEqual(nothing)
  })

  test('a first word without any onset', async () => {
    const talk = new TestTalk({ agent })
    await talk.says('go on')
    await talk.pass(1000)
    await talk.says('wait', { onset: false })
    expect(talk.out.purges).toHaveLength(1)
    expect(await talk.end()).toEqual(nothing)
  })

  test('not with bargeIn off: the answer is heard to its end, then comes the next', async () => {
    const talk = new TestTalk({ agent: ({ text }) => `You said ${text} and I heard it.`, turns: { bargeIn: false } })
    await talk.says('one')
    await talk.pass(700)
    await talk.says('two')
    await talk.pass(5000)
    expect(talk.out.purges).toEqual([])
    expect(talk.assistant).toEqual(['You said one and I heard it.', 'You said two and I heard it.'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('turns that come while an uninterruptible answer is being written are answered together, once', async () => {
    const talk = new TestTalk({ turns: { bargeIn: false } })
    const asked: string[] = []
    talk.conversation.update({
      agent: turn => {
        asked.push(turn.text)
        return slowly(talk.clock, ['This takes quite a while. ', 'And then some more of it.'], 2500)(turn)
      },
    })
    await talk.says('one')
    await talk.pass(3000)
    await talk.says('two')
    await talk.says('three')
    await talk.pass(15_000)
    expect(asked).toEqual(['one', 'two three'])
    expect(talk.out.purges).toEqual([])
    expect(await talk.end()).toEqual(nothing)
  })

  test('with minWords 3 neither voice nor two words, but three', async () => {
    const talk = new TestTalk({ agent, turns: { minWords: 3 } })
    await talk.says('tell me a story')
    await talk.pass(1000)
    await talk.coughs()
    await talk.says('oh yes')
    expect(talk.out.purges).toEqual([])
    expect(talk.conversation.stats()).toMatchObject({ turns: 1, backchannels: 1 })
    expect(talk.conversation.speaking).toBe(true)
    await talk.says('please stop now')
    expect(talk.out.purges).toHaveLength(1)
    expect(talk.conversation.stats()).toMatchObject({ turns: 2, backchannels: 1, interruptions: 1 })
    expect(await talk.end()).toEqual(nothing)
  })

  test('a short answer right after an interruption is no backchannel', async () => {
    const talk = new TestTalk({ agent, turns: { minWords: 2 } })
    await talk.says('tell me')
    await talk.pass(1000)
    talk.conversation.interrupt('app')
    const endMs = talk.clock.now()
    talk.conversation.onTranscript({ kind: 'speech-final', text: 'yes', utterance: 9, startMs: endMs - 200, endMs })
    expect(talk.of('turn').map(({ text }) => text)).toEqual(['tell me', 'yes'])
    expect(await talk.end()).toEqual(nothing)
  })

  test('late results of a turn that is over do not', async () => {
    const talk = new TestTalk({ agent })
    await talk.says('tell me a story')
    await talk.pass(1000)
    const startMs = talk.clock.now() - 3000
    talk.conversation.onTranscript({ kind: 'interim', text: 'tell me', utterance: 0, startMs, endMs: startMs + 500 })
    expect(talk.out.purges).toEqual([])
    expect(await talk.end()).toEqual(nothing)
  })
})

describe('voice that was none', () => {
  test('by default it ends the speech for good', async () => {
    const talk = new TestTalk({ agent: () => story })
    await talk.says('go on')
    await talk.pass(1000)
    await talk.coughs()
    await talk.pass(10_000)
    expect(talk.conversation.busy).toBe(false)
    expect(talk.assistant[0]).not.toBe(story)
    expect(await talk.end()).toEqual(nothing)
  })

  test('with resumeFalseInterruption the speech goes on after 1.5 s, nothing lost', async () => {
    const talk = new TestTalk({ agent: () => story, turns: { resumeFalseInterruption: true } })
    await talk.says('go on')
    await talk.pass(1000)
    await talk.coughs()
    expect(talk.out.held).toBe(true)
    await talk.pass(1500)
    expect(talk.out.held).toBe(false)
    await talk.pass(12_000)
    expect(talk.assistant).toEqual([story])
    expect(talk.conversation.stats()).toMatchObject({ falseInterruptions: 1, interruptions: 0 })
    expect(await talk.end()).toEqual(nothing)
  })

  test('with resumeFalseInterruption words end it', async () => {
    const talk = new TestTalk({ agent: () => story, turns: { resumeFalseInterruption: true } })
    await talk.says('go on')
    await talk.pass(1000)
    await talk.says('no thank you')
    expect(talk.out.held).toBe(false)
    expect(talk.out.purges).toHaveLength(1)
    expect(talk.conversation.stats()).toMatchObject({ falseInterruptions: 0, interruptions: 1, turns: 2 })
    expect(await talk.end()).toEqual(nothing)
  })

  test('before the first audio it only delays the answer', async () => {
    const talk = new TestTalk({ agent: () => story, tts: [{ startMs: 400 }] })
    await talk.says('go on')
    await talk.pass(100)
    await talk.coughs()
    await talk.pass(500)
    expect(talk.conversation.speaking).toBe(false)
    await talk.pass(1200)
    expect(talk.conversation.speaking).toBe(true)
    await talk.pass(12_000)
    expect(talk.assistant).toEqual([story])
    expect(await talk.end()).toEqual(nothing)
  })
})

describe('speech that may not be interrupted', () => {
  test('ignores voice, words and clear, delivers turns, and the answer follows it', async () => {
    const talk = new TestTalk({ agent: ({ text }) => `You said ${text} just now.` })
    const notice = 'This call is being recorded for quality.'
    const utterance = talk.conversation.say(notice, { allowInterruption: false })
    await talk.pass(800)
    await talk.says('hello')
    talk.conversation.clear()
    talk.conversation.interrupt('app')
    expect(talk.out.purges).toEqual([])
    expect(talk.of('turn')).toMatchObject([{ text: 'hello' }])
    await talk.pass(1000)
    await expect(utterance.done).resolves.toMatchObject({ outcome: 'completed', text: notice })
    expect(await talk.end()).toEqual(nothing)
  })

  test('its answers do not stack: only the newest is heard', async () => {
    const talk = new TestTalk({ agent: ({ text }) => `You said ${text} just now.` })
    talk.conversation.say('This call is being recorded for quality and for training, as you know.', {
      allowInterruption: false,
    })
    await talk.pass(300)
    await talk.says('one')
    await talk.says('two')
    await talk.pass(6000)
    expect(talk.assistant.at(-1)).toBe('You said two just now.')
    expect(talk.out.sentText).not.toContain('one')
    expect(await talk.end()).toEqual(nothing)
  })

  test('is over 5 s after its length, whatever the client says', async () => {
    const talk = new TestTalk()
    talk.out.playing = false
    const utterance = talk.conversation.say('Twenty characters ok', { allowInterruption: false })
    await talk.pass(6500)
    await expect(utterance.done).resolves.toMatchObject({ outcome: 'interrupted', playedMs: 0, text: '' })
    expect(talk.conversation.busy).toBe(false)
    expect(await talk.end()).toEqual(nothing)
  })

  test('what waits behind it can be taken back without it', async () => {
    const talk = new TestTalk()
    const notice = talk.conversation.say('This call is being recorded for quality.', { allowInterruption: false })
    const offer = talk.conversation.say('Would you like to hear our offers?')
    await talk.pass(800)
    // Nothing begins behind it: a purge of that would take it along.
    expect(talk.out.tracks.map(({ id, ended }) => [id, ended])).toEqual([[notice.id, true]])
    talk.conversation.interrupt('app')
    await talk.pass(3000)
    await expect(notice.done).resolves.toMatchObject({ outcome: 'completed' })
    await expect(offer.done).resolves.toMatchObject({ outcome: 'interrupted', playedMs: 0, text: '' })
    expect(talk.out.sentText).not.toContain('offers')
    expect(await talk.end()).toEqual(nothing)
  })
})

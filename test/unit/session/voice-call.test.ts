import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { silence } from '../../../src/testing/spoken-words.js'
import { heardText, linear16, sayInto, sayWords, scriptedCall } from '../../fixtures/scripted-call.js'

const echo = async function* ({ text }: { text: string }) {
  yield `You said ${text}.`
}

const audioOut = { audio_out: { sample_rates: [16_000] } }

describe('a call', () => {
  it('hears a turn, answers it, and leaves nothing behind', async () => {
    const { call, voice, clock, stt, tts } = await scriptedCall({ agent: echo }, { config: audioOut })
    await call.expect('ready')
    await sayWords(call, 'hello world')
    await call.advance(3000)
    expect(
      call
        .of('stt_result')
        .filter(result => result.is_final)
        .map(result => result.transcript)
        .join(' '),
    ).toBe('hello world')
    expect(heardText(call)).toBe('You said hello world.')
    const types = call.messages.map(message => message.type)
    expect(types.indexOf('tts_start')).toBeLessThan(types.indexOf('tts_end'))
    expect(call.of('tts_text').map(message => message.text)).toEqual(['You said hello world.'])
    expect([...voice.sessions.values()][0]?.history.map(item => item.text)).toEqual([
      'hello world',
      'You said hello world.',
    ])
    call.peer.close(1000)
    await call.advance(5000)
    expect([voice.sessions.size, clock.pending]).toEqual([0, 0])
    expect(stt.openStreams).toBe(0)
    expect(tts.openStreams).toBe(0)
  })

  it('takes two utterances with a pause for two turns, and 10 s of silence for none', async () => {
    const turns: string[] = []
    const { call, voice } = await scriptedCall({ agent: ({ text }) => void turns.push(text) }, { config: audioOut })
    await call.expect('ready')
    await sayWords(call, 'one two')
    await sayWords(call, 'three four')
    await sayInto(call, silence(10_000, linear16))
    expect(turns).toEqual(['one two', 'three four'])
    await voice.close()
  })

  it('is greeted however long the recogniser took to come', async () => {
    const clock = new ManualClock()
    // The first connection takes too long and is given up after 5 s.
    const stt = new ScriptedStt({ clock, faults: [{ opens: 'never' }, { opens: 4500 }] })
    const { call, voice } = await scriptedCall(
      { clock, stt: [stt], configure: () => ({ greeting: 'Good day.' }) },
      { config: audioOut },
    )
    await call.advance(9000)
    expect(call.of('ready')).toHaveLength(0)
    await call.advance(1000)
    await call.expect('ready')
    await call.advance(3000)
    expect(heardText(call)).toBe('Good day.')
    expect([...voice.sessions.values()][0]?.history.map(item => [item.text, item.interrupted])).toEqual([
      ['Good day.', undefined],
    ])
    await voice.close()
    await call.advance(5000)
    expect(clock.pending).toBe(0)
  })

  it('greets a new session and only that', async () => {
    const { call, voice } = await scriptedCall({ configure: () => ({ greeting: 'Good day.' }) }, { config: audioOut })
    await call.expect('ready')
    await call.advance(2000)
    expect(heardText(call)).toBe('Good day.')
    expect(call.messages[0]?.type).toBe('ready')
    await voice.close()
  })

  it('says, plays, interrupts, sends, taps, and closes after speech', async () => {
    const heard = { in: 0, out: 0 }
    const { call, voice } = await scriptedCall({}, { config: audioOut })
    await call.expect('ready')
    const session = [...voice.sessions.values()][0]!
    session.tap('in', ({ audio }) => {
      heard.in += audio.length
    })
    const untap = session.tap('out', ({ audio }) => {
      heard.out += audio.length
    })
    const first = session.say('First.')
    const second = session.play(new Uint8Array(3200), { format: linear16, text: 'beep' })
    session.send('badge', { count: 3 })
    await sayInto(call, silence(1000, linear16))
    await call.advance(2000)
    expect(await first.done).toMatchObject({ outcome: 'completed', text: 'First.' })
    expect(await second.done).toMatchObject({ outcome: 'completed' })
    expect(call.of('event')).toMatchObject([{ name: 'badge', data: { count: 3 } }])
    expect(heard.in).toBe(32_000)
    expect(heard.out).toBeGreaterThan(3200)
    untap()
    const cut = session.say('This one is not heard to its end because it is interrupted.')
    await call.advance(1000)
    session.interrupt()
    await call.advance(1500)
    expect((await cut.done).outcome).toBe('interrupted')
    expect(call.of('interrupted')).toHaveLength(1)
    session.say('Goodbye.')
    session.close({ afterSpeech: true })
    expect((await call.closed(10_000)).code).toBe(1000)
    expect(heardText(call)).toContain('Goodbye.')
    expect(() => session.send('late', 1n)).toThrow()
  })

  it('ends when its agent says so, after its last words were heard', async () => {
    const { call } = await scriptedCall(
      {
        agent: async function* () {
          yield 'Farewell.'
          yield { type: 'end' }
        },
      },
      { config: audioOut },
    )
    await call.expect('ready')
    await sayWords(call, 'bye')
    expect(await call.closed(10_000)).toEqual({ code: 1000, reason: 'ended' })
    expect(heardText(call)).toBe('Farewell.')
  })

  it('degrades and recovers when its recogniser breaks, without losing a word', async () => {
    const { call, voice, stt } = await scriptedCall({ agent: echo }, { config: audioOut })
    await call.expect('ready')
    await sayWords(call, 'one two', 0)
    stt.connections.at(-1)!.fail('connection')
    await sayWords(call, 'three four')
    await call.advance(3000)
    expect(call.of('state').map(({ state, reason }) => [state, reason])).toContainEqual(['degraded', 'stt_down'])
    expect(call.of('state').at(-1)).toMatchObject({ state: 'active', reason: 'stt_live' })
    expect(heardText(call)).toBe('You said one two three four.')
    await voice.close()
  })
})

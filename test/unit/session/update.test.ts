import { describe, expect, it } from 'vitest'
import type { SessionEvents } from '../../../src/index.js'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { heardText, linear16, sayInto, sayWords, scriptedCall } from '../../fixtures/scripted-call.js'

const config = { audio_out: { sample_rates: [16_000] } }
const story = 'This is a long story about a horse that nobody has ever heard to its end.'

async function begin(options: Parameters<typeof scriptedCall>[0] = {}) {
  const scripted = await scriptedCall(options, { config })
  await scripted.call.expect('ready')
  const session = [...scripted.voice.sessions.values()][0]!
  const turns: string[] = []
  const interruptions: SessionEvents['interrupted'][] = []
  session.on('turn', ({ text }) => turns.push(text))
  session.on('interrupted', event => interruptions.push(event))
  return { ...scripted, session, turns, interruptions }
}

type Begun = Awaited<ReturnType<typeof begin>>

/** How long after its last word the turn ended. */
async function turnEndsAfterMs({ call, turns, clock }: Begun, words: string): Promise<number> {
  await sayInto(call, speak(words, linear16, { pauseMs: 0 }))
  const silentSinceMs = clock.now()
  const before = turns.length
  while (turns.length === before && clock.now() - silentSinceMs < 5000) await sayInto(call, silence(20, linear16))
  return clock.now() - silentSinceMs
}

async function leaveNothing({ voice, clock, call }: Begun): Promise<void> {
  await voice.close()
  await call.advance(2500)
  expect(clock.pending).toBe(0)
}

describe('an update of turn taking', () => {
  it('changes the silence that ends a turn, and leaves the rest as it was', async () => {
    const begun = await begin()
    expect(await turnEndsAfterMs(begun, 'first')).toBeLessThanOrEqual(520)
    begun.session.update({ turns: { endpointMs: 1500 } })
    const afterMs = await turnEndsAfterMs(begun, 'second')
    expect(afterMs).toBeGreaterThanOrEqual(1480)
    expect(afterMs).toBeLessThanOrEqual(1540)
    begun.session.update({ turns: { endpointMs: 300 } })
    expect(await turnEndsAfterMs(begun, 'third')).toBeLessThanOrEqual(340)
    expect(begun.turns).toEqual(['first', 'second', 'third'])
    await leaveNothing(begun)
  })

  it('takes push to talk up and lets it go again', async () => {
    const begun = await begin()
    const { session, call, turns } = begun
    session.update({ turns: { mode: 'manual' } })
    await sayWords(call, 'wait for me')
    await sayWords(call, 'and now')
    expect(turns).toEqual([])
    call.send({ type: 'finalize' })
    await sayInto(call, silence(500, linear16))
    expect(turns).toEqual(['wait for me and now'])
    session.update({ turns: { mode: 'auto' } })
    await sayWords(call, 'by itself')
    expect(turns).toEqual(['wait for me and now', 'by itself'])
    await leaveNothing(begun)
  })

  it.each([
    [200, 1],
    [600, 0],
  ])('makes voice interrupt after %i ms', async (onsetMs, interrupted) => {
    // Words that come too late to interrupt anything.
    const begun = await begin({ stt: [new ScriptedStt({ latencyMs: 10_000 })], turns: { onsetMs: 400 } })
    const { session, call } = begun
    await sayInto(call, silence(500, linear16))
    session.update({ turns: { onsetMs } })
    session.say(story)
    await sayInto(call, silence(1000, linear16))
    await sayInto(call, speak('mhm', linear16, { wordMs: 300 }))
    await sayInto(call, silence(500, linear16))
    expect(begun.interruptions).toHaveLength(interrupted)
    await leaveNothing(begun)
  })

  it('waits until what is being answered and said is over', async () => {
    const begun = await begin({ agent: ({ text }) => (text === 'story' ? story : 'All right.') })
    const { session, call, turns } = begun
    await sayWords(call, 'story')
    session.update({ turns: { mode: 'manual', bargeIn: false }, agent: () => 'Another agent.' })
    await sayWords(call, 'stop')
    expect(begun.interruptions).toHaveLength(1)
    expect(turns).toEqual(['story', 'stop'])
    const from = call.peer.received.length
    await call.advance(3000)
    // The turn that ended was the boundary: from it on everything is as it was asked for.
    expect(session.history.at(-1)).toMatchObject({ text: 'Another agent.' })
    await sayWords(call, 'nobody asks')
    expect(turns).toEqual(['story', 'stop'])
    expect(heardText(call, from)).not.toContain('All right')
    await leaveNothing(begun)
  })

  it('begins to speak into the silence of a session in which nothing was said', async () => {
    const begun = await begin()
    begun.session.update({ turns: { idlePromptMs: 2000, onIdle: () => 'Are you there?' } })
    await begun.call.advance(5000)
    expect(begun.session.history).toMatchObject([{ role: 'assistant', text: 'Are you there?' }])
    await leaveNothing(begun)
  })
})

describe('a client that may speak only without an agent', () => {
  it('may not any more once an update brings one', async () => {
    const begun = await begin()
    const { session, call } = begun
    call.send({ type: 'speak', text: 'By the client.' })
    await call.expect('tts_playback_complete')
    session.update({ agent: () => 'By the agent.' })
    call.send({ type: 'speak', text: 'Once more.' })
    await call.advance(2000)
    expect(call.of('error')).toMatchObject([{ code: 'not_allowed' }])
    expect(session.history.map(({ text }) => text)).toEqual(['By the client.'])
    await leaveNothing(begun)
  })

  it('may not when configure brings one', async () => {
    const begun = await begin({ configure: () => ({ agent: () => 'By the agent.' }) })
    begun.call.send({ type: 'speak', text: 'By the client.' })
    await begun.call.advance(1000)
    expect(begun.call.of('error')).toMatchObject([{ code: 'not_allowed' }])
    await leaveNothing(begun)
  })
})

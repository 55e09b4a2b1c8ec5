import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { ScriptedTts } from '../../../src/testing/scripted-tts.js'
import { silence } from '../../../src/testing/spoken-words.js'
import { linear16, sayInto, sayWords, scriptedCall } from '../../fixtures/scripted-call.js'

const config = { audio_out: { sample_rates: [16_000] } }

/** A call whose recogniser serves and then goes away for good. */
async function withoutRecogniser(onSttLost: 'fail' | 'continue') {
  const stt = new ScriptedStt({ faults: connection => (connection === 0 ? {} : { refuse: 'connection' }) })
  const scripted = await scriptedCall(
    { stt: [stt], agent: ({ text }) => `You said ${text}.`, recovery: { budgetMs: 10_000, onSttLost } },
    { config },
  )
  await scripted.call.expect('ready')
  await sayInto(scripted.call, silence(500, linear16))
  stt.last.fail('connection')
  return { ...scripted, stt, statesOf: () => scripted.call.of('state').map(({ state }) => state) }
}

describe('recognition that is lost for good', () => {
  it('ends the session with 1011 when the budget is spent, and not before', async () => {
    const { call, voice, clock, statesOf } = await withoutRecogniser('fail')
    await sayInto(call, silence(9500, linear16))
    expect([statesOf().at(-1), call.of('error').length]).toEqual(['degraded', 1])
    await sayInto(call, silence(1000, linear16))
    expect(await call.closed()).toMatchObject({ code: 1011 })
    expect(call.of('error').at(-1)).toMatchObject({ code: 'stt_unavailable', retryable: true })
    expect(voice.sessions.size).toBe(0)
    await call.advance(2500)
    expect(clock.pending).toBe(0)
  })

  it('leaves a session of text when it may go on without', async () => {
    const { call, voice, clock, stt, statesOf } = await withoutRecogniser('continue')
    await sayInto(call, silence(11_000, linear16))
    expect(statesOf().at(-1)).toBe('active')
    call.send({ type: 'user_text', text: 'still there' })
    await call.advance(3000)
    expect(call.of('tts_text')).toMatchObject([{ text: 'You said still there.' }])
    const errors = call.of('error').length
    await sayWords(call, 'nobody hears this')
    expect([call.of('error').length, call.peer.closed]).toEqual([errors, undefined])
    await voice.close()
    await call.advance(2500)
    expect([stt.openStreams, clock.pending]).toEqual([0, 0])
  })
})

describe('synthesis that never serves', () => {
  it.each(['fail', 'continue'] as const)('%s: the session does as it was told', async onTtsLost => {
    const clock = new ManualClock()
    const refuse = { class: 'connection', reason: 'scripted' } as const
    const tts = new ScriptedTts({ clock, fault: () => ({ refuse }) })
    const agent = ({ text }: { readonly text: string }) => `You said ${text}.`
    const options = { clock, tts: [tts], agent, recovery: { budgetMs: 5000, onTtsLost } }
    const { call, voice } = await scriptedCall(options, { config, clock })
    await call.advance(8000)
    if (onTtsLost === 'fail') {
      expect(await call.closed()).toMatchObject({ code: 1011 })
    } else {
      await call.expect('ready')
      call.send({ type: 'user_text', text: 'hello' })
      await call.advance(1000)
      expect(call.of('tts_text')).toMatchObject([{ text: 'You said hello.' }])
      expect(call.peer.audioBytes).toBe(0)
    }
    await voice.close()
    await call.advance(2500)
    expect([tts.openStreams, clock.pending]).toEqual([0, 0])
  })
})

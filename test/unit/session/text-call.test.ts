import { describe, expect, it } from 'vitest'
import { createVoiceHandler } from '../../../src/index.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { startTestCall } from '../../../src/testing/test-call.js'
import { silentLogger } from '../../../src/util/logger.js'

describe('a session of text', () => {
  it('answers a typed turn in words and leaves nothing behind', async () => {
    const clock = new ManualClock()
    const voice = createVoiceHandler({
      clock,
      logger: silentLogger,
      agent: async function* ({ text, history }) {
        yield `You said ${text}. `
        yield `That makes ${history.length}.`
      },
    })
    const call = await startTestCall(voice, { clock, config: { audio: false, stream_id: 'one' } })
    const ready = await call.expect('ready')
    expect(ready).toMatchObject({ stream_id: 'one', epoch: 1, resume_window_ms: 30_000 })
    call.send({ type: 'user_text', text: 'hello' })
    await call.expect('tts_text')
    await call.advance(1000)
    expect(
      call
        .of('tts_text')
        .map(message => message.text)
        .join(' '),
    ).toBe('You said hello. That makes 1.')
    expect([...voice.sessions.values()][0]?.history.map(({ role, text }) => [role, text])).toEqual([
      ['user', 'hello'],
      ['assistant', 'You said hello. That makes 1.'],
    ])
    call.send({ type: 'bye', reason: 'done' })
    expect(await call.closed()).toEqual({ code: 1000, reason: 'bye' })
    expect(voice.sessions.size).toBe(0)
    await call.advance(5000)
    expect(clock.pending).toBe(0)
  })
})

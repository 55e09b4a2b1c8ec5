import { describe, expect, it } from 'vitest'
import { Call, Handler, stt } from './harness.js'

describe('the end of a turn', () => {
  it('comes with 500 ms of silence, after the final of what was said', () => {
    const handler = new Handler()
    const call = new Call([stt('a', handler)], { handler })
    call.uplink.start()
    call.quiet(1000)
    call.say('hello world')
    const saidAt = handler.clock.now()
    call.onTranscript = ({ kind }) => kind === 'final' && expect(call.endpoints).toEqual([])
    call.quiet(2000)
    expect(call.turns).toEqual(['hello world'])
    expect(call.endpoints).toEqual([{ atMs: 1660, cause: 'silence' }])
    expect(call.finals).toMatchObject([{ utterance: 0, startMs: 1000, provider: 'a' }])
    // The last word ends in a pause of 140 ms.
    expect(saidAt).toBe(1800)
    call.close()
  })

  it('waits for results that are late, at most a second', () => {
    const handler = new Handler()
    const call = new Call([stt('a', handler, { delayMs: 700, finalAfterMs: false })], { handler })
    call.uplink.start()
    call.say('hello')
    call.quiet(500)
    expect(call.turns).toEqual([])
    call.quiet(800)
    expect(call.turns).toEqual(['hello'])
    call.close()
  })

  it('gives later words a turn of their own when they miss that second', () => {
    const handler = new Handler()
    const best = { capabilities: { finalize: 'best-effort' as const, interims: false } }
    const call = new Call([stt('a', handler, { ...best, delayMs: 3000, finalAfterMs: false })], { handler })
    call.uplink.start()
    call.say('hello')
    call.quiet(6000)
    expect(call.turns).toEqual(['hello'])
    expect(call.endpoints).toHaveLength(1)
    call.close()
  })

  it('is left to a provider that ends turns itself, with a backstop a second later', () => {
    const handler = new Handler()
    const capabilities = { endpointing: true }
    const patient = stt('patient', handler, { capabilities, endpointMs: 1200 })
    const call = new Call([patient], { handler })
    call.uplink.start()
    call.say('so I was')
    call.quiet(900)
    call.say('thinking')
    call.quiet(3000)
    expect(call.turns).toEqual(['so I was thinking'])
    expect(call.endpoints).toEqual([])
    call.close()

    const deadlocked = new Handler()
    const never = stt('never', deadlocked, { capabilities, endpointMs: 60_000 })
    const other = new Call([never], { handler: deadlocked })
    other.uplink.start()
    other.say('hello')
    other.quiet(1200)
    expect(other.turns).toEqual([])
    other.quiet(400)
    expect(other.turns).toEqual(['hello'])
    other.close()
  })

  it('comes only with finalize in push to talk, whatever the provider says', () => {
    const handler = new Handler()
    const provider = stt('a', handler, { capabilities: { endpointing: true } })
    const call = new Call([provider], { handler, turns: { mode: 'manual' } })
    call.uplink.start()
    call.say('one two')
    call.quiet(2000)
    call.say('three')
    expect(call.turns).toEqual([])
    call.uplink.finalize()
    call.pass(1000)
    expect(call.turns).toEqual(['one two three'])
    expect(call.endpoints).toMatchObject([{ cause: 'finalize' }])
    expect(call.transcripts.every(transcript => transcript.kind !== 'speech-final')).toBe(true)
    call.close()
  })

  it('answers a finalize when nothing was said, and when nobody answers it', () => {
    const handler = new Handler()
    const call = new Call([stt('a', handler, { capabilities: { finalize: 'none' } })], { handler })
    call.uplink.start()
    call.uplink.finalize()
    expect(call.endpoints).toEqual([{ atMs: 0, cause: 'finalize' }])
    call.close()

    const slow = new Handler()
    const silent = new Call([stt('a', slow, { faults: [{ opens: 'never' }] })], { handler: slow })
    silent.uplink.start()
    silent.uplink.finalize()
    expect(silent.endpoints).toHaveLength(1)
    silent.close()
  })

  it('finds the words of a user too quiet for the voice detector, and does not cut them off', () => {
    const handler = new Handler()
    const deafDetector = { push: () => 0 }
    const call = new Call([stt('a', handler)], { handler, vad: deafDetector })
    call.uplink.start()
    call.quiet(3000)
    call.say('one two three four five')
    expect(call.endpoints).toEqual([])
    call.quiet(2000)
    expect(call.turns).toEqual(['one two three four five'])
    call.close()
  })

  it('is not reached by a door that slams', () => {
    const handler = new Handler()
    const call = new Call([stt('a', handler, { finalAfterMs: false })], { handler, vad: bangs() })
    call.uplink.start()
    call.quiet(5000)
    expect(call.speech).not.toEqual([])
    expect(call.endpoints).toEqual([])
    expect(call.transcripts).toEqual([])
    call.close()
  })

  it('comes without audio, 5 s after a client fell silent in the middle of it', () => {
    const handler = new Handler()
    const call = new Call([stt('a', handler)], { handler })
    call.uplink.start()
    call.say('hello', { pauseMs: 0 })
    call.pass(4900)
    expect(call.turns).toEqual([])
    call.pass(300)
    expect(call.turns).toEqual(['hello'])
    call.close()
  })
})

describe('a turn without a pause', () => {
  it('has a final forced at the first short pause after 10 s, which does not end it', () => {
    const handler = new Handler()
    const provider = stt('a', handler, { finalAfterMs: false, finalizeGives: 'speech-final' })
    const call = new Call([provider], { handler })
    call.uplink.start()
    const first = numbers(0, 26)
    const second = numbers(26, 5)
    call.say(first)
    call.quiet(160)
    expect(provider.last.finalizes).toBe(1)
    call.say(second)
    expect(call.turns).toEqual([])
    call.quiet(1000)
    expect(call.turns).toEqual([`${first} ${second}`])
    expect(call.transcripts.every(transcript => transcript.utterance === 0)).toBe(true)
    call.close()
  })

  it('has one forced at 14 s when there is no pause at all', () => {
    const handler = new Handler()
    const provider = stt('a', handler, { finalAfterMs: false })
    const call = new Call([provider], { handler })
    call.uplink.start()
    call.say(numbers(0, 34))
    expect(provider.last.finalizes).toBe(0)
    call.say(numbers(34, 4))
    expect(provider.last.finalizes).toBe(1)
    expect(call.uplink.stats().heldBytes).toBeLessThan(3 * 32_000)
    call.close()
  })

  it('is taken to another stream when the provider cannot be asked, with every word', () => {
    const handler = new Handler()
    const provider = stt('a', handler, { finalAfterMs: 900, capabilities: { finalize: 'none' } })
    const call = new Call([provider], { handler })
    call.uplink.start()
    const first = numbers(0, 26)
    const second = numbers(26, 26)
    const third = numbers(52, 5)
    for (const words of [first, second, third]) {
      call.say(words)
      call.quiet(200)
    }
    call.quiet(5000)
    expect(call.words).toBe(`${first} ${second} ${third}`)
    expect(provider.connections.length).toBeGreaterThan(2)
    expect(call.legStates).toEqual(['live a'])
    call.close()
  })
})

describe('the beginning of speech', () => {
  it('is told by the detector: start, onset after 200 ms, end', () => {
    const handler = new Handler()
    const call = new Call([stt('a', handler)], { handler })
    call.uplink.start()
    call.quiet(1000)
    call.say('hello world')
    call.quiet(1000)
    expect(call.speech).toEqual(['start 1000', 'onset 1200', 'end 1660'])
    call.close()
  })

  it('is told by a provider that says so, once', () => {
    const handler = new Handler()
    const call = new Call([stt('a', handler, { capabilities: { speechStarted: true } })], { handler })
    call.uplink.start()
    call.quiet(1000)
    call.say('hello world')
    call.quiet(1000)
    expect(call.speech).toEqual(['start 1000', 'onset 1000', 'end 1660'])
    call.close()
  })

  it('is told by the detector the application gave, whatever the provider says', () => {
    const handler = new Handler()
    const provider = stt('a', handler, { capabilities: { speechStarted: true } })
    const call = new Call([provider], { handler, vad: bangs() })
    call.uplink.start()
    call.quiet(3000)
    expect(call.speech).toEqual(['start 2000', 'onset 2200', 'end 2300'])
    call.close()
  })

  it('is not told again by the stream that hears it again', () => {
    const handler = new Handler()
    const speechStarted = { capabilities: { speechStarted: true } }
    const a = stt('a', handler, { ...speechStarted, faults: [{ closeAfterMs: 2000 }, { refuse: 'auth' }] })
    const call = new Call([a, stt('b', handler, speechStarted)], { handler })
    call.uplink.start()
    call.quiet(1000)
    call.say('one two three four five')
    call.quiet(1500)
    expect(call.speech.filter(event => event.startsWith('onset'))).toHaveLength(1)
    expect(call.words).toBe('one two three four five')
    call.close()
  })
})

function numbers(from: number, count: number): string {
  return Array.from({ length: count }, (_, i) => `n${from + i}`).join(' ')
}

/** A detector that hears voice from 2 to 2.3 s. */
function bangs(): { push(): number } {
  let frames = 0
  return { push: () => (++frames > 100 && frames <= 115 ? 1 : 0) }
}

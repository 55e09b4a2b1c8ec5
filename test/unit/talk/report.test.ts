import { describe, expect, it } from 'vitest'
import { Microphone } from '../../../examples/talk/microphone.js'
import { speechSegments, TurnLog } from '../../../examples/talk/report.js'
import { concat, mix, noise, speechLike } from '../audio/signals.js'

const SECOND = 16_000

describe('speechSegments', () => {
  it.each([
    ['a silent room', new Int16Array(5 * SECOND)],
    ['noise 25 dB below the voice', noise(-50, 5 * SECOND)],
  ])('finds where somebody speaks in %s', (_, room) => {
    const speech = concat(
      new Int16Array(SECOND),
      speechLike(-25, 840),
      new Int16Array(SECOND),
      speechLike(-25, 840),
      new Int16Array(SECOND),
    )
    const segments = speechSegments(mix(speech, room))
    expect(segments.length).toBe(2)
    expect(segments[0]!.startMs).toBe(1_000)
    // The fourth syllable of 180 ms begins at 660 ms.
    expect(Math.abs(segments[0]!.endMs - 1_840)).toBeLessThanOrEqual(20)
    expect(Math.abs(segments[1]!.endMs - 3_680)).toBeLessThanOrEqual(20)
  })

  it('finds speech that fills the recording', () => {
    const [segment, ...more] = speechSegments(speechLike(-20, 2_000))
    expect(more).toEqual([])
    expect(segment!.startMs).toBe(0)
    expect(segment!.endMs).toBeGreaterThan(1_900)
  })

  it('finds none in silence, faint noise, a click or nothing', () => {
    expect(speechSegments(new Int16Array(SECOND))).toEqual([])
    expect(speechSegments(noise(-60, SECOND))).toEqual([])
    expect(speechSegments(concat(new Int16Array(SECOND), speechLike(-20, 30), new Int16Array(SECOND)))).toEqual([])
    expect(speechSegments(new Int16Array(0))).toEqual([])
  })
})

describe('TurnLog', () => {
  const never = () => null

  it('joins what was recognised until a reply begins', () => {
    const log = new TurnLog()
    log.final('set a timer')
    log.final('')
    log.final('for ten minutes')
    log.replyStarted('u1')
    log.replyText('u1', 'Ten minutes,')
    log.replyText('u1', 'starting now.')
    log.final('thanks')
    expect(log.turns(never)).toEqual([
      { user: 'set a timer for ten minutes', agent: 'Ten minutes, starting now.', latency_ms: null },
      { user: 'thanks', agent: '', latency_ms: null },
    ])
  })

  it('takes the text of a reply that comes before its sound', () => {
    const log = new TurnLog()
    log.final('hello')
    log.replyText('u1', 'Hi.')
    log.final('and bye')
    log.replyStarted('u1')
    expect(log.firstAudio('u1', 10)).toBe(true)
    expect(log.turns(() => 0)).toEqual([
      { user: 'hello', agent: 'Hi.', latency_ms: 10 },
      { user: 'and bye', agent: '', latency_ms: null },
    ])
  })

  it('counts a greeting to no turn, also when it goes on', () => {
    const log = new TurnLog()
    log.replyStarted('u0')
    expect(log.firstAudio('u0', 100)).toBe(false)
    log.final('hello')
    log.replyText('u0', 'Welcome.')
    expect(log.firstAudio('u0', 200)).toBe(false)
    expect(log.turns(never)).toEqual([{ user: 'hello', agent: '', latency_ms: null }])
  })

  it('measures from the end of the speech to the first audio of the reply', () => {
    const log = new TurnLog()
    log.final('hello')
    log.replyStarted('u1')
    expect(log.firstAudio('u1', 5_400)).toBe(true)
    expect(log.firstAudio('u1', 5_600)).toBe(false)
    log.replyStarted('u2')
    expect(log.firstAudio('u2', 9_000)).toBe(false)
    const asked: number[] = []
    expect(
      log.turns(atMs => {
        asked.push(atMs)
        return 4_899.6
      }),
    ).toEqual([{ user: 'hello', agent: '', latency_ms: 500 }])
    expect(asked).toEqual([5_400])
  })
})

describe('Microphone', () => {
  const speech = concat(new Int16Array(SECOND / 10), speechLike(-20, 180), new Int16Array(SECOND / 10))

  function started(pcm: Int16Array) {
    const sent: Uint8Array[] = []
    const microphone = new Microphone(pcm, 1_000, frame => sent.push(frame.slice()))
    return { sent, microphone }
  }

  it('sends in real time, silence first and last', () => {
    const { sent, microphone } = started(speech)
    microphone.tick(1_005, true)
    microphone.tick(1_040, true)
    expect([sent.length, microphone.begun, microphone.said]).toEqual([2, false, false])
    microphone.tick(1_200, false)
    expect([sent.length, microphone.saidMs, microphone.begun]).toEqual([10, 160, true])
    microphone.tick(2_000, false)
    expect([sent.length, microphone.said, microphone.saidMs, microphone.sentMs]).toEqual([50, true, 380, 1_000])
    const bytes = Buffer.concat(sent)
    expect(bytes.subarray(2 * 640, 2 * 640 + speech.byteLength)).toEqual(Buffer.from(speech.buffer))
    expect(bytes.subarray(2 * 640 + speech.byteLength).every(byte => byte === 0)).toBe(true)
  })

  it('does not stop for a reply once it has begun', () => {
    const { microphone } = started(speech)
    microphone.tick(1_100, false)
    microphone.tick(1_200, true)
    expect(microphone.saidMs).toBe(200)
  })

  it('knows when the speech that was over had been sent', () => {
    const { microphone } = started(speech)
    for (let nowMs = 1_000; nowMs <= 1_600; nowMs += 10) microphone.tick(nowMs, nowMs < 1_100)
    // Silence for 100 ms, then the recording, whose speech lies between 100 and 280 ms; 20 ms frames leave at their begin.
    expect(microphone.speechEndAtMs(1_300)).toBeNull()
    const endAtMs = microphone.speechEndAtMs(1_600)!
    expect(Math.abs(endAtMs - 1_370)).toBeLessThanOrEqual(20)
    expect(microphone.speechEndAtMs(endAtMs - 1)).toBeNull()
  })

  it('completes the last frame of a recording', () => {
    const { sent, microphone } = started(new Int16Array(500).fill(1))
    microphone.tick(1_100, false)
    expect(Buffer.concat(sent).length).toBe(5 * 640)
    expect(microphone.saidMs).toBe(31.25)
  })
})

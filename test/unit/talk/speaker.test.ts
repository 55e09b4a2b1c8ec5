import { describe, expect, it } from 'vitest'
import { Speaker } from '../../../examples/talk/speaker.js'
import { pcmBytes } from '../../../src/audio/pcm.js'

const FORMAT = { encoding: 'linear16', sample_rate: 16_000 } as const

function sound(ms: number, value: number, rate = 16_000): Uint8Array {
  return pcmBytes(new Int16Array((ms * rate) / 1000).fill(value))
}

function start(speaker: Speaker, utterance_id: string): void {
  speaker.start({ type: 'tts_start', utterance_id, ...FORMAT, from_bytes: 0, from_ms: 0 })
}

function end(speaker: Speaker, utterance_id: string, ms: number): void {
  speaker.end({ type: 'tts_end', utterance_id, bytes: 0, ms })
}

describe('Speaker', () => {
  it('plays in real time and reports where it is', () => {
    const speaker = new Speaker(16_000, 0)
    expect(speaker.report()).toBeNull()
    start(speaker, 'a')
    expect(speaker.audio(sound(100, 1))).toEqual({ utteranceId: 'a', first: true })
    expect(speaker.audio(sound(100, 2))).toEqual({ utteranceId: 'a', first: false })
    expect(speaker.advance(50)).toBe(false)
    expect(speaker.report()).toEqual({
      utterance_id: 'a',
      received_bytes: 6_400,
      played_ms: 50,
      buffered_ms: 150,
      underruns: 0,
    })
    end(speaker, 'a', 200)
    expect(speaker.advance(200)).toBe(true)
    expect(speaker.report()).toMatchObject({ utterance_id: 'a', played_ms: 200, buffered_ms: 0 })
    speaker.finish()
    expect(speaker.report()).toBeNull()
    expect(speaker.busy).toBe(false)
  })

  it('counts what was skipped on the timeline, but plays nothing for it', () => {
    const speaker = new Speaker(16_000, 0)
    start(speaker, 'a')
    speaker.audio(sound(100, 1))
    speaker.skip({ type: 'tts_skip', utterance_id: 'a', ms: 500 })
    speaker.audio(sound(100, 1))
    speaker.advance(99)
    expect(speaker.report()!.played_ms).toBe(99)
    speaker.advance(150)
    expect(speaker.report()!.played_ms).toBe(650)
    end(speaker, 'a', 700)
    expect(speaker.advance(200)).toBe(true)
    expect(speaker.report()!.played_ms).toBe(700)
  })

  it('counts running dry once, and never before the first sound or after the end', () => {
    const speaker = new Speaker(16_000, 0)
    start(speaker, 'a')
    speaker.advance(100)
    speaker.audio(sound(20, 1))
    speaker.advance(150)
    speaker.advance(200)
    expect(speaker.report()!.underruns).toBe(1)
    speaker.audio(sound(20, 1))
    end(speaker, 'a', 40)
    speaker.advance(300)
    expect(speaker.report()!.underruns).toBe(1)
  })

  it('drops up to the utterance that is cleared, keeps what follows, and says what was heard', () => {
    const speaker = new Speaker(16_000, 0)
    for (const [id, value] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ] as const) {
      start(speaker, id)
      speaker.audio(sound(100, value))
      end(speaker, id, 100)
    }
    speaker.advance(30)
    expect(speaker.clear('b')).toEqual({ utteranceId: 'a', playedMs: 30 })
    speaker.advance(130)
    speaker.finish()
    const recording = speaker.recording()
    expect(recording.length).toBe(130 * 16)
    expect([recording[0], recording[30 * 16 - 1], recording[30 * 16]]).toEqual([1, 1, 3])
  })

  it('answers a clear of what it has heard or never held', () => {
    const speaker = new Speaker(16_000, 0)
    start(speaker, 'a')
    speaker.audio(sound(100, 1))
    end(speaker, 'a', 100)
    speaker.advance(100)
    speaker.finish()
    expect(speaker.clear('a')).toEqual({ utteranceId: 'a', playedMs: 100 })
    expect(speaker.clear('z')).toEqual({ utteranceId: 'z', playedMs: 0 })
  })

  it('takes no sound between utterances', () => {
    const speaker = new Speaker(16_000, 0)
    expect(speaker.audio(sound(20, 1))).toBeNull()
    start(speaker, 'a')
    speaker.clear('a')
    expect(speaker.audio(sound(20, 1))).toBeNull()
    expect(speaker.recording().length).toBe(0)
  })

  it('records at one rate when the format changes within an utterance', () => {
    const speaker = new Speaker(16_000, 0)
    start(speaker, 'a')
    speaker.audio(sound(100, 1_000))
    speaker.format({ encoding: 'linear16', sample_rate: 8_000 })
    speaker.audio(sound(100, 1_000, 8_000))
    speaker.format({ encoding: 'mulaw', sample_rate: 8_000 })
    speaker.audio(new Uint8Array(800).fill(0xff))
    end(speaker, 'a', 300)
    speaker.advance(300)
    speaker.finish()
    const recording = speaker.recording()
    expect(recording.length).toBe(300 * 16)
    expect([recording[50 * 16], recording[150 * 16], recording[250 * 16]]).toEqual([1_000, 1_000, 0])
  })
})

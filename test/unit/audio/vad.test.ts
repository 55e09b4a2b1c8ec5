import { describe, expect, it } from 'vitest'
import { EnergyVad, type Vad } from '../../../src/audio/vad.js'
import { concat, mix, noise, speechLike, tone } from './signals.js'

const FRAME = 320
const SECOND = 16_000

/** The share of 20 ms frames that are taken for voice. */
function voicedShare(vad: Vad, pcm: Int16Array, frame = FRAME): number {
  let voiced = 0
  let frames = 0
  for (let at = 0; at + frame <= pcm.length; at += frame) {
    const probability = vad.push(pcm.subarray(at, at + frame))
    expect(probability).toBeGreaterThanOrEqual(0)
    expect(probability).toBeLessThanOrEqual(1)
    if (probability >= 0.5) voiced++
    frames++
  }
  return voiced / frames
}

function heardAfter(room: Int16Array, sound: Int16Array, vad: Vad = new EnergyVad()): number {
  voicedShare(vad, room)
  return voicedShare(vad, sound)
}

describe('EnergyVad', () => {
  it.each([-10, -20, -30, -40, -50])('hears speech at %i dB of full scale in a quiet room', dbfs => {
    const share = heardAfter(noise(-75, 2 * SECOND), mix(speechLike(dbfs, 2_000), noise(-75, 2 * SECOND)))
    // Nine elevenths of the signal is sound.
    expect(share).toBeGreaterThan(0.7)
    expect(share).toBeLessThan(0.95)
  })

  it('hears speech that begins with the stream', () => {
    expect(voicedShare(new EnergyVad(), speechLike(-25, 1_000))).toBeGreaterThan(0.7)
  })

  it.each([-60, -50, -40, -30, -20])('hears speech 15 dB over steady noise of %i dB', dbfs => {
    const room = noise(dbfs, 3 * SECOND)
    expect(heardAfter(room, mix(speechLike(dbfs + 15, 3_000), room))).toBeGreaterThan(0.6)
  })

  it.each([-80, -60, -50, -40])('hears nothing in noise of %i dB, from the first frame', dbfs => {
    expect(voicedShare(new EnergyVad(), noise(dbfs, 20 * SECOND))).toBe(0)
  })

  it.each([
    ['loud noise', noise(-15, 20 * SECOND)],
    ['a held tone', tone(440, SECOND, 20 * SECOND, 0.3)],
    ['mains hum with its overtones', mix(tone(50, SECOND, 20 * SECOND, 0.3), tone(150, SECOND, 20 * SECOND, 0.1))],
  ])('takes %s for the room within 2.5 s', (_, sound) => {
    const vad = new EnergyVad()
    voicedShare(vad, sound.subarray(0, 2.5 * SECOND))
    expect(voicedShare(vad, sound.subarray(2.5 * SECOND))).toBe(0)
  })

  it('adapts when the room becomes louder, and hears speech again as soon as it is quiet', () => {
    const vad = new EnergyVad()
    voicedShare(vad, noise(-70, 3 * SECOND))
    voicedShare(vad, noise(-35, 2.5 * SECOND))
    expect(voicedShare(vad, noise(-35, 10 * SECOND))).toBe(0)
    voicedShare(vad, noise(-70, 0.2 * SECOND))
    expect(voicedShare(vad, speechLike(-45, 1_000))).toBeGreaterThan(0.6)
  })

  it('is deaf to an offset, also when it jumps', () => {
    const vad = new EnergyVad()
    const room = noise(-60, 4 * SECOND)
    expect(
      voicedShare(
        vad,
        room.map(sample => sample + 12_000),
      ),
    ).toBe(0)
    expect(voicedShare(vad, mix(speechLike(-35, 2_000), new Int16Array(2 * SECOND).fill(-9_000)))).toBeGreaterThan(0.7)
  })

  it('is not misled by mains hum below the voice', () => {
    const hum = tone(50, SECOND, 6 * SECOND, 0.05)
    const room = mix(hum, noise(-70, 6 * SECOND))
    expect(heardAfter(room, mix(speechLike(-35, 3_000), room.subarray(0, 3 * SECOND)))).toBeGreaterThan(0.7)
  })

  it('takes nothing below -58 dB for voice, however quiet the room', () => {
    expect(heardAfter(noise(-90, 3 * SECOND), speechLike(-62, 2_000))).toBe(0)
  })

  it('learns nothing from digital silence', () => {
    const vad = new EnergyVad()
    voicedShare(vad, noise(-45, 3 * SECOND))
    const floor = vad.floorDbfs
    expect(floor).toBeGreaterThan(-48)
    expect(floor).toBeLessThan(-42)
    expect(voicedShare(vad, new Int16Array(10 * SECOND))).toBe(0)
    expect(vad.floorDbfs).toBe(floor)
    expect(voicedShare(vad, noise(-45, 3 * SECOND))).toBe(0)
  })

  it('goes on hearing speech that does not pause for 30 s', () => {
    const speech = mix(speechLike(-25, 30_000), noise(-60, 30 * SECOND))
    expect(voicedShare(new EnergyVad(), speech.subarray(25 * SECOND))).toBeGreaterThan(0.7)
  })

  it.each([8_000, 24_000, 44_100, 48_000])('works at %i Hz', rate => {
    const vad = new EnergyVad(rate)
    const frame = rate / 50
    expect(voicedShare(vad, noise(-60, 3 * rate), frame)).toBe(0)
    expect(voicedShare(vad, speechLike(-30, 2_000, rate), frame)).toBeGreaterThan(0.7)
  })

  it('works on frames of 10 ms', () => {
    const vad = new EnergyVad()
    expect(voicedShare(vad, noise(-50, 10 * SECOND), 160)).toBe(0)
    expect(voicedShare(vad, speechLike(-30, 2_000), 160)).toBeGreaterThan(0.7)
  })

  it('forgets the room on reset', () => {
    const vad = new EnergyVad()
    voicedShare(vad, noise(-20, 3 * SECOND))
    expect(voicedShare(vad, speechLike(-28, 1_000))).toBe(0)
    vad.reset()
    expect(voicedShare(vad, speechLike(-28, 1_000))).toBeGreaterThan(0.7)
  })

  it('answers 0 for a frame too short to judge', () => {
    expect(new EnergyVad().push(concat())).toBe(0)
    expect(new EnergyVad().push(tone(440, SECOND, 8))).toBe(0)
  })
})

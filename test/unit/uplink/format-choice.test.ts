import { describe, expect, it } from 'vitest'
import type { AudioFormat } from '../../../src/audio/format.js'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { chooseFormat, supports } from '../../../src/uplink/format-choice.js'

function pcm(sampleRate: number, channels = 1): AudioFormat {
  return { encoding: 'linear16', sampleRate, channels }
}
function mulaw(sampleRate: number): AudioFormat {
  return { encoding: 'mulaw', sampleRate, channels: 1 }
}
const opus: AudioFormat = { encoding: 'opus', sampleRate: 48_000, channels: 1 }

describe('the format a provider is sent', () => {
  it.each([
    ['the same', pcm(16_000), [mulaw(8000), pcm(16_000)], pcm(16_000)],
    ['G.711 as it came, where the provider takes it', mulaw(8000), [pcm(16_000), mulaw(8000)], mulaw(8000)],
    ['a higher rate rather than a lower one', pcm(16_000), [pcm(8000), pcm(24_000)], pcm(24_000)],
    ['the nearest higher rate', pcm(8000), [pcm(48_000), pcm(16_000)], pcm(16_000)],
    ['the highest rate when all are lower', pcm(48_000), [pcm(8000), pcm(16_000)], pcm(16_000)],
    ['a lower rate rather than the noise of G.711', pcm(16_000), [mulaw(8000), pcm(8000)], pcm(8000)],
    ['fewer channels', pcm(16_000, 2), [pcm(16_000)], pcm(16_000)],
  ])('is %s', (_, client, offered, expected) => {
    expect(chooseFormat(client, offered)).toEqual(expected)
  })

  it('is never made from or into Opus', () => {
    expect(chooseFormat(opus, [pcm(16_000)])).toBeNull()
    expect(chooseFormat(pcm(16_000), [opus])).toBeNull()
    expect(chooseFormat(opus, [pcm(16_000), { ...opus, sampleRate: 16_000 }])).toEqual({ ...opus, sampleRate: 16_000 })
  })
})

describe('whether a provider can serve a session', () => {
  it('depends on its formats and languages', () => {
    const provider = new ScriptedStt({ capabilities: { languages: ['en', 'de-AT'] } })
    const candidate = { provider, options: {} }
    expect(supports(candidate, pcm(48_000), undefined)).toBe(true)
    expect(supports(candidate, pcm(48_000), 'en-US')).toBe(true)
    expect(supports(candidate, pcm(48_000), 'fr')).toBe(false)
    expect(supports(candidate, opus, 'en')).toBe(false)
  })
})

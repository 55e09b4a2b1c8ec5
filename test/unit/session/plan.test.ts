import { describe, expect, it } from 'vitest'
import { defaultClientRights } from '../../../src/options.js'
import type { ConfigMessage } from '../../../src/protocol/messages.js'
import { Catalogue, type ProviderChoice } from '../../../src/providers/catalogue.js'
import type { SttOptions, TtsOptions, TtsProvider } from '../../../src/providers/contracts.js'
import { PlanError, planSession } from '../../../src/session/plan.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { ScriptedStt } from '../../../src/testing/scripted-stt.js'
import { ScriptedTts } from '../../../src/testing/scripted-tts.js'

const clock = new ManualClock()
const scripted = new ScriptedTts({ clock })
const anyVoice: TtsProvider = {
  name: 'any-voice',
  capabilities: scripted.capabilities,
  connect: (request, sink) => scripted.connect(request, sink),
}
const catalogues = {
  stt: new Catalogue('stt', [
    new ScriptedStt({ name: 'one', capabilities: { models: ['small', 'large'], languages: ['en', 'de'] } }),
    new ScriptedStt({ name: 'two', capabilities: { languages: ['en', 'fr'] } }),
  ]),
  tts: new Catalogue('tts', [
    anyVoice,
    {
      ...anyVoice,
      name: 'two-voices',
      capabilities: { ...anyVoice.capabilities, voices: ['ann', 'bob'], models: ['fast'] },
    },
  ]),
}

interface Wish {
  readonly audio?: boolean
  readonly stt?: object
  readonly tts?: object
  readonly audio_out?: object
  readonly chosen?: {
    readonly stt?: readonly ProviderChoice<SttOptions>[]
    readonly tts?: readonly ProviderChoice<TtsOptions>[]
  }
  readonly rights?: object
}

function plan({ audio = true, stt, tts, audio_out, chosen = {}, rights }: Wish) {
  const config = {
    type: 'config',
    audio,
    stt_config: { encoding: 'linear16', sample_rate: 16_000, channels: 1, ...stt },
    tts_config: { audio_format: 'linear16', sample_rate: 24_000, ...tts },
    audio_out,
  } as ConfigMessage
  return planSession(config, chosen, catalogues, { ...defaultClientRights, ...rights })
}

const names = (chain: readonly { readonly provider: { readonly name: string } }[]) => chain.map(c => c.provider.name)

describe('providers', () => {
  it('are all there are, in order, and the named one first', () => {
    expect(names(plan({}).stt)).toEqual(['one', 'two'])
    expect(names(plan({ stt: { provider: 'two' } }).stt)).toEqual(['two', 'one'])
    expect(names(plan({ tts: { provider: 'two-voices' } }).tts)).toEqual(['two-voices', 'any-voice'])
  })

  it('are only those that know the language and the format', () => {
    expect(names(plan({ stt: { language: 'fr' } }).stt)).toEqual(['two'])
    expect(() => plan({ stt: { language: 'xx' } })).toThrow(PlanError)
    expect(() => plan({ stt: { sample_rate: 48_000, encoding: 'opus' } })).toThrow(/opus at 48000 Hz/)
  })

  it('are none without audio, and none when the application wants none', () => {
    expect([plan({ audio: false }).stt, plan({ audio: false }).tts]).toEqual([[], []])
    expect([plan({ chosen: { stt: [] } }).stt, plan({ chosen: { tts: [] } }).tts]).toEqual([[], []])
  })

  it('are what the application chose, whatever the client names', () => {
    const chosen = { stt: [{ use: 'two', options: { language: 'fr', model: undefined } }], tts: ['two-voices'] }
    const { stt, tts } = plan({ stt: { provider: 'nobody', language: 'en' }, tts: { provider: 'nobody' }, chosen })
    expect([names(stt), names(tts)]).toEqual([['two'], ['two-voices']])
    expect(stt[0]?.options.language).toBe('fr')
  })

  it('keep what the client wants where the application leaves an option undefined', () => {
    const chosen = { stt: [{ use: 'two', options: { language: undefined } }] }
    expect(plan({ stt: { language: 'fr' }, chosen }).stt[0]?.options.language).toBe('fr')
  })

  it('that are not there are a bad config of the client, or a bug of the application', () => {
    expect(() => plan({ stt: { provider: 'nobody' } })).toThrow(/^stt_config.provider: 'nobody'.*one, two/)
    expect(() => plan({ tts: { provider: 'nobody' } })).toThrow(PlanError)
    expect(() => plan({ chosen: { stt: ['nobody'] } })).toThrow(TypeError)
  })

  it('are not for clients to choose when they may not', () => {
    const rights = { chooseProvider: false }
    const { stt, tts } = plan({
      stt: { provider: 'two', model: 'large' },
      tts: { provider: 'nobody', voice_id: 'ann' },
      rights,
    })
    expect([names(stt), names(tts)]).toEqual([
      ['one', 'two'],
      ['any-voice', 'two-voices'],
    ])
    expect([stt[0]?.options.model, tts[1]?.options.voiceId]).toEqual([undefined, undefined])
  })
})

describe('models and voices', () => {
  it('go to the provider that the client named, and to no other', () => {
    const { stt } = plan({ stt: { provider: 'one', model: 'large' } })
    expect(stt.map(({ options }) => options.model)).toEqual(['large', undefined])
    const { tts } = plan({ tts: { provider: 'two-voices', voice_id: 'bob', model: 'fast' } })
    expect(tts.map(({ options }) => [options.voiceId, options.model])).toEqual([
      ['bob', 'fast'],
      [undefined, undefined],
    ])
  })

  it('go to whoever offers them when it named none', () => {
    expect(plan({ stt: { model: 'large' } }).stt.map(({ options }) => options.model)).toEqual(['large', undefined])
    expect(plan({ stt: { model: 'huge' } }).stt.map(({ options }) => options.model)).toEqual([undefined, undefined])
    const voices = (voice_id: string) => plan({ tts: { voice_id } }).tts.map(({ options }) => options.voiceId)
    expect(voices('ann')).toEqual(['ann', 'ann'])
    expect(voices('eve')).toEqual(['eve', undefined])
  })

  it('that the named provider does not offer are a bad config that says what it offers', () => {
    expect(() => plan({ stt: { provider: 'one', model: 'huge' } })).toThrow(/^stt_config.model: 'huge'.*small, large/)
    expect(() => plan({ tts: { provider: 'two-voices', voice_id: 'eve' } })).toThrow(/^tts_config.voice_id.*ann, bob/)
  })
})

describe('credentials of the client', () => {
  const auth = { key: 'k' }

  it('are dropped unless they are allowed, and go to the provider they are for', () => {
    const wish = { stt: { provider: 'two', auth }, tts: { provider: 'two-voices', auth } }
    const refused = plan(wish)
    expect([...refused.stt, ...refused.tts].filter(candidate => 'credentials' in candidate)).toEqual([])
    const { stt, tts } = plan({ ...wish, rights: { credentials: true } })
    expect(stt.map(({ credentials }) => credentials)).toEqual([auth, undefined])
    expect(tts.map(({ credentials }) => credentials)).toEqual([auth, undefined])
    expect(plan({ stt: { auth }, rights: { credentials: true } }).stt[0]?.credentials).toBeUndefined()
  })
})

describe('the formats', () => {
  it('are those of the client, its best rate first', () => {
    expect(plan({}).audioOut).toEqual({ encoding: 'linear16', sampleRates: [24_000], maxLeadMs: 1000 })
    const audio_out = { encodings: ['mulaw', 'linear16'], sample_rates: [8000, 16_000], max_lead_ms: 300 }
    expect(plan({ audio_out }).audioOut).toEqual({ encoding: 'mulaw', sampleRates: [16_000, 8000], maxLeadMs: 300 })
    expect(plan({ audio_out: { sample_rates: [8000], max_lead_ms: 300 } }).audioOut.encoding).toBe('linear16')
  })
})

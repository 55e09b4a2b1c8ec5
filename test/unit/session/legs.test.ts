import { describe, expect, it } from 'vitest'
import { Legs, type LegsOptions } from '../../../src/session/legs.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { VoiceError } from '../../../src/util/errors.js'

const error = new VoiceError('deaf', { code: 'stt_unavailable', class: 'PROVIDER', scope: 'provider', retryable: true })

function setUp(options: Partial<LegsOptions> = {}) {
  const clock = new ManualClock()
  const log: string[] = []
  const legs = new Legs(
    { clock, budgetMs: 30_000, whenLost: { stt: 'fail', tts: 'continue' }, has: { stt: true, tts: true }, ...options },
    {
      ready: () => log.push('ready'),
      down: leg => log.push(`down ${leg}`),
      live: leg => log.push(`live ${leg}`),
      lost: (leg, why) => {
        log.push(`lost ${leg} ${why?.code}`)
        legs.close()
      },
      abandoned: (leg, why) => log.push(`abandoned ${leg} ${why?.code}`),
    },
  )
  legs.start()
  return { clock, log, legs }
}

describe('Legs', () => {
  it('is ready once every leg has served, and says so once', () => {
    const { legs, log, clock } = setUp()
    legs.change('tts', { state: 'live', provider: 'a' })
    expect(log).toEqual([])
    legs.change('stt', { state: 'live', provider: 'a' })
    legs.change('stt', { state: 'live', provider: 'b' })
    expect(log).toEqual(['ready'])
    expect(clock.pending).toBe(0)
  })

  it('is ready at once without any leg', () => {
    expect(setUp({ has: { stt: false, tts: false } }).log).toEqual(['ready'])
  })

  it('reports one down and one live per outage, however many providers it took', () => {
    const { legs, log, clock } = setUp({ has: { stt: true, tts: false } })
    legs.change('stt', { state: 'live', provider: 'a' })
    legs.change('stt', { state: 'down', provider: 'a', error })
    legs.change('stt', { state: 'down', provider: 'b', error })
    legs.change('stt', { state: 'live', provider: 'c' })
    expect(log).toEqual(['ready', 'down stt', 'live stt'])
    expect(clock.pending).toBe(0)
  })

  it('gives up a leg it needs when its budget is spent, counted only while attached', () => {
    const { legs, log, clock } = setUp({ has: { stt: true, tts: false } })
    legs.change('stt', { state: 'live', provider: 'a' })
    legs.change('stt', { state: 'down', provider: 'a', error })
    clock.advance(20_000)
    legs.detach()
    clock.advance(60_000)
    legs.attach()
    clock.advance(9_999)
    expect(log).toEqual(['ready', 'down stt'])
    clock.advance(1)
    expect(log).toEqual(['ready', 'down stt', 'lost stt stt_unavailable'])
    expect(clock.pending).toBe(0)
  })

  it('has a whole budget again after a recovery', () => {
    const { legs, log, clock } = setUp({ has: { stt: true, tts: false } })
    for (let outage = 0; outage < 3; outage++) {
      legs.change('stt', { state: 'live', provider: 'a' })
      legs.change('stt', { state: 'down', provider: 'a', error })
      clock.advance(29_000)
    }
    expect(log.filter(line => line.startsWith('lost'))).toEqual([])
  })

  it('goes on without a leg it does not need, and becomes ready without it', () => {
    const { legs, log, clock } = setUp()
    legs.change('stt', { state: 'live', provider: 'a' })
    legs.change('tts', { state: 'lost', provider: 'a', error })
    expect(log).toEqual(['abandoned tts stt_unavailable', 'ready'])
    legs.change('tts', { state: 'down', provider: 'a', error })
    expect(log).toHaveLength(2)
    expect(clock.pending).toBe(0)
  })

  it('spends the budget while it starts, too', () => {
    const { log, clock } = setUp()
    clock.advance(30_000)
    expect(log).toEqual(['lost stt undefined'])
    expect(clock.pending).toBe(0)
  })
})

import { describe, expect, it } from 'vitest'
import { createVoiceHandler } from '../../../src/index.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { silentLogger } from '../../../src/util/logger.js'

const provider = {
  name: 'a',
  capabilities: { formats: [{ encoding: 'linear16', sampleRate: 16_000, channels: 1 }] },
  connect() {},
}

/** Each wrong option with the field that the error must name. */
const wrong: readonly (readonly [field: string, options: Record<string, unknown>])[] = [
  ['authentificate', { authentificate: () => null }],
  ['authenticate', { authenticate: 'secret' }],
  ['configure', { configure: {} }],
  ['agent', { agent: 'gpt' }],
  ['onSession', { onSession: 1 }],
  ['onSessionEnd', { onSessionEnd: 1 }],
  ['random', { random: 0.5 }],
  ['stt', { stt: provider }],
  ['stt[0]', { stt: [null] }],
  ['stt[1].name', { stt: [provider, { ...provider, name: '' }] }],
  ['stt[1].name', { stt: [provider, provider] }],
  ['stt[0].connect', { stt: [{ ...provider, connect: undefined }] }],
  ['stt[0].capabilities.formats', { stt: [{ ...provider, capabilities: { formats: [] } }] }],
  ['stt[0].connect', { stt: [{ stt: { ...provider, connect: 1 } }] }],
  ['tts', { tts: {} }],
  ['tts[0].name', { tts: [{ ...provider, name: 7 }] }],
  ['clientMay', { clientMay: true }],
  ['clientMay.sing', { clientMay: { sing: true } }],
  ['clientMay.speak', { clientMay: { speak: 'always' } }],
  ['clientMay.userText', { clientMay: { userText: 1 } }],
  ['clientMay.event', { clientMay: { event: 'no' } }],
  ['clientMay.chooseProvider', { clientMay: { chooseProvider: 'deepgram' } }],
  ['clientMay.credentials', { clientMay: { credentials: 1 } }],
  ['keepAlive.intervalMs', { keepAlive: { intervalMs: 0 } }],
  ['keepAlive.intervalMs', { keepAlive: { intervalMs: 60_000 } }],
  ['keepAlive.intervalMs', { keepAlive: { intervalMs: 55_000 } }],
  ['keepAlive.intervalMs', { keepAlive: { loadBalancerIdleMs: 25_000 } }],
  ['keepAlive.timeoutMs', { keepAlive: { timeoutMs: 25_000 } }],
  ['keepAlive.timeoutMs', { keepAlive: { timeoutMs: Number.NaN } }],
  ['backpressure.criticalLagMs', { backpressure: { criticalLagMs: '600' } }],
  ['backpressure.highWater', { backpressure: { highWater: 65_536 } }],
  ['pacing.leadMs', { pacing: { leadMs: -1 } }],
  ['resume', { resume: true }],
  ['resume.windowMs', { resume: { windowMs: null } }],
  ['recovery.budgetMs', { recovery: { budgetMs: 0 } }],
  ['recovery.onSttLost', { recovery: { onSttLost: 'ignore' } }],
  ['recovery.onTtsLost', { recovery: { onTtsLost: true } }],
  ['turns.mode', { turns: { mode: 'push' } }],
  ['turns.endpointMs', { turns: { endpointMs: 0 } }],
  ['turns.minWord', { turns: { minWord: 2 } }],
  ['limits.maxSessions', { limits: { maxSessions: -5 } }],
  ['limits.idleMs', { limits: { idleMs: true } }],
  ['limits.sessionMs', { limits: { sessionMs: false } }],
  ['origins', { origins: 'https://app.example.com' }],
  ['origins', { origins: ['https://app.example.com/path'] }],
  ['trustProxy', { trustProxy: true }],
  ['trustProxy', { trustProxy: 1.5 }],
  ['store.claim', { store: { get() {} } }],
  ['logger.error', { logger: { debug() {}, info() {}, warn() {} } }],
  ['clock.now', { clock: {} }],
]

describe('createVoiceHandler', () => {
  it.each(wrong)('names %s when it is wrong: %j', (field, options) => {
    const create = () => createVoiceHandler({ logger: silentLogger, ...options } as never)
    expect(create).toThrow(TypeError)
    expect(create).toThrow(new RegExp(`^${field.replace(/[[\].]/g, '\\$&')}:`))
  })

  it('takes undefined for every option', () => {
    const names = [
      'authenticate',
      'configure',
      'stt',
      'tts',
      'agent',
      'onSession',
      'onSessionEnd',
      'clientMay',
      'keepAlive',
    ]
    const more = [
      'backpressure',
      'pacing',
      'resume',
      'recovery',
      'turns',
      'limits',
      'origins',
      'trustProxy',
      'store',
      'clock',
      'random',
    ]
    const options = Object.fromEntries([...names, ...more].map(name => [name, undefined]))
    expect(() => createVoiceHandler({ ...options, logger: silentLogger })).not.toThrow()
    expect(() => createVoiceHandler({ logger: silentLogger, limits: { maxSessions: undefined } })).not.toThrow()
  })

  it('runs no timer before the first session', () => {
    const clock = new ManualClock()
    createVoiceHandler({ clock, logger: silentLogger })
    expect(clock.pending).toBe(0)
  })

  it('warns once when anybody may connect', () => {
    const warnings: string[] = []
    createVoiceHandler({ logger: { ...silentLogger, warn: (_, message) => warnings.push(message) } })
    createVoiceHandler({
      authenticate: () => 'me',
      logger: { ...silentLogger, warn: (_, message) => warnings.push(message) },
    })
    expect(warnings).toEqual(['no authenticate option: anybody who reaches this server may talk to it'])
  })
})

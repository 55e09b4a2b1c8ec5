import { defaultTurnOptions } from './conversation/turn-options.js'
import { defaultBackpressure, defaultPacing } from './downlink/options.js'
import {
  defaultClientRights,
  defaultKeepAlive,
  defaultLimits,
  defaultRecovery,
  defaultResume,
  type ResolvedOptions,
  type VoiceHandlerOptions,
} from './options.js'

const functions = ['authenticate', 'configure', 'agent', 'onSession', 'onSessionEnd', 'random'] as const
/** Each group with what it may hold: the members that have a default, and those that have none. */
const groups = {
  clientMay: defaultClientRights,
  keepAlive: defaultKeepAlive,
  backpressure: defaultBackpressure,
  pacing: defaultPacing,
  resume: defaultResume,
  recovery: defaultRecovery,
  turns: { ...defaultTurnOptions, fallback: '', isComplete: null, idlePromptMs: 1, onIdle: null, vad: null },
  limits: { ...defaultLimits, idleMs: null },
} as const
const lists = ['stt', 'tts', 'origins', 'trustProxy', 'store', 'logger', 'clock'] as const
const known: ReadonlySet<string> = new Set([...functions, ...Object.keys(groups), ...lists])

/**
 * Checks what the application gave, at creation, so that nothing surprises anybody in the middle of a call.
 *
 * @throws {TypeError} naming the field, its value and the remedy.
 */
export function validateOptions(options: VoiceHandlerOptions, resolved: ResolvedOptions): void {
  for (const field of Object.keys(options)) {
    if (!known.has(field)) throw new TypeError(`${field}: no such option; known are ${[...known].join(', ')}`)
  }
  for (const field of functions) {
    const value = options[field]
    if (value !== undefined && typeof value !== 'function') throw wrong(field, value, 'give a function')
  }
  checkProviders('stt', options.stt)
  checkProviders('tts', options.tts)
  for (const [field, members] of Object.entries(groups)) {
    const given = options[field as keyof typeof groups]
    if (given !== undefined && !(field === 'resume' && given === false)) checkGroup(field, given, members)
  }
  checkChoices(resolved)
  checkKeepAlive(resolved)
  checkServices(options)
}

function checkProviders(field: 'stt' | 'tts', providers: unknown): void {
  if (providers === undefined) return
  if (!Array.isArray(providers)) throw wrong(field, providers, 'give a list of providers')
  for (const [index, source] of providers.entries()) {
    const at = `${field}[${index}]`
    if (typeof source !== 'object' || source === null) throw wrong(at, source, 'give a provider')
    const provider = source[field] ?? source
    if (typeof provider.name !== 'string' || provider.name === '')
      throw wrong(`${at}.name`, provider.name, 'give it a name')
    if (typeof provider.connect !== 'function')
      throw wrong(`${at}.connect`, provider.connect, 'give a function (request, sink) => stream')
    const { formats } = provider.capabilities ?? {}
    if (!Array.isArray(formats) || formats.length === 0)
      throw wrong(`${at}.capabilities.formats`, formats, 'list at least one format')
  }
}

/** Every number of a group is a duration, a size or a count. */
function checkGroup(group: string, given: unknown, members: object): void {
  if (typeof given !== 'object' || given === null) throw wrong(group, given, 'give an object')
  for (const [name, value] of Object.entries(given)) {
    const field = `${group}.${name}`
    if (value === undefined) continue
    if (!(name in members))
      throw new TypeError(`${field}: no such option; known are ${Object.keys(members).join(', ')}`)
    const example = (members as Readonly<Record<string, unknown>>)[name]
    if (typeof example === 'number' && (typeof value !== 'number' || !(value > 0)))
      throw wrong(field, value, 'give a number above 0')
  }
}

function checkChoices({ clientMay, recovery, turns, limits }: ResolvedOptions): void {
  oneOf('clientMay.speak', clientMay.speak, ['without-agent', true, false])
  for (const field of ['userText', 'event', 'chooseProvider', 'credentials'] as const)
    oneOf(`clientMay.${field}`, clientMay[field], [true, false])
  oneOf('recovery.onSttLost', recovery.onSttLost, ['fail', 'continue'])
  oneOf('recovery.onTtsLost', recovery.onTtsLost, ['fail', 'continue'])
  oneOf('turns.mode', turns.mode, ['auto', 'manual'])
  if (limits.idleMs !== false && !(typeof limits.idleMs === 'number' && limits.idleMs > 0)) {
    throw wrong('limits.idleMs', limits.idleMs, 'give a number above 0, or false for no limit')
  }
}

function checkKeepAlive({ keepAlive: { intervalMs, timeoutMs, loadBalancerIdleMs } }: ResolvedOptions): void {
  if (intervalMs * 1.1 >= loadBalancerIdleMs) {
    const remedy = `a ping every ${intervalMs} ms (and up to 10 % later) must come before an idle timeout of ${loadBalancerIdleMs} ms; make it shorter`
    throw wrong('keepAlive.intervalMs', intervalMs, remedy)
  }
  if (timeoutMs >= intervalMs)
    throw wrong('keepAlive.timeoutMs', timeoutMs, `a pong must be due before the next ping; stay below ${intervalMs}`)
}

function checkServices({ origins, trustProxy, logger, clock, store }: VoiceHandlerOptions): void {
  if (
    origins !== undefined &&
    !(Array.isArray(origins) && origins.every(origin => origin === '*' || /^https?:\/\/[^/]+$/.test(origin)))
  ) {
    throw wrong('origins', origins, "list origins such as 'https://app.example.com', or '*'")
  }
  if (
    trustProxy !== undefined &&
    typeof trustProxy !== 'function' &&
    !(Number.isInteger(trustProxy) && trustProxy >= 0)
  ) {
    throw wrong('trustProxy', trustProxy, 'give the number of proxies in front, or a function (address) => boolean')
  }
  methods('logger', logger, ['debug', 'info', 'warn', 'error'])
  methods('clock', clock, ['now', 'wallTime', 'after', 'every'])
  methods('store', store, ['claim', 'put', 'get', 'delete'])
}

function methods(field: string, value: unknown, names: readonly string[]): void {
  if (value === undefined) return
  if (typeof value !== 'object' || value === null) throw wrong(field, value, `give an object with ${names.join(', ')}`)
  for (const name of names) {
    const method = (value as Readonly<Record<string, unknown>>)[name]
    if (typeof method !== 'function') throw wrong(`${field}.${name}`, method, 'give a function')
  }
}

function oneOf(field: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) throw wrong(field, value, `use one of ${allowed.map(show).join(', ')}`)
}

function wrong(field: string, value: unknown, remedy: string): TypeError {
  return new TypeError(`${field}: ${show(value)} is wrong; ${remedy}`)
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 40)}'`
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return String(value).slice(0, 40)
}

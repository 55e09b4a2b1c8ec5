/** Why a value is not what its field wants. The message names field, value and remedy. */
export class Invalid {
  readonly field: string
  readonly message: string

  constructor(field: string, message: string) {
    this.field = field
    this.message = message
  }
}

/** Turns an untrusted value into what its field holds. `undefined`: the message has no such field, or has it as `null`. */
export type Check<T> = (value: unknown, field: string) => T | Invalid

/** A field that only the other dialect has. */
export const ignored: Check<undefined> = () => undefined

export function tag<T extends string>(type: T): Check<T> {
  return () => type
}

export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, field) => (value === undefined ? undefined : check(value, field))
}

export function nullable<T>(check: Check<T>): Check<T | null> {
  return (value, field) => (value === undefined ? null : check(value, field))
}

/** Checks `fallback` in place of an absent value. */
export function absentAs<T>(fallback: unknown, check: Check<T>): Check<T> {
  return (value, field) => check(value === undefined ? fallback : value, field)
}

export const flag: Check<boolean> = (value, field) =>
  typeof value === 'boolean' ? value : invalid(field, value, 'true or false')

/** Lengths count UTF-16 code units, as `length` does. */
export function text(minLength: number, maxLength: number): Check<string> {
  const remedy = `a string of ${minLength} to ${maxLength} characters`
  return (value, field) => (isText(value, minLength, maxLength) ? value : invalid(field, value, remedy))
}

/** A name that may be left out. Clients also leave it out by sending an empty one. */
export function name(maxLength: number): Check<string | undefined> {
  const check = optional(text(1, maxLength))
  return (value, field) => (value === '' ? undefined : check(value, field))
}

/** Text that no error message may repeat. */
export function secret(maxLength: number): Check<string> {
  const remedy = `a string of 1 to ${maxLength} characters`
  return (value, field) => (isText(value, 1, maxLength) ? value : invalid(field, value, remedy, 'not valid'))
}

export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): Check<number> {
  const remedy = `an integer ${range(min, max)}`
  return (value, field) =>
    Number.isSafeInteger(value) && isBetween(value, min, max) ? value : invalid(field, value, remedy)
}

export function decimal(min: number, max: number = Number.MAX_SAFE_INTEGER): Check<number> {
  const remedy = `a number ${range(min, max)}`
  return (value, field) => (isBetween(value, min, max) ? value : invalid(field, value, remedy))
}

/** One of a few values; `aliases` are other spellings of them. */
export function oneOf<T extends string | number>(
  values: readonly T[],
  aliases: ReadonlyMap<unknown, T> = new Map(),
): Check<T> {
  const remedy = `one of ${values.join(', ')}`
  return (value, field) =>
    values.includes(value as T) ? (value as T) : (aliases.get(value) ?? invalid(field, value, remedy))
}

export function list<T>(item: Check<T>, minLength: number, maxLength: number): Check<readonly T[]> {
  const remedy = `an array of ${minLength} to ${maxLength} items`
  return (value, field) => {
    if (!Array.isArray(value)) return invalid(field, value, remedy)
    if (value.length < minLength || value.length > maxLength) {
      return invalid(field, value, remedy, `an array of ${value.length}`)
    }
    const items: T[] = []
    for (const [index, entry] of value.entries()) {
      const checked = item(entry, `${field}[${index}]`)
      if (checked instanceof Invalid) return checked
      items.push(checked)
    }
    return items
  }
}

/** Builds a fresh object of the fields it knows, so that nothing else of an untrusted object goes on. */
export function object<T extends object>(shape: { readonly [K in keyof T]-?: Check<T[K]> }): Check<T> {
  const fields = Object.entries(shape) as [string, Check<unknown>][]
  return (value, path) => {
    if (!isObject(value)) return invalid(path, value, 'an object')
    const result: Record<string, unknown> = {}
    for (const [key, check] of fields) {
      const checked = check(value[key] ?? undefined, path === '' ? key : `${path}.${key}`)
      if (checked instanceof Invalid) return checked
      if (checked !== undefined) result[key] = checked
    }
    return result as T
  }
}

/** An object whose field `end` must not be below its field `start`. */
export function span<K extends string, T extends Readonly<Record<K, number>>>(
  check: Check<T>,
  start: K,
  end: K,
): Check<T> {
  return (value, path) => {
    const checked = check(value, path)
    if (checked instanceof Invalid || checked[start] <= checked[end]) return checked
    return invalid(path === '' ? end : `${path}.${end}`, checked[end], `at least ${start}, ${checked[start]}`)
  }
}

/** Application data: any JSON that can be walked and written again without harm. */
export function json(maxDepth: number): Check<unknown> {
  return (value, field) => {
    const problem = findHarm(value, maxDepth)
    return problem === null ? value : new Invalid(field, `${field} ${problem}`)
  }
}

/** Application data that must be an object of bounded size. Its content is never repeated in an error. */
export function jsonObject(maxDepth: number, maxBytes: number): Check<Readonly<Record<string, unknown>>> {
  const check = json(maxDepth)
  return (value, field) => {
    if (!isObject(value)) return invalid(field, value, 'a JSON object', 'not an object')
    const checked = check(value, field)
    if (checked instanceof Invalid) return checked
    const bytes = new TextEncoder().encode(JSON.stringify(value)).length
    return bytes <= maxBytes ? value : invalid(field, value, `at most ${maxBytes}`, `${bytes} bytes of JSON`)
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `shown` stands for the value where the value itself must not or need not be shown. */
export function invalid(field: string, value: unknown, remedy: string, shown: string = describe(value)): Invalid {
  const subject = field === '' ? 'the message' : field
  return new Invalid(field, `${subject} is ${value === undefined ? 'missing' : shown}; send ${remedy}`)
}

/** Harmless to print: short, with control characters escaped. */
function describe(value: unknown): string {
  if (typeof value === 'string') {
    return value.length <= 40 ? JSON.stringify(value) : `a string of ${value.length} characters`
  }
  if (typeof value === 'object') return value === null ? 'null' : Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}

function range(min: number, max: number): string {
  return max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
}

function isText(value: unknown, minLength: number, maxLength: number): value is string {
  return typeof value === 'string' && value.length >= minLength && value.length <= maxLength
}

function isBetween(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && value >= min && value <= max
}

/** Recursion ends at `depthLeft`: deeper JSON would overflow the stack of whoever walks or writes it. */
function findHarm(value: unknown, depthLeft: number): string | null {
  if (typeof value !== 'object' || value === null) return null
  if (depthLeft === 0) return 'is nested too deeply; send flatter JSON'
  if (Object.hasOwn(value, '__proto__')) return 'has a key __proto__; send another key'
  for (const child of Object.values(value)) {
    const problem = findHarm(child, depthLeft - 1)
    if (problem !== null) return problem
  }
  return null
}

/** Fails with what was given, what is wanted and how to put it right. */
export function checkInteger(field: string, value: number, minimum: number, maximum: number): number {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return value
  throw new TypeError(`${field}: ${value} is no whole number from ${minimum} to ${maximum}`)
}

export function checkName(field: string, value: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw new TypeError(`${field}: ${JSON.stringify(value)} is no name; leave it out to be called "embedded"`)
}

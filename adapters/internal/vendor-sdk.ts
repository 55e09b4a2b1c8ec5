import { createRequire } from 'node:module'
import type { ProviderFailure } from '../../src/providers/contracts.js'
import { messageOf } from '../../src/util/errors.js'

const { resolve } = createRequire(import.meta.url)

/** A vendor's own client package: an optional peer that nothing loads before a stream needs it. */
export class VendorSdk<Sdk> {
  readonly #name: string
  #loading: Promise<Sdk> | undefined

  /**
   * @param given used instead of the package.
   * @throws {Error} when the package is not installed.
   */
  constructor(name: string, given?: Sdk) {
    if (!given && !isInstalled(name)) throw new Error(`${name} is not installed; run: npm install ${name}`)
    this.#name = name
    this.#loading = given && Promise.resolve(given)
  }

  load(): Promise<Sdk> {
    // As a variable, because compilers and bundlers look for every package that is named here.
    const { name } = { name: this.#name }
    this.#loading ??= import(name).then((module: { readonly default?: Sdk }) => module.default ?? (module as Sdk))
    return this.#loading
  }
}

function isInstalled(name: string): boolean {
  try {
    resolve(name)
    return true
  } catch {
    return false
  }
}

/** The failure of a package that cannot be used, which no second try heals; undefined when it is something else that failed. */
export function sdkFailure(error: unknown): ProviderFailure | undefined {
  const { code } = error as { readonly code?: unknown }
  const isBroken = error instanceof TypeError || (typeof code === 'string' && code.endsWith('MODULE_NOT_FOUND'))
  if (!isBroken) return undefined
  return { class: 'auth', reason: `the vendor's client cannot be used: ${messageOf(error)}`, cause: error }
}

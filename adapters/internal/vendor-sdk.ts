import { createRequire } from 'node:module'

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

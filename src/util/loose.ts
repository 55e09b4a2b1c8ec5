/** Options as applications give them: any may be left out or be `undefined`. */
export type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined }

/** `given` over `defaults`; an explicit `undefined` counts as absent. */
export function withDefaults<T extends object>(defaults: T, given: Loose<T> | undefined): T {
  const result = { ...defaults }
  for (const key in given) {
    if (given[key] !== undefined) result[key] = given[key] as T[typeof key]
  }
  return result
}

type Camel<S extends string> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S

/** A message of the wire with the names of this language. What the application sent stays as it is. */
export type Camelized<T> = T extends readonly (infer E)[]
  ? readonly Camelized<E>[]
  : T extends object
    ? { readonly [K in keyof T as Camel<K & string>]: K extends 'data' ? T[K] : Camelized<T[K]> }
    : T

export function camelize<T>(value: T): Camelized<T> {
  if (Array.isArray(value)) return value.map(camelize) as Camelized<T>
  if (typeof value !== 'object' || !value) return value as Camelized<T>
  const fields = Object.entries(value).map(([name, field]) => [
    name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    name === 'data' ? field : camelize(field),
  ])
  return Object.fromEntries(fields)
}

/**
 * A copy that owns its memory. `bytes.slice()` would not do: what transports give is often a Node `Buffer`, whose
 * `slice` only makes another view.
 */
export function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

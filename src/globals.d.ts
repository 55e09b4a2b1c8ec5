// The few globals that Node, Bun, Deno, workerd and browsers all have. Anything else is absent on purpose:
// core compiles without the DOM and without Node's types, which proves that it needs neither.
interface AbortSignal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
  throwIfAborted(): void
}
interface AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}
declare var AbortController: { prototype: AbortController; new (): AbortController }

interface TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>
  encodeInto(text: string, into: Uint8Array): { read: number; written: number }
}
declare var TextEncoder: { prototype: TextEncoder; new (): TextEncoder }
interface TextDecoder {
  decode(bytes?: Uint8Array, options?: { stream?: boolean }): string
}
declare var TextDecoder: { prototype: TextDecoder; new (label?: string, options?: { fatal?: boolean }): TextDecoder }

declare var crypto: {
  getRandomValues<T extends Uint8Array>(array: T): T
  randomUUID(): string
}
declare var console: Record<'debug' | 'info' | 'warn' | 'error', (...data: unknown[]) => void>
declare var performance: { now(): number }
declare function setTimeout(fn: () => void, delayMs?: number): unknown
declare function clearTimeout(handle: unknown): void
declare function setInterval(fn: () => void, periodMs?: number): unknown
declare function clearInterval(handle: unknown): void
declare function queueMicrotask(fn: () => void): void

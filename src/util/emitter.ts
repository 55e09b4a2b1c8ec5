import type { Cancel } from './clock.js'

type Listener<T> = (event: T) => void

/**
 * A typed emitter that allocates nothing until somebody listens, and that keeps one failing listener from
 * harming the emitter or the other listeners.
 */
export class Emitter<Events extends object> {
  readonly #onListenerError: (error: unknown, event: keyof Events) => void
  #listeners: Map<keyof Events, Listener<never>[]> | undefined

  /** `onListenerError` is told what a listener threw. */
  constructor(onListenerError: (error: unknown, event: keyof Events) => void) {
    this.#onListenerError = onListenerError
  }

  on<E extends keyof Events>(event: E, listener: Listener<Events[E]>): Cancel {
    this.#listeners ??= new Map()
    // A fresh array per change lets `emit` iterate without copying while listeners come and go.
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener])
    return () => {
      const left = this.#listeners?.get(event)?.filter(other => other !== listener)
      if (left && left.length > 0) this.#listeners?.set(event, left)
      else this.#listeners?.delete(event)
    }
  }

  hasListeners(event: keyof Events): boolean {
    return this.#listeners?.has(event) ?? false
  }

  emit<E extends keyof Events>(event: E, payload: Events[E]): void {
    const listeners = this.#listeners?.get(event) as Listener<Events[E]>[] | undefined
    if (!listeners) return
    for (const listener of listeners) {
      try {
        listener(payload)
      } catch (error) {
        this.#onListenerError(error, event)
      }
    }
  }

  /** Forgets every listener. */
  clear(): void {
    this.#listeners = undefined
  }
}

/** How long a test waits for what must happen. Far beyond what it takes, also on a busy machine. */
const patienceMs = 8000

/** Wakes those who wait for a condition whenever something changed. */
export class Signal {
  readonly #waiting: Set<() => void> = new Set()

  notify(): void {
    for (const check of [...this.#waiting]) check()
  }

  /** @throws {Error} naming `what` when it does not come true in time. */
  until(what: string, condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check)
        reject(new Error(`waited ${patienceMs} ms in vain for ${what}`))
      }, patienceMs)
      const check = () => {
        if (!condition()) return
        this.#waiting.delete(check)
        clearTimeout(timer)
        resolve()
      }
      this.#waiting.add(check)
    })
  }
}

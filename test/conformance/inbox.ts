const patienceMs = 4000

/** What a vendor's client has received, and a way to wait for more. */
export class Inbox<M extends { readonly type?: unknown }> {
  readonly messages: M[] = []
  private readonly waiting: Set<() => void> = new Set()

  add(message: M): void {
    this.messages.push(message)
    for (const check of this.waiting) check()
  }

  of(type: string): M[] {
    return this.messages.filter(message => message.type === type)
  }

  /** What is no message: audio. */
  get untyped(): M[] {
    return this.messages.filter(message => typeof message.type !== 'string' || message instanceof Blob)
  }

  /** The first message of a type that fits. */
  until<T extends M = M>(type: string, fits: (message: T) => boolean = () => true): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const types = this.messages.map(message => String(message.type))
        reject(new Error(`no '${type}' after: ${types.join(' ')}`))
      }, patienceMs)
      const check = (): void => {
        const found = (this.of(type) as T[]).find(fits)
        if (!found) return
        clearTimeout(timer)
        this.waiting.delete(check)
        resolve(found)
      }
      this.waiting.add(check)
      check()
    })
  }
}

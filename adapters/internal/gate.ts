/** Holds back whoever waits for it while it is closed. */
export class Gate {
  #opened: Promise<void> | undefined
  #open: () => void = () => {}

  /** Undefined while it is open. */
  get opened(): Promise<void> | undefined {
    return this.#opened
  }

  close(): void {
    this.#opened ??= new Promise(resolve => {
      this.#open = resolve
    })
  }

  open(): void {
    this.#open()
    this.#opened = undefined
  }
}

const everyMs = 20

/** How long this process was kept from running at worst: by its own work, or by a machine that is busy with other work. */
export class StallMeter {
  longestMs = 0

  constructor() {
    let lastMs = performance.now()
    setInterval(() => {
      const nowMs = performance.now()
      this.longestMs = Math.max(this.longestMs, nowMs - lastMs - everyMs)
      lastMs = nowMs
    }, everyMs).unref()
  }
}

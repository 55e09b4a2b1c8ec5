import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import { heard } from './recogniser.js'
import type { Subject, Usage, Workload } from './workload.js'

// A server under test, in a process of its own: node server.js <module of the subject> <workload as JSON>.

// A library that finds itself in a child process may take its messages for its own.
const report = process.send!.bind(process)
process.send = undefined as never

const [, , module, json] = process.argv
const workload: Workload = JSON.parse(json!)
const { listen }: Subject = await import(module!)

let heardBefore = 0
let gcMs = 0
let gcLongestMs = 0
new PerformanceObserver(list => {
  for (const { duration } of list.getEntries()) {
    gcMs += duration
    gcLongestMs = Math.max(gcLongestMs, duration)
  }
}).observe({ entryTypes: ['gc'] })
const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()
let cpu = process.cpuUsage()

function begin(): void {
  heardBefore = heard.bytes
  gcMs = 0
  gcLongestMs = 0
  delay.reset()
  cpu = process.cpuUsage()
}

function usage(): Usage {
  const { user, system } = process.cpuUsage(cpu)
  const { rss, heapUsed } = process.memoryUsage()
  return {
    cpuMs: (user + system) / 1000,
    heardBytes: heard.bytes - heardBefore,
    gcMs,
    gcLongestMs,
    delayP99Ms: delay.percentile(99) / 1e6,
    rssBytes: rss,
    heapBytes: heapUsed,
  }
}

process.on('message', message => {
  if (message === 'begin') begin()
  else if (message === 'end') report({ usage: usage() })
  else if (message === 'settle') {
    // Twice: what a finaliser frees is garbage only then.
    globalThis.gc?.()
    setTimeout(() => {
      globalThis.gc?.()
      report({ usage: usage() })
    }, 200)
  } else if (message === 'stop') process.exit(0)
})
// The parent may die without a word.
process.on('disconnect', () => process.exit(0))
report({ port: await listen(workload) })

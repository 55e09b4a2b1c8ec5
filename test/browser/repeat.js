// Runs the browser's tests again and again and counts: `npm run build && node test/browser/repeat.js 20`.
import { spawnSync } from 'node:child_process'
import { loadavg } from 'node:os'

const runs = Number(process.argv[2] ?? 20)
let passed = 0
for (let run = 1; run <= runs; run++) {
  const began = performance.now()
  const { status, stdout, stderr } = spawnSync('npx', ['vitest', 'run', '--config', 'vitest.browser.config.ts'], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  })
  const seconds = Math.round((performance.now() - began) / 1000)
  if (status === 0) passed++
  else console.error(stdout, stderr)
  const verdict = status === 0 ? 'passed' : 'failed'
  console.info(
    `run ${run} of ${runs} ${verdict} in ${seconds} s, load ${loadavg()[0].toFixed(1)}; ${passed} passed so far`,
  )
}
console.info(`${passed} of ${runs} runs passed`)
process.exitCode = passed === runs ? 0 : 1

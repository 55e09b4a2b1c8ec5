import { readFileSync, writeFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, type } from 'node:os'
import { type Row, tableOf } from './report.js'

/** From `dist/bench`. */
const file = new URL('../../bench/RESULTS.md', import.meta.url)

/** Writes what a run of all benchmarks measured, and on what. */
export function writeResults(rows: readonly Row[]): void {
  const libraries = ['ws', 'uWebSockets.js', 'hono', '@hono/node-server'].map(name => `${name} ${versionOf(name)}`)
  const lines = [
    '# Measured by `npm run bench`',
    '',
    `${new Date().toISOString().slice(0, 10)}; voice-ws ${versionOf('voice-ws')}, Node ${process.versions.node}, ${libraries.join(', ')}; ` +
      `${type()} ${arch()}, ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores.`,
    '',
    tableOf(rows),
    '',
  ]
  writeFileSync(file, lines.join('\n'))
}

function versionOf(name: string): string {
  const path = name === 'voice-ws' ? '../../package.json' : `../../node_modules/${name}/package.json`
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version
}

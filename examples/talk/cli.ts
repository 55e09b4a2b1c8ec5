import { constants } from 'node:fs'
import { access, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { AudioConverter } from '../../src/audio/convert.js'
import { pcmBytes, pcmView } from '../../src/audio/pcm.js'
import { readWav, WavError, writeWav } from '../../src/audio/wav.js'
import { jsonPrinter, type Output, textPrinter } from './print.js'
import { type TalkOptions, talk } from './stream.js'

const USAGE = 'usage: npm run talk -- <in.wav> [--out reply.wav] [--url ws://host/path] [--json]'

export interface Io {
  readonly stdout: Output
  readonly stderr: Output
}

type Patience = Pick<TalkOptions, 'quietMs' | 'patienceMs' | 'greetingMs'>

interface Arguments {
  readonly input: string
  readonly out?: string | undefined
  readonly url?: string | undefined
  readonly json: boolean
}

/** Something the user must do differently; the message is all there is to say. */
class UsageError extends Error {}

/**
 * Says a WAV file to a voice server and prints the conversation.
 *
 * @returns the exit code: 0 done, 1 the call failed, 2 wrong arguments or a file that cannot be read.
 */
export async function main(args: readonly string[], io: Io, patience: Patience = {}): Promise<number> {
  try {
    const parsed = parse(args)
    if (!parsed) {
      io.stdout.write(`${USAGE}\n`)
      return 0
    }
    const pcm16k = await readSpeech(parsed.input)
    if (parsed.out) await checkWritable(parsed.out)
    return await converse(parsed, pcm16k, io, patience)
  } catch (error) {
    io.stderr.write(`talk: ${error instanceof Error ? error.message : error}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

async function converse(
  { out, url, json }: Arguments,
  pcm16k: Int16Array,
  { stdout, stderr }: Io,
  patience: Patience,
): Promise<number> {
  const printer = json ? jsonPrinter(stdout) : textPrinter(stdout, pcm16k.length / 16)
  const server = url ? undefined : await startServer(json ? undefined : stdout)
  try {
    const result = await talk({
      url: url ?? server!.url,
      pcm16k,
      onEvent: printer.event,
      onProgress: printer.progress,
      ...patience,
    })
    if (out) await writeFile(out, writeWav(result.reply.pcm, result.reply.sampleRate))
    printer.summary(result)
    if (result.failure) stderr.write(`talk: ${result.failure}\n`)
    return result.failure ? 1 : 0
  } finally {
    await server?.close()
  }
}

/** Null: help is wanted. */
function parse(args: readonly string[]): Arguments | null {
  const { values, positionals } = readArguments(args)
  if (values.help) return null
  const [input, ...more] = positionals
  if (input === undefined) throw new UsageError(`no WAV file given; ${USAGE}`)
  if (more.length > 0) throw new UsageError(`one WAV file at a time, not also ${more.join(' ')}; ${USAGE}`)
  if (values.url !== undefined && !/^wss?:\/\/./.test(values.url)) {
    throw new UsageError(`--url: ${values.url} is not a WebSocket address; give one like ws://localhost:3000/voice`)
  }
  return { input, out: values.out, url: values.url, json: values.json ?? false }
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        out: { type: 'string' },
        url: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('\n')[0]}; ${USAGE}`)
  }
}

/** The file as 16 kHz mono. */
async function readSpeech(path: string): Promise<Int16Array> {
  const file = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot read ${path}: ${reasonOf(error)}`)
  })
  try {
    const { pcm, sampleRate, channels } = readWav(file)
    const format = { encoding: 'linear16', sampleRate, channels } as const
    const converter = new AudioConverter(format, { encoding: 'linear16', sampleRate: 16_000, channels: 1 })
    const parts = [converter.convert(pcmBytes(pcm)), converter.flush()]
    return pcmView(Buffer.concat(parts))
  } catch (error) {
    if (!(error instanceof WavError || error instanceof TypeError || error instanceof RangeError)) throw error
    throw new UsageError(`cannot use ${path}: ${error.message}`)
  }
}

/** Fails before the call instead of after it. */
async function checkWritable(path: string): Promise<void> {
  await access(dirname(path), constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--out: cannot write ${path}: ${reasonOf(error)}`)
  })
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'no such file or directory'
  if (error.code === 'EISDIR') return 'it is a directory'
  if (error.code === 'EACCES') return 'permission denied'
  return error.message
}

async function startServer(progress: Output | undefined): Promise<{ readonly url: string; close(): Promise<void> }> {
  progress?.write('Starting a server with the embedded engines ...\n')
  // Only here: its engines are large, and a call to another server needs none of them.
  const { startDemo } = await import('../demo/server.js')
  return startDemo({ port: 0, quiet: true })
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv.slice(2), process)
}

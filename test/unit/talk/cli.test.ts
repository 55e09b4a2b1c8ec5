import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { main } from '../../../examples/talk/cli.js'
import { readWav, writeWav } from '../../../src/audio/wav.js'
import { concat, speechLike } from '../audio/signals.js'
import { type Call, heard, READY, reply, type Script, startFake } from './fake-server.js'

/** 40 ms of silence, 400 ms of speech in two syllables, 60 ms of silence, at 8 kHz. */
const QUESTION = concat(new Int16Array(320), speechLike(-20, 400, 8_000), new Int16Array(480))
const QUESTION_MS = 500
const GREETING_MS = 60
const PATIENCE = { quietMs: 100, patienceMs: 300, greetingMs: GREETING_MS }

let folder: string
let fake: Awaited<ReturnType<typeof startFake>> | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'talk-'))
})

afterEach(async () => {
  await fake?.close()
  fake = undefined
  await rm(folder, { recursive: true })
})

function path(name: string): string {
  return join(folder, name)
}

async function run(args: readonly string[], { isTTY = false } = {}) {
  let stdout = ''
  let stderr = ''
  const code = await main(
    args,
    { stdout: { isTTY, write: text => (stdout += text) }, stderr: { write: text => (stderr += text) } },
    PATIENCE,
  )
  return { code, stdout, stderr }
}

async function ask(script: Script, args: readonly string[] = ['--json'], wav = writeWav(QUESTION, 8_000), tty = {}) {
  fake = await startFake(script)
  await writeFile(path('in.wav'), wav)
  return run([path('in.wav'), '--url', fake.url, ...args], tty)
}

function lines(stdout: string): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
}

/** Answers once all of the question has arrived. */
function answering(answer: (call: Call) => void): Script {
  let answered = false
  let saidBytes = 0
  return {
    message(call, message) {
      if (message.type === 'config') call.send({ ...READY, seq: undefined })
    },
    audio(call) {
      // The greeting's time is silence and does not count.
      saidBytes = call.audioBytes - GREETING_MS * 32
      if (answered || saidBytes < QUESTION_MS * 32) return
      answered = true
      answer(call)
    },
  }
}

describe('arguments and files', () => {
  it.each([
    ['no file', [], /^talk: no WAV file given; usage: /],
    ['two files', ['a.wav', 'b.wav'], /^talk: one WAV file at a time, not also b\.wav; usage: /],
    ['an unknown option', ['a.wav', '--loud'], /^talk: Unknown option '--loud'/],
    [
      'an address that is none',
      ['a.wav', '--url', 'http://localhost'],
      /^talk: --url: http:\/\/localhost is not a WebSocket address/,
    ],
    ['a missing file', ['missing.wav'], /^talk: cannot read .*missing\.wav: no such file or directory$/],
    ['a directory', ['.'], /^talk: cannot read .*: it is a directory$/],
    ['a file that is no WAV', ['text.wav'], /^talk: cannot use .*text\.wav: not a WAV file: /],
    ['a compressed WAV', ['mulaw.wav'], /^talk: cannot use .*: the WAV file holds mu-law \(format 0x0007\)/],
    ['a WAV of six channels', ['six.wav'], /^talk: cannot use .*: from\.channels: 6 must be 1 or 2$/],
    [
      'a folder for the reply that is missing',
      ['good.wav', '--out', 'none/reply.wav'],
      /^talk: --out: cannot write .*none\/reply\.wav: no such/,
    ],
  ])('end with code 2 and one line: %s', async (_, args, message) => {
    const wav = writeWav(QUESTION, 8_000)
    await writeFile(path('good.wav'), wav)
    await writeFile(path('text.wav'), 'This is no sound.')
    await writeFile(
      path('mulaw.wav'),
      wav.map((byte, i) => (i === 20 ? 7 : byte)),
    )
    await writeFile(path('six.wav'), writeWav(new Int16Array(600), 8_000, 6))
    const inFolder = args.map(arg => (/\.wav$|^\.$/.test(arg) && args.length !== 2 ? path(arg) : arg))
    const { code, stdout, stderr } = await run(
      args.includes('--out') ? [path('good.wav'), '--out', path('none/reply.wav')] : inFolder,
    )
    expect(stderr.trimEnd()).toMatch(message)
    expect(stderr.trimEnd().split('\n').length).toBe(1)
    expect([code, stdout]).toEqual([2, ''])
  })

  it('explains itself', async () => {
    expect(await run(['--help'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^usage: npm run talk/) })
  })
})

describe('a call', () => {
  it('asks in real time, hears the answer to its end and sums up', async () => {
    let answeredAtMs = 0
    const begunAtMs = performance.now()
    const { code, stdout, stderr } = await ask(
      answering(call => {
        answeredAtMs = performance.now()
        heard(call, 'what is', false)
        heard(call, 'what is this', true)
        reply(call, 'u1', 'A test.', 300)
      }),
      ['--json', '--out', path('reply.wav')],
    )
    const tookMs = performance.now() - begunAtMs
    expect([code, stderr]).toEqual([0, ''])
    const printed = lines(stdout)
    expect(printed.map(line => line.type)).toEqual([
      'ready',
      'transcript',
      'transcript',
      'reply',
      'reply_audio',
      'summary',
    ])
    const summary = printed.at(-1) as { turns: { latency_ms: number }[]; session: Record<string, unknown> }
    expect(summary).toMatchObject({
      turns: [{ user: 'what is this', agent: 'A test.' }],
      reply_ms: 300,
      session: { id: 'se_1', interruptions: 0, errors: [] },
    })
    // The last syllable ends 440 ms into the recording, 60 ms before the answer.
    expect(summary.turns[0]!.latency_ms).toBeGreaterThanOrEqual(40)
    expect(summary.turns[0]!.latency_ms).toBeLessThan(600)
    expect(answeredAtMs - begunAtMs).toBeGreaterThanOrEqual(GREETING_MS + QUESTION_MS - 40)
    expect(tookMs).toBeGreaterThanOrEqual(GREETING_MS + QUESTION_MS + 300)
    const recorded = readWav(await readFile(path('reply.wav')))
    expect([recorded.sampleRate, recorded.pcm.length]).toEqual([16_000, 4_800])
  })

  it('reports what it heard and says goodbye', async () => {
    await ask(
      answering(call => {
        heard(call, 'hello', true)
        reply(call, 'u1', 'Hello.', 300)
      }),
    )
    const { messages } = fake!.calls[0]!
    const reports = messages.flatMap(message =>
      message.type === 'stats' && message.playback ? [message.playback] : [],
    )
    expect(reports.length).toBeGreaterThanOrEqual(2)
    expect(reports.at(-1)).toMatchObject({ utterance_id: 'u1', received_bytes: 9_600, played_ms: 300, buffered_ms: 0 })
    expect(reports.map(report => report.played_ms)).toEqual(
      reports.map(report => report.played_ms).sort((a, b) => a - b),
    )
    expect(messages.at(-1)).toEqual({ type: 'bye', reason: '' })
  })

  it('handles a message once, though it is sent twice', async () => {
    const { stdout } = await ask(
      answering(call => {
        for (let i = 0; i < 2; i++) call.send({ type: 'tts_text', utterance_id: 'u0', text: 'Once.', seq: 100 })
      }),
    )
    expect(lines(stdout).filter(line => line.type === 'reply').length).toBe(1)
  })

  it('lets a greeting finish before it speaks', async () => {
    const greeted: boolean[] = []
    const { stdout } = await ask({
      message(call, message) {
        if (message.type !== 'config') return
        call.send({ ...READY, seq: undefined })
        reply(call, 'u0', 'Welcome.', 400)
      },
      audio(call, frame) {
        if (frame.every(byte => byte === 0)) return
        greeted.push(call.messages.some(message => message.type === 'stats' && message.playback?.played_ms === 400))
      },
    })
    expect(greeted.length).toBeGreaterThan(10)
    expect(greeted).not.toContain(false)
    expect(lines(stdout).at(-1)).toMatchObject({ turns: [], reply_ms: 400 })
  })

  it('drops what the server clears and tells how far it was heard', async () => {
    const { stdout } = await ask(
      answering(call => {
        heard(call, 'stop', true)
        reply(call, 'u1', 'A very long answer.', 5_000)
        setTimeout(() => call.send({ type: 'clear', through: 'u1', reason: 'app' }), 200)
      }),
    )
    const cleared = fake!.calls[0]!.messages.find(message => message.type === 'cleared')!
    expect(cleared.utterance_id).toBe('u1')
    expect(cleared.played_ms).toBeGreaterThan(100)
    expect(cleared.played_ms).toBeLessThan(1_000)
    const { reply_ms } = lines(stdout).at(-1) as { reply_ms: number }
    expect(Math.abs(reply_ms - cleared.played_ms)).toBeLessThanOrEqual(1)
  })

  it('ends without a reply when none comes', async () => {
    const { code, stdout } = await ask(answering(call => heard(call, 'anybody there', true)))
    expect(code).toBe(0)
    expect(lines(stdout).at(-1)).toMatchObject({
      turns: [{ user: 'anybody there', agent: '', latency_ms: null }],
      reply_ms: 0,
    })
  })

  it('ends soon after silence', async () => {
    const begunAtMs = performance.now()
    const { code, stdout } = await ask(
      answering(() => {}),
      ['--json'],
      writeWav(new Int16Array(4_800), 48_000),
    )
    expect([code, lines(stdout).at(-1)!.turns]).toEqual([0, []])
    expect(performance.now() - begunAtMs).toBeLessThan(1_500)
  })

  it('takes a stereo recording of 48 kHz for what it is', async () => {
    const stereo = new Int16Array(2 * 48 * QUESTION_MS)
    await ask(
      answering(() => {}),
      ['--json'],
      writeWav(stereo, 48_000, 2),
    )
    const { type, ...config } = fake!.calls[0]!.messages[0]!
    expect([type, config]).toMatchObject(['config', { stt_config: { sample_rate: 16_000, channels: 1 } }])
    expect(fake!.calls[0]!.audioBytes).toBeGreaterThanOrEqual((GREETING_MS + QUESTION_MS) * 32 - 640)
  })

  it('prints for people, with one line that moves on a terminal', async () => {
    const script = () =>
      answering(call => {
        heard(call, 'what is', false)
        setTimeout(() => {
          heard(call, 'what is this', true)
          reply(call, 'u1', 'A test.', 100)
        }, 120)
      })
    const terminal = await ask(script(), [], undefined, { isTTY: true })
    expect(terminal.stdout).toContain('\r\u001b[K0.5 of 0.5 s said | what is')
    await fake!.close()
    const plain = await ask(script(), [])
    expect(plain.stdout).not.toContain('\u001b')
    expect(plain.stdout).toMatch(/^Session se_1\nYou: {3}what is this\nAgent: A test\.\n/)
    expect(plain.stdout).toMatch(/Turn 1: "what is this" -> "A test\.", \d+ ms\n0\.1 s of reply/)
  })
})

describe('failures', () => {
  it('end with code 1 when there is no server', async () => {
    fake = await startFake({})
    const { url } = fake
    await fake.close()
    await writeFile(path('in.wav'), writeWav(QUESTION, 8_000))
    const { code, stderr } = await run([path('in.wav'), '--url', url, '--json'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^talk: cannot talk to ws:.*ECONNREFUSED/)
  })

  it('end with code 1 when the server closes, and still sum up', async () => {
    const { code, stdout, stderr } = await ask(
      answering(call => {
        call.send({
          type: 'error',
          code: 'stt_unavailable',
          message: 'Recognition is down.',
          class: 'PROVIDER',
          retryable: true,
        })
        call.socket.close(1011, 'stt')
      }),
    )
    expect(code).toBe(1)
    expect(stderr).toBe('talk: the server closed the call with 1011 stt after the error stt_unavailable\n')
    expect(lines(stdout).at(-1)).toMatchObject({
      type: 'summary',
      session: { errors: ['stt_unavailable'], close_code: 1011 },
      failure: expect.stringContaining('1011'),
    })
  })
})

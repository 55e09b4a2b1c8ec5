import { describe, expect, it, type TestContext } from 'vitest'
import { WebSocket } from 'ws'
import { type ChaosProxy, chaosProxy } from '../../adapters/testing/node.js'
import { transports } from '../../bench/resume/servers.js'
import { createVoiceClient } from '../../src/client/index.js'
import { createVoiceHandler, type SttProvider, type VoiceSession } from '../../src/index.js'
import { ScriptedStt } from '../../src/testing/scripted-stt.js'
import { ScriptedTts } from '../../src/testing/scripted-tts.js'
import { textOf } from '../../src/testing/spoken-text.js'
import { silence, speak } from '../../src/testing/spoken-words.js'
import { systemClock } from '../../src/util/clock.js'
import { silentLogger } from '../../src/util/logger.js'
import { Client } from '../fixtures/call-server.js'
import { linear16, resumeMessage } from '../fixtures/scripted-call.js'

const bytesPerMs = 32
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** A real server behind a bad network, on one of the transports. */
async function serve(
  transport: string,
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  stt: readonly SttProvider[] = [new ScriptedStt()],
) {
  const sessions: VoiceSession[] = []
  const voice = createVoiceHandler({
    logger: silentLogger,
    limits: { maxLoopDelayMs: 60_000, maxUtilisation: 2 },
    authenticate: () => 'guest',
    stt,
    tts: [new ScriptedTts({ clock: systemClock })],
    onSession: session => void sessions.push(session as unknown as VoiceSession),
  })
  const server = await transports[transport]!(voice)
  const proxy = await chaosProxy({ port: server.port })
  onTestFinished(async () => {
    await voice.close()
    await proxy.close()
    server.close()
  })
  return { voice, proxy, sessions, url: `ws://127.0.0.1:${proxy.port}/voice` }
}

/** A client on the SDK, and all the speech it was handed, laid out on the timelines of its utterances. */
async function talk(url: string, { onTestFinished }: Pick<TestContext, 'onTestFinished'>) {
  const client = createVoiceClient({
    url,
    WebSocket: WebSocket as never,
    logger: silentLogger,
    config: { audio_out: { sample_rates: [16_000] } },
  })
  onTestFinished(() => client.close())
  const speech = Buffer.alloc(60_000 * bytesPerMs)
  client.on('audio', ({ pcm, fromMs }) => speech.set(pcm, Math.round(fromMs * bytesPerMs)))
  await client.connect()
  const say = async (audio: Uint8Array) => {
    for (let at = 0; at < audio.length; at += 640) {
      client.sendAudio(audio.subarray(at, at + 640))
      await pause(20)
    }
  }
  return { client, say, spoken: () => textOf(speech).trim() }
}

/** Breaks the connection and waits until the call goes on. */
async function cut(client: Awaited<ReturnType<typeof talk>>['client'], proxy: ChaosProxy): Promise<void> {
  const resumed = client.once('resumed')
  proxy.reset()
  await resumed
}

async function plainTalk(url: string) {
  const client = await Client.connect(url)
  client.send({ type: 'config', audio_out: { sample_rates: [16_000] } })
  return { client, ready: await client.expect('ready') }
}

async function comeBack(url: string, message: object) {
  const client = await Client.connect(url)
  client.send(message)
  return client
}

const nothing = { start: 0, end: 0 }

describe.concurrent.each(Object.keys(transports))('over %s, a session', transport => {
  it('of which nothing was heard or said yet is resumed', async context => {
    const { url, proxy, sessions } = await serve(transport, context)
    const { client } = await talk(url, context)
    await cut(client, proxy)
    expect(client.sessionId).toBe(sessions[0]!.id)
    expect(sessions).toHaveLength(1)
  })

  it('opens with the token it has when `resumed` was lost, and never again with one that was followed by another', async context => {
    const { url, voice } = await serve(transport, context)
    const { client, ready } = await plainTalk(url)
    client.cut()
    const unheard = await comeBack(url, resumeMessage(ready, nothing))
    await unheard.expect('resumed')
    unheard.cut()
    const back = await comeBack(url, resumeMessage(ready, nothing))
    expect(await back.expect('resumed')).toMatchObject({ epoch: 3, audio_in: { from: 0 } })
    back.send({ type: 'ping', t: 1 })
    await back.expect('pong')
    for (const stolen of [ready, { ...ready, resume_token: 'A'.repeat(43) }]) {
      const thief = await comeBack(url, resumeMessage(stolen, nothing))
      const other = await thief.expect('ready')
      expect(other.session_id).not.toBe(ready.session_id)
      expect(other.history).toBeUndefined()
      thief.close()
    }
    expect(voice.stats().resumesRefused).toBe(2)
    back.close()
  })

  it('goes to the last of two tabs, and the first is told 4409, to stay away', async context => {
    const { url, sessions } = await serve(transport, context)
    const { client, ready } = await plainTalk(url)
    const other = await comeBack(url, resumeMessage(ready, nothing))
    await other.expect('resumed')
    expect((await client.closed).code).toBe(4409)
    other.send({ type: 'ping', t: 1 })
    await other.expect('pong')
    expect([sessions.length, sessions[0]!.state]).toEqual([1, 'active'])
    other.close()
  })

  it('goes on speaking where it was cut off, twice, without a missing or a doubled character', async context => {
    const { url, proxy, sessions } = await serve(transport, context)
    const { client, spoken } = await talk(url, context)
    const text = 'This sentence is long enough to be cut off in a tunnel, and once more behind it.'
    const { done } = sessions[0]!.say(text)
    for (let cuts = 0; cuts < 2; cuts++) {
      await pause(900)
      await cut(client, proxy)
    }
    expect(await done).toMatchObject({ outcome: 'completed', text })
    expect(spoken()).toBe(text)
  })

  it('that is cut while it is interrupted says no more of what was cleared, and hears the interruption', async context => {
    const { url, proxy, sessions } = await serve(transport, context)
    const { client, say } = await talk(url, context)
    const cleared = new Set<string>()
    let afterClear = 0
    let interruptions = 0
    client.on('clear', ({ through }) => {
      cleared.add(through)
      proxy.reset()
    })
    client.on('audio', ({ utteranceId }) => {
      if (cleared.has(utteranceId)) afterClear++
    })
    sessions[0]!.on('interrupted', () => interruptions++)
    const turn = new Promise<string>(resolve => sessions[0]!.on('turn', ({ text }) => resolve(text)))
    const { id, done } = sessions[0]!.say(
      'Nobody will ever want to hear this to its end, and nobody has to. '.repeat(3),
    )
    await pause(600)
    await say(speak('stop that now please', linear16))
    await say(silence(1500, linear16))
    expect(await turn).toBe('stop that now please')
    expect((await done).outcome).toBe('interrupted')
    expect([[...cleared], afterClear, interruptions]).toEqual([[id], 0, 1])
    expect(client.state).toBe('active')
  })

  it('that is cut while its recogniser is replaced hears every word once', async context => {
    const broken = new ScriptedStt({ name: 'broken', faults: index => (index > 0 ? { refuse: 'quota' } : {}) })
    const { url, proxy, sessions } = await serve(transport, context, [broken, new ScriptedStt({ name: 'second' })])
    const { client, say } = await talk(url, context)
    const turn = new Promise<string>(resolve => sessions[0]!.on('turn', ({ text }) => resolve(text)))
    const audio = speak('one two three four five six seven', linear16)
    await say(audio.subarray(0, 640 * 60))
    broken.last.fail('connection')
    const resumed = client.once('resumed')
    proxy.reset()
    await say(audio.subarray(640 * 60))
    await say(silence(1500, linear16))
    await resumed
    expect(await turn).toBe('one two three four five six seven')
  })
})

// Real speech through everything, in real time. The demo and its engines come from the build: worker threads run JavaScript.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shutdownEmbedded } from 'voice-ws/providers/embedded'
import { type Demo, startDemo } from '../../dist/examples/demo/server.js'
import { silence, synthesise } from '../contract/fixtures/embedded-speech.js'
import { Client } from '../fixtures/call-server.js'

let demo: Demo

beforeAll(async () => {
  demo = await startDemo({ port: 0, quiet: true })
}, 30_000)

afterAll(async () => {
  await demo.close()
  await shutdownEmbedded()
})

/** A frame every 20 ms, as a microphone gives them; playback is reported as if it were heard at once. */
class Caller {
  readonly client: Client
  private readonly stop: () => void
  private readonly queue: Uint8Array[] = []

  constructor(client: Client) {
    this.client = client
    const quiet = silence(20)
    let frames = 0
    const timer = setInterval(() => {
      client.send(this.queue.shift() ?? quiet)
      if (++frames % 10 === 0) this.report()
    }, 20)
    this.stop = () => clearInterval(timer)
  }

  say(audio: Uint8Array): void {
    for (let at = 0; at < audio.length; at += 640) this.queue.push(audio.subarray(at, at + 640))
  }

  hangUp(): void {
    this.stop()
    this.client.close(1000)
  }

  private report(): void {
    const start = this.client.of('tts_start').at(-1)
    if (!start) return
    const { utterance_id } = start
    const playback = {
      utterance_id,
      received_bytes: this.client.audioBytes,
      played_ms: 3_600_000,
      buffered_ms: 0,
      underruns: 0,
    }
    this.client.send({ type: 'stats', seq: 0, t: 0, playback, buffered_bytes: 0, rtt_ms: 1 })
  }
}

async function call(): Promise<Caller> {
  const client = await Client.connect(demo.url)
  client.send({ type: 'config', audio_out: { sample_rates: [16_000] } })
  await client.expect('ready')
  return new Caller(client)
}

describe('a call in real speech', () => {
  it('takes two utterances with a pause for two turns, and silence for none', async () => {
    const caller = await call()
    const { client } = caller
    await client.until(() => client.of('tts_end')[0], 'the greeting')
    caller.say((await synthesise('what is your name')).audio)
    await client.until(() => client.of('stt_result').find(result => result.is_speech_final), 'a first turn')
    await client.until(() => client.of('tts_end')[1], 'its answer')
    caller.say((await synthesise('thank you very much')).audio)
    await client.until(() => client.of('stt_result').filter(result => result.is_speech_final)[1], 'a second turn')
    await client.until(() => client.of('tts_end')[2], 'its answer')
    caller.say(silence(4000))
    await new Promise(resolve => setTimeout(resolve, 4000))
    const turns = client.of('stt_result').filter(result => result.is_speech_final)
    expect(turns.map(turn => turn.transcript)).toEqual(['what is your name', 'thank you very much'])
    caller.hangUp()
  }, 40_000)

  it('stops speaking when the user interrupts, and knows what was heard', async () => {
    const caller = await call()
    const { client } = caller
    await client.until(() => client.of('tts_end')[0], 'the greeting')
    caller.say((await synthesise('please tell me about the weather in the north of england and the sea')).audio)
    const answer = await client.until(() => client.of('tts_start')[1], 'an answer')
    caller.say((await synthesise('stop stop stop', 'slt')).audio)
    const cut = await client.expect('interrupted')
    const atCut = client.audioBytes
    expect(cut).toMatchObject({ utterance_id: answer.utterance_id, basis: 'ack' })
    expect(client.of('clear')[0]).toMatchObject({ through: answer.utterance_id })
    const sameUtterance = client.of('tts_start').filter(start => start.utterance_id === answer.utterance_id)
    expect(sameUtterance).toHaveLength(1)
    expect(client.audioBytes).toBe(atCut)
    caller.hangUp()
  }, 40_000)
})

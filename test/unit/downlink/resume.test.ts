import { afterEach, describe, expect, it } from 'vitest'
import type { PlaybackReport, ServerMessage } from '../../../src/protocol/messages.js'
import { finish, type Rig, type RigOptions, rig, tone } from './rig.js'
import { SimulatedClient } from './simulated-client.js'

let current: Rig | undefined

function start(options?: RigOptions): Rig {
  current = rig(options)
  return current
}

afterEach(() => {
  if (current) finish(current)
  current = undefined
})

/** Every sample says which it is. */
function counted(fromSample: number, samples: number): Uint8Array {
  return new Uint8Array(Int16Array.from({ length: samples }, (_, i) => fromSample + i).buffer)
}

/** Collects what a client gets, as samples by wire offset of the utterance. */
function collect(client: SimulatedClient): { samples: number[]; from: number[] } {
  const got = { samples: [] as number[], from: [] as number[] }
  const sendAudio = client.sendAudio.bind(client)
  client.sendAudio = (audio, id) => {
    got.samples.push(...new Int16Array(audio.slice().buffer))
    return sendAudio(audio, id)
  }
  return got
}

/** Cuts the socket, keeps nobody connected for `outageMs`, and comes back with what the client reports. */
function reconnect(r: Rig, outageMs: number, report: PlaybackReport | null) {
  r.client.open = false
  r.downlink.detach()
  r.clock.advance(outageMs)
  const client = new SimulatedClient(r.clock)
  r.running.push(client.stop)
  const got = collect(client)
  const resumption = r.downlink.resumeAudio(report)
  r.connect(client)
  return { resumption, client, got }
}

function sentTypes(client: SimulatedClient): string[] {
  return client.wire.filter((entry, i, all) => entry !== all[i - 1])
}

function messages<T extends ServerMessage['type']>(client: SimulatedClient, type: T): ServerMessage[] {
  return client.messages.map(({ message }) => message).filter(message => message.type === type)
}

const rate = 16_000

describe('resume', () => {
  it('continues after the last byte the client has, without losing or doubling one', () => {
    const r = start({ sampleRates: [rate] })
    const before = collect(r.client)
    r.downlink.begin('u1', rate)
    r.downlink.audio('u1', counted(0, 2 * rate))
    r.clock.advance(500)
    // The last two messages were on their way when the socket broke.
    const report = r.client.report()!
    const has = r.client.arrivals.slice(0, -2).reduce((sum, { bytes }) => sum + bytes, 0) / 2
    const { resumption, client, got } = reconnect(r, 300, { ...report, received_bytes: 2 * has })
    expect(resumption).toEqual({ utterance_id: 'u1', action: 'continue' })
    r.downlink.end('u1')
    r.clock.advance(4000)
    expect(messages(client, 'tts_start')).toEqual([
      {
        type: 'tts_start',
        utterance_id: 'u1',
        encoding: 'linear16',
        sample_rate: rate,
        from_bytes: 2 * has,
        from_ms: has / 16,
      },
    ])
    const whole = [...before.samples.slice(0, has), ...got.samples]
    expect(whole).toHaveLength(2 * rate)
    expect(whole.every((sample, i) => sample === i)).toBe(true)
    expect(messages(client, 'tts_end')).toEqual([{ type: 'tts_end', utterance_id: 'u1', bytes: 4 * rate, ms: 2000 }])
  })

  it('goes back 300 ms for a client that fell silent', () => {
    const r = start({ sampleRates: [rate] })
    r.downlink.begin('u1', rate)
    r.downlink.audio('u1', counted(0, 2 * rate))
    r.clock.advance(1000)
    const report = { ...r.client.report()!, received_bytes: 2 * 16 * 1000, played_ms: 1000, buffered_ms: 0 }
    const { resumption, got } = reconnect(r, 3000, report)
    expect(resumption).toEqual({ utterance_id: 'u1', action: 'rewind' })
    r.clock.advance(3000)
    const first = got.samples[0]! / 16
    expect(first).toBeLessThanOrEqual(700)
    expect(first).toBeGreaterThan(580)
    expect(got.samples.every((sample, i) => sample === got.samples[0]! + i)).toBe(true)
    expect(got.samples.at(-1)).toBe(2 * rate - 1)
  })

  it('goes back to where speech was heard for a client that holds nothing', () => {
    const r = start({ sampleRates: [rate] })
    r.downlink.begin('u1', rate)
    r.downlink.audio('u1', counted(0, 2 * rate))
    r.clock.advance(1000)
    const { playedMs } = r.downlink.position('u1')
    const { resumption, got } = reconnect(r, 0, null)
    expect(resumption).toEqual({ utterance_id: 'u1', action: 'rewind' })
    expect(got.samples[0]! / 16).toBeLessThanOrEqual(playedMs - 300)
    expect(got.samples[0]! / 16).toBeGreaterThan(playedMs - 450)
  })

  it('sends the next utterance again when it is not known to have arrived', () => {
    const r = start({ sampleRates: [rate] })
    r.downlink.begin('u1', rate)
    r.downlink.audio('u1', counted(0, 0.4 * rate))
    r.downlink.end('u1')
    r.downlink.begin('u2', rate)
    r.downlink.audio('u2', counted(0, rate))
    r.downlink.end('u2')
    r.clock.advance(200)
    expect(r.downlink.position('u2').sentMs).toBeGreaterThan(0)
    const { resumption, client, got } = reconnect(r, 200, { ...r.client.report()!, received_bytes: 2 * 0.4 * rate })
    expect(resumption).toEqual({ utterance_id: 'u1', action: 'continue' })
    r.clock.advance(4000)
    expect(sentTypes(client).slice(0, 4)).toEqual(['tts_start', 'tts_end', 'tts_start', 'a:u2'])
    expect(got.samples).toHaveLength(rate)
    expect(got.samples[0]).toBe(0)
  })

  it('has the client discard what was purged meanwhile, and says so again on the new socket', () => {
    const r = start({ sampleRates: [rate] })
    r.downlink.begin('u1', rate)
    r.downlink.audio('u1', counted(0, 2 * rate))
    r.clock.advance(600)
    const report = r.client.report()!
    r.client.open = false
    r.downlink.detach()
    let heard = -1
    r.downlink.purge('u1', 'barge_in', ({ playedMs }) => {
      heard = playedMs
    })
    expect(heard).toBeGreaterThan(400)
    const client = new SimulatedClient(r.clock)
    r.running.push(client.stop)
    expect(r.downlink.resumeAudio(report)).toEqual({ utterance_id: 'u1', action: 'discard' })
    r.connect(client)
    r.clock.advance(3000)
    expect(client.wire.some(entry => entry.startsWith('a:'))).toBe(false)
  })

  it('says nothing when nothing was being heard', () => {
    const r = start()
    expect(reconnect(r, 100, null).resumption).toBeNull()
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(300, 24_000))
    r.downlink.end('u1')
    r.clock.advance(1500)
    expect(r.downlink.resumeAudio(null)).toBeNull()
  })

  it('completes an utterance that was heard to its end while the socket was gone', () => {
    const r = start({ sampleRates: [rate] })
    r.downlink.begin('u1', rate)
    r.downlink.audio('u1', counted(0, rate))
    r.downlink.end('u1')
    r.clock.advance(800)
    const report = { ...r.client.report()!, received_bytes: 2 * rate, played_ms: 1000, buffered_ms: 0 }
    const { resumption, client } = reconnect(r, 1000, report)
    expect(resumption).toEqual({ utterance_id: 'u1', action: 'continue' })
    r.clock.advance(100)
    expect(client.wire).toEqual(['tts_start', 'tts_end', 'tts_playback_complete'])
    expect(r.log.filter(({ kind }) => kind === 'played')).toHaveLength(1)
  })

  it('keeps a second behind what was heard and at most 4 s behind what was sent', () => {
    const r = start({ sampleRates: [rate] })
    r.downlink.begin('u1', rate)
    for (let at = 0; at < 10_000; at += 100) r.downlink.audio('u1', counted(0, rate / 10))
    r.clock.advance(7000)
    const { playedMs, sentMs } = r.downlink.position('u1')
    const { resumption, client } = reconnect(r, 0, { ...r.client.report()!, received_bytes: 0, buffered_ms: 1 })
    expect(resumption!.action).toBe('continue')
    r.clock.advance(100)
    const [begin] = messages(client, 'tts_start') as Extract<ServerMessage, { type: 'tts_start' }>[]
    expect(begin!.from_ms).toBeGreaterThan(playedMs - 1500)
    expect(begin!.from_ms).toBeLessThanOrEqual(playedMs - 1000)
    expect(sentMs - begin!.from_ms).toBeLessThan(4000)
  })

  it('keeps nothing for a client that cannot resume', () => {
    const r = start({ keep: false })
    r.downlink.begin('u1', 24_000)
    for (let at = 0; at < 5000; at += 100) r.downlink.audio('u1', tone(100, 24_000))
    r.clock.advance(2000)
    r.downlink.detach()
    const { sentMs } = r.downlink.position('u1')
    r.downlink.resumeAudio(null)
    expect(sentMs - r.downlink.position('u1').sentMs).toBeLessThan(700)
  })

  it.each(['lag', 'refused'])('takes up after a hole (%s) and accounts for every byte', hole => {
    const r = start({ sampleRates: [rate], bytesPerSecond: hole === 'lag' ? 16_000 : Number.POSITIVE_INFINITY })
    r.downlink.begin('u1', rate)
    r.downlink.audio('u1', counted(0, 20 * rate))
    r.clock.advance(3000)
    const received = r.client.report()!.received_bytes
    const sendAudio = r.client.sendAudio
    if (hole === 'refused') r.client.sendAudio = () => 'dropped'
    r.clock.advance(hole === 'lag' ? 0 : 300)
    r.client.sendAudio = sendAudio
    r.clock.advance(200)
    const before = r.downlink.stats()
    const speech = Reflect.get(r.downlink, 'speech') as { lane: { find(id: string): { pcm: { keptFrom: number } } } }
    const holeMs = speech.lane.find('u1').pcm.keptFrom / 32
    if (hole === 'refused') expect(holeMs).toBeGreaterThan(3000)
    expect(before.droppedMs[hole === 'lag' ? 'lag' : 'buffered']).toBeGreaterThan(0)
    const { client } = reconnect(r, 100, {
      ...r.client.report()!,
      received_bytes: Math.min(received, 4000),
      buffered_ms: 5,
    })
    r.clock.advance(1000)
    const { sentAudioBytes, queuedBytes, droppedBytes } = r.downlink.stats()
    const dropped = Object.values(droppedBytes).reduce((sum, bytes) => sum + bytes, 0)
    expect(sentAudioBytes + queuedBytes + dropped).toBe(2 * 20 * rate)
    expect(droppedBytes).toEqual(before.droppedBytes)
    const [begin] = messages(client, 'tts_start') as Extract<ServerMessage, { type: 'tts_start' }>[]
    // What lies before the hole is not sent again: it could not be joined to what follows.
    expect(begin!.from_ms).toBeGreaterThanOrEqual(holeMs)
  })
})

describe('detached', () => {
  it('sends nothing, and keeps messages with their time standing still', () => {
    const r = start()
    r.downlink.detach()
    r.downlink.begin('u1', 24_000)
    r.downlink.audio('u1', tone(1000, 24_000))
    r.downlink.send({ type: 'vad_event', event: 'speech_start', timestamp_ms: 1 })
    r.downlink.send({ type: 'event', name: 'e', data: null })
    r.clock.advance(20_000)
    expect(r.client.wire).toEqual([])
    expect(r.ticker.size).toBe(0)
    const client = new SimulatedClient(r.clock)
    r.running.push(client.stop)
    r.connect(client)
    r.clock.advance(300)
    expect(sentTypes(client).slice(0, 3)).toEqual(['tts_start', 'a:u1', 'vad_event'])
    expect(client.wire).toContain('vad_event')
    expect(client.wire).toContain('event')
    // Nothing that waited for a socket counts as late.
    expect(r.downlink.stats().droppedMs).toEqual({})
  })

  it('keeps an error, and drops what only concerns a socket', () => {
    const r = start()
    r.downlink.detach()
    r.downlink.send({ type: 'pong', t: 1 })
    r.downlink.send({ type: 'error', message: 'm', code: 'c', class: 'DATA', retryable: false })
    r.downlink.attach(r.client)
    r.clock.advance(100)
    expect(r.client.wire).toEqual(['error'])
    expect(r.downlink.stats().droppedMessages).toEqual({ closed: 1 })
  })

  it('goes on numbering where it stopped', () => {
    const r = start()
    r.downlink.send({ type: 'event', name: 'a', data: null })
    r.downlink.send({ type: 'ping', t: 1 })
    r.downlink.detach()
    r.downlink.send({ type: 'event', name: 'b', data: null })
    r.downlink.attach(r.client)
    r.clock.advance(100)
    expect(r.client.messages.map(({ message, seq }) => [message.type, seq])).toEqual([
      ['event', 1],
      ['ping', undefined],
      ['event', 2],
    ])
    expect(r.log.filter(({ kind }) => kind === 'numbered').map(({ value }) => value)).toEqual([
      { seq: 1, type: 'event' },
      { seq: 2, type: 'event' },
    ])
  })
})

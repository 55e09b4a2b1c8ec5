import { describe, expect, it } from 'vitest'
import type { AudioChunk, Player, PlayerPosition } from '../../../src/client/index.js'
import { Bench, type FakeSocket, ramp, resumedMessage } from './fake-socket.js'

/** 16 bytes a millisecond: 8 kHz linear16. */
const format = { encoding: 'linear16', sample_rate: 8000 } as const
const bytesPerMs = 16

function start(socket: FakeSocket, utterance_id: string, from: { from_bytes?: number; from_ms?: number } = {}): void {
  socket.say({ type: 'tts_start', utterance_id, ...format, from_bytes: 0, from_ms: 0, ...from })
}

function hear(socket: FakeSocket, ms: number): void {
  socket.sayAudio(ramp(ms * bytesPerMs))
}

/** A player whose position the test sets. */
class TestPlayer implements Player {
  at: PlayerPosition | null = null
  readonly calls: string[] = []

  push({ utteranceId, pcm, fromMs }: AudioChunk): void {
    this.calls.push(`push ${utteranceId} ${fromMs}+${pcm.length / bytesPerMs}`)
    this.at ??= { utteranceId, playedMs: 0, bufferedMs: 0, underruns: 0 }
  }

  end(utteranceId: string): void {
    this.calls.push(`end ${utteranceId}`)
  }

  rewind(utteranceId: string, toMs: number): void {
    this.calls.push(`rewind ${utteranceId} ${toMs}`)
  }

  clear(utteranceIds: readonly string[]): void {
    this.calls.push(`clear ${utteranceIds}`)
    this.at = null
  }

  position(): PlayerPosition | null {
    return this.at
  }

  plays(utteranceId: string, playedMs: number): void {
    this.at = { utteranceId, playedMs, bufferedMs: 50, underruns: 1 }
  }
}

async function playback(bench: Bench) {
  const { length } = bench.socket.messages
  await bench.pass(200)
  return bench.socket.messages.slice(length).findLast(message => message.type === 'stats')?.playback
}

describe('speech', () => {
  it('comes with its utterance, format and place, and goes to the player', async () => {
    const player = new TestPlayer()
    await using bench = new Bench({ player })
    const socket = await bench.begin()
    start(socket, 'u1')
    hear(socket, 20)
    socket.say({ type: 'tts_skip', utterance_id: 'u1', ms: 500 })
    hear(socket, 20)
    socket.say({ type: 'tts_format', utterance_id: 'u1', encoding: 'mulaw', sample_rate: 16_000 })
    hear(socket, 1)
    socket.say({ type: 'tts_end', utterance_id: 'u1', bytes: 656, ms: 541 })
    expect(bench.of('audio').map(({ pcm, ...rest }) => ({ ...rest, bytes: pcm.length }))).toEqual([
      { type: 'audio', utteranceId: 'u1', sampleRate: 8000, encoding: 'linear16', fromMs: 0, bytes: 320 },
      { type: 'audio', utteranceId: 'u1', sampleRate: 8000, encoding: 'linear16', fromMs: 520, bytes: 320 },
      { type: 'audio', utteranceId: 'u1', sampleRate: 16_000, encoding: 'mulaw', fromMs: 540, bytes: 16 },
    ])
    expect(player.calls).toEqual(['push u1 0+20', 'push u1 520+20', 'push u1 540+1', 'end u1'])
    expect(bench.events.filter(event => event.type.startsWith('tts_')).map(event => event.type)).toEqual([
      'tts_start',
      'tts_skip',
      'tts_format',
      'tts_end',
    ])
  })

  it('is reported as the player has it', async () => {
    const player = new TestPlayer()
    await using bench = new Bench({ player })
    const socket = await bench.begin()
    start(socket, 'u1')
    hear(socket, 300)
    player.plays('u1', 120)
    expect(await playback(bench)).toEqual({
      utterance_id: 'u1',
      received_bytes: 4800,
      played_ms: 120,
      buffered_ms: 50,
      underruns: 1,
    })
  })

  it('that ended is reported to its end, silent tail included, before the next', async () => {
    const player = new TestPlayer()
    await using bench = new Bench({ player })
    const socket = await bench.begin()
    start(socket, 'u1')
    hear(socket, 100)
    socket.say({ type: 'tts_skip', utterance_id: 'u1', ms: 40 })
    socket.say({ type: 'tts_end', utterance_id: 'u1', bytes: 1600, ms: 140 })
    start(socket, 'silent')
    socket.say({ type: 'tts_skip', utterance_id: 'silent', ms: 70 })
    socket.say({ type: 'tts_end', utterance_id: 'silent', bytes: 0, ms: 70 })
    start(socket, 'u2')
    hear(socket, 100)
    player.plays('u2', 30)
    expect(await playback(bench)).toMatchObject({ utterance_id: 'u1', played_ms: 140 })
    expect(await playback(bench)).toMatchObject({ utterance_id: 'silent', played_ms: 70 })
    expect(await playback(bench)).toMatchObject({ utterance_id: 'u2', played_ms: 30 })
  })

  it('is taken to be heard as it was spoken when nobody plays it', async () => {
    await using bench = new Bench()
    const socket = await bench.begin()
    await bench.pass(200)
    start(socket, 'u1')
    hear(socket, 500)
    expect(await playback(bench)).toMatchObject({ utterance_id: 'u1', played_ms: 200, buffered_ms: 300, underruns: 0 })
    socket.say({ type: 'tts_end', utterance_id: 'u1', bytes: 8000, ms: 500 })
    await playback(bench)
    expect(await playback(bench)).toMatchObject({ utterance_id: 'u1', played_ms: 500, buffered_ms: 0 })
    await bench.pass(5000)
    expect(bench.socket.last('stats')?.playback).toBeNull()
  })

  it('is reported as the application says', async () => {
    await using bench = new Bench()
    const socket = await bench.begin()
    start(socket, 'u1')
    hear(socket, 500)
    bench.client.reportPlayback({ utteranceId: 'u1', playedMs: 77, bufferedMs: 12, underruns: 2 })
    expect(await playback(bench)).toMatchObject({ played_ms: 77, buffered_ms: 12, underruns: 2 })
  })

  it('survives a player that throws', async () => {
    const player = new TestPlayer()
    player.push = () => {
      throw new Error('no device')
    }
    await using bench = new Bench({ player })
    const socket = await bench.begin()
    start(socket, 'u1')
    hear(socket, 20)
    socket.say({ type: 'event', name: 'after', data: 0 })
    expect(bench.of('event')).toHaveLength(1)
  })
})

describe('clear', () => {
  it('drops what is held up to the utterance it names, and says where that was cut off', async () => {
    const player = new TestPlayer()
    await using bench = new Bench({ player })
    const socket = await bench.begin()
    for (const id of ['u1', 'u2', 'u3']) {
      start(socket, id)
      hear(socket, 100)
    }
    player.plays('u1', 42.5)
    player.calls.length = 0
    socket.say({ type: 'clear', through: 'u2', reason: 'barge_in' })
    expect(player.calls).toEqual(['clear u1,u2'])
    expect(socket.last('cleared')).toEqual({ type: 'cleared', utterance_id: 'u1', played_ms: 42.5 })
    expect(bench.of('clear')).toEqual([
      { type: 'clear', through: 'u2', reason: 'barge_in', utteranceId: 'u1', playedMs: 42.5 },
    ])
    // What follows belongs to the last one started, which was not named.
    hear(socket, 20)
    expect(bench.of('audio').at(-1)).toMatchObject({ utteranceId: 'u3', fromMs: 100 })
  })

  it('hands out nothing more of what it named, also when it never began', async () => {
    const player = new TestPlayer()
    await using bench = new Bench({ player })
    const socket = await bench.begin()
    start(socket, 'u1')
    hear(socket, 100)
    player.plays('u1', 10)
    socket.say({ type: 'clear', through: 'u2', reason: 'client' })
    expect(socket.last('cleared')).toEqual({ type: 'cleared', utterance_id: 'u1', played_ms: 10 })
    const { length } = bench.of('audio')
    hear(socket, 20)
    start(socket, 'u2')
    hear(socket, 20)
    socket.say({ type: 'tts_end', utterance_id: 'u2', bytes: 320, ms: 20 })
    expect(bench.of('audio')).toHaveLength(length)
    start(socket, 'u3')
    hear(socket, 20)
    expect(bench.of('audio')).toHaveLength(length + 1)
    expect(player.calls.at(-1)).toBe('push u3 0+20')
  })

  it('is answered also for what was heard to its end, or was never there', async () => {
    await using bench = new Bench()
    const socket = await bench.begin()
    start(socket, 'u1')
    hear(socket, 100)
    socket.say({ type: 'tts_end', utterance_id: 'u1', bytes: 1600, ms: 100 })
    await bench.pass(400)
    start(socket, 'u2')
    hear(socket, 100)
    socket.say({ type: 'clear', through: 'u1', reason: 'late' })
    expect(socket.last('cleared')).toEqual({ type: 'cleared', utterance_id: 'u1', played_ms: 100 })
    hear(socket, 20)
    expect(bench.of('audio').at(-1)).toMatchObject({ utteranceId: 'u2', fromMs: 100 })
    socket.say({ type: 'clear', through: 'u9', reason: 'app' })
    expect(socket.last('cleared')).toMatchObject({ utterance_id: 'u2' })
    socket.say({ type: 'clear', through: 'u10', reason: 'app' })
    expect(socket.last('cleared')).toEqual({ type: 'cleared', utterance_id: 'u10', played_ms: 0 })
  })

  it('takes the position from the clock when nobody reports, and from the last report otherwise', async () => {
    await using bench = new Bench()
    const socket = await bench.begin()
    start(socket, 'u1')
    hear(socket, 500)
    await bench.pass(150)
    socket.say({ type: 'clear', through: 'u1', reason: 'barge_in' })
    expect(socket.last('cleared')).toMatchObject({ utterance_id: 'u1', played_ms: 150 })
    start(socket, 'u2')
    hear(socket, 500)
    bench.client.reportPlayback({ utteranceId: 'u2', playedMs: 33, bufferedMs: 0, underruns: 0 })
    socket.say({ type: 'clear', through: 'u2', reason: 'barge_in' })
    expect(socket.last('cleared')).toMatchObject({ utterance_id: 'u2', played_ms: 33 })
  })
})

describe('speech across a reconnect', () => {
  async function cut(bench: Bench, player: TestPlayer, heardMs: number) {
    const socket = await bench.begin()
    start(socket, 'u1')
    hear(socket, 400)
    player.plays('u1', heardMs)
    socket.end(1006)
    const next = await bench.next()
    next.open()
    expect(next.messages[0]!.playback).toMatchObject({ utterance_id: 'u1', received_bytes: 6400, played_ms: heardMs })
    player.calls.length = 0
    return next
  }

  it('continues where it was cut off', async () => {
    const player = new TestPlayer()
    await using bench = new Bench({ player })
    const next = await cut(bench, player, 300)
    next.say({ ...resumedMessage, tts: { utterance_id: 'u1', action: 'continue' } })
    start(next, 'u1', { from_bytes: 6400, from_ms: 400 })
    hear(next, 20)
    expect(player.calls).toEqual(['push u1 400+20'])
    expect(bench.of('tts_start')).toHaveLength(2)
  })

  it('leaves out what it has already, when the server goes back further than it has to', async () => {
    const player = new TestPlayer()
    await using bench = new Bench({ player })
    const next = await cut(bench, player, 300)
    next.say({ ...resumedMessage, tts: { utterance_id: 'u1', action: 'continue' } })
    start(next, 'u1', { from_bytes: 6400 - 30 * bytesPerMs, from_ms: 370 })
    hear(next, 20)
    hear(next, 20)
    expect(player.calls).toEqual(['push u1 400+10'])
  })

  it('begins again a little earlier, dropping what it holds from there', async () => {
    const player = new TestPlayer()
    await using bench = new Bench({ player })
    const next = await cut(bench, player, 300)
    next.say({ ...resumedMessage, tts: { utterance_id: 'u1', action: 'rewind' } })
    start(next, 'u1', { from_bytes: 250 * bytesPerMs, from_ms: 250 })
    hear(next, 20)
    expect(player.calls).toEqual(['rewind u1 250', 'push u1 250+20'])
    player.plays('u1', 260)
    expect(await playback(bench)).toMatchObject({ received_bytes: 270 * bytesPerMs, played_ms: 260 })
  })

  it('is dropped when the server gave it up, without an answer', async () => {
    const player = new TestPlayer()
    await using bench = new Bench({ player })
    const next = await cut(bench, player, 300)
    next.say({ ...resumedMessage, tts: { utterance_id: 'u1', action: 'discard' } })
    expect(player.calls).toEqual(['clear u1'])
    expect(bench.of('clear')).toMatchObject([{ through: 'u1', reason: 'discard', playedMs: 300 }])
    expect(next.last('cleared')).toBeUndefined()
    start(next, 'u1', { from_bytes: 6400, from_ms: 400 })
    hear(next, 20)
    expect(player.calls).toHaveLength(1)
  })
})

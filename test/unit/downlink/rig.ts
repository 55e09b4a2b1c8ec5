import { expect } from 'vitest'
import { Downlink } from '../../../src/downlink/downlink.js'
import { type DownlinkOptions, defaultBackpressure, defaultKeep, defaultPacing } from '../../../src/downlink/options.js'
import type { DownlinkPorts } from '../../../src/downlink/ports.js'
import type { PressureLevel } from '../../../src/protocol/messages.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { silentLogger } from '../../../src/util/logger.js'
import { Ticker } from '../../../src/util/ticker.js'
import { type NetworkOptions, SimulatedClient } from './simulated-client.js'

export interface Rig {
  readonly clock: ManualClock
  readonly ticker: Ticker
  readonly downlink: Downlink
  readonly client: SimulatedClient
  readonly log: { kind: string; value: unknown; atMs: number }[]
  /** What the session does when it is told something. */
  readonly hooks: { -readonly [K in keyof DownlinkPorts]?: DownlinkPorts[K] | undefined }
  levels(): PressureLevel[]
  connect(client: SimulatedClient): void
  /** What runs until the end of the test. */
  readonly running: (() => void)[]
}

export interface RigOptions extends NetworkOptions {
  sampleRates?: readonly number[]
  encoding?: 'linear16' | 'mulaw' | 'alaw'
  maxLeadMs?: number
  backpressure?: Partial<DownlinkOptions['backpressure']>
  pacing?: Partial<DownlinkOptions['pacing']>
  keep?: DownlinkOptions['keep']
}

export function rig(options: RigOptions = {}): Rig {
  const clock = new ManualClock()
  const ticker = new Ticker(clock, 20)
  const log: Rig['log'] = []
  const note = (kind: string) => (value: unknown) => void log.push({ kind, value, atMs: clock.now() })
  const hooks: { -readonly [K in keyof DownlinkPorts]?: DownlinkPorts[K] | undefined } = {}
  const ports: DownlinkPorts = {
    started: id => {
      note('started')(id)
      hooks.started?.(id)
    },
    played: id => {
      note('played')(id)
      hooks.played?.(id)
    },
    get tap() {
      return hooks.tap
    },
    room: () => note('room')(undefined),
    congested: note('congested'),
    level: (level, lagMs) => note('level')({ level, lagMs }),
    rate: note('rate'),
    slowConsumer: cause => {
      note('slow')(cause)
      hooks.slowConsumer?.(cause)
    },
    numbered: (seq, message) => note('numbered')({ seq, type: message.type }),
  }
  const downlink = new Downlink(
    {
      clock,
      ticker,
      audioOut: {
        encoding: options.encoding ?? 'linear16',
        sampleRates: options.sampleRates ?? [24_000],
        maxLeadMs: options.maxLeadMs ?? 1000,
      },
      pacing: { ...defaultPacing, ...options.pacing },
      backpressure: { ...defaultBackpressure, ...options.backpressure },
      keep: options.keep ?? defaultKeep,
      logger: silentLogger,
    },
    ports,
  )
  const connect = (client: SimulatedClient) => {
    // The schedule is nobody's business but the tests'.
    const speech = () => Reflect.get(downlink, 'speech') as { lane: { find(id: string): { anchorMs: number } } }
    client.position = id => ({ endMs: downlink.position(id).sentMs, anchorMs: speech().lane.find(id).anchorMs })
    client.onReport = report =>
      downlink.onStats({ type: 'stats', seq: 0, t: 0, playback: report, buffered_bytes: 0, rtt_ms: 0 })
    client.onPong = () => downlink.onPong()
    client.onCleared = (id, playedMs) => downlink.onCleared(id, playedMs)
    if (options.sampleRates) client.sampleRate = options.sampleRates[0]!
    downlink.attach(client)
  }
  const client = new SimulatedClient(clock, options)
  connect(client)
  return {
    clock,
    ticker,
    downlink,
    client,
    log,
    hooks,
    running: [client.stop],
    connect,
    levels: () =>
      log.filter(({ kind }) => kind === 'level').map(({ value }) => (value as { level: PressureLevel }).level),
  }
}

/** A tone, so that a resampler has something to do. */
export function tone(ms: number, sampleRate: number, fromMs = 0, hz = 440): Uint8Array {
  const samples = Math.round((ms * sampleRate) / 1000)
  const from = Math.round((fromMs * sampleRate) / 1000)
  const pcm = new Int16Array(samples)
  for (let i = 0; i < samples; i++) pcm[i] = 8000 * Math.sin((2 * Math.PI * hz * (from + i)) / sampleRate)
  return new Uint8Array(pcm.buffer)
}

/** Gives the downlink speech as a synthesiser does: faster than real time, pausing while the session holds too much. */
export function speak(rig: Rig, id: string, ms: number, sampleRate: number, factor = 4): () => boolean {
  const chunk = tone(100, sampleRate)
  let given = 0
  let credit = 0
  rig.downlink.begin(id, sampleRate)
  const stop = rig.clock.every(25, () => {
    if (rig.downlink.congested || rig.downlink.queuedMs > 5000) return
    credit += 25 * factor
    while (credit >= 100 && given < ms) {
      credit -= 100
      given += 100
      rig.downlink.audio(id, chunk.slice())
    }
    if (given < ms) return
    stop()
    rig.downlink.end(id)
  })
  rig.running.push(stop)
  return () => given >= ms
}

/** Ends everything and makes sure that nothing of the downlink is left: no place in the beat, no timer. */
export function finish(rig: Rig): void {
  rig.downlink.close()
  for (const stop of rig.running) stop()
  expect(rig.ticker.size).toBe(0)
  rig.clock.advance(5000)
  expect(rig.clock.pending).toBe(0)
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

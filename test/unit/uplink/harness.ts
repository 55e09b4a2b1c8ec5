import { expect } from 'vitest'
import type { AudioFormat } from '../../../src/audio/format.js'
import { bytesPerSecond } from '../../../src/audio/format.js'
import { ProviderHealth, type ProviderStatus } from '../../../src/providers/health.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { ScriptedStt, type ScriptedSttOptions } from '../../../src/testing/scripted-stt.js'
import { type SpeakOptions, silence, speak } from '../../../src/testing/spoken-words.js'
import type { AudioGap, LegChange, SessionTranscript, UplinkPorts } from '../../../src/uplink/ports.js'
import { SlabPool } from '../../../src/uplink/slab-pool.js'
import { Uplink, type UplinkOptions } from '../../../src/uplink/uplink.js'
import { silentLogger } from '../../../src/util/logger.js'
import { Ticker } from '../../../src/util/ticker.js'

export const pcm16k: AudioFormat = { encoding: 'linear16', sampleRate: 16_000, channels: 1 }
export const frameMs = 20

/** What every session of a handler shares. */
export class Handler {
  readonly clock: ManualClock
  readonly ticker: Ticker
  readonly slabs: SlabPool
  readonly health: ProviderHealth
  readonly statuses: ProviderStatus[] = []

  constructor(ringBytes = 256 * 1024 * 1024) {
    this.clock = new ManualClock()
    this.ticker = new Ticker(this.clock, frameMs)
    this.slabs = new SlabPool(ringBytes)
    this.health = new ProviderHealth({
      clock: this.clock,
      random: () => 0.5,
      onChange: status => this.statuses.push(status),
    })
  }
}

export type CallOptions = Partial<Pick<UplinkOptions, 'format' | 'vad' | 'random'>> & {
  readonly turns?: Partial<UplinkOptions['turns']>
  readonly handler?: Handler
}

/** One session's uplink, with everything it reported. */
export class Call {
  readonly handler: Handler
  readonly clock: ManualClock
  readonly uplink: Uplink
  readonly format: AudioFormat
  readonly providers: readonly ScriptedStt[]
  readonly transcripts: SessionTranscript[] = []
  readonly legs: LegChange[] = []
  readonly gaps: AudioGap[] = []
  readonly endpoints: { readonly atMs: number; readonly cause: 'silence' | 'finalize' }[] = []
  readonly speech: string[] = []
  readonly reads: boolean[] = []
  readonly eager: (string | null)[] = []
  readonly turns: string[] = []
  /** Called with everything that is reported. */
  onTranscript: (transcript: SessionTranscript) => void = () => {}

  constructor(providers: readonly ScriptedStt[], options: CallOptions = {}) {
    this.providers = providers
    this.handler = options.handler ?? new Handler()
    this.clock = this.handler.clock
    this.format = options.format ?? pcm16k
    this.uplink = new Uplink(
      {
        format: this.format,
        candidates: providers.map(provider => ({ provider, options: {} })),
        clock: this.clock,
        random: options.random ?? (() => 0.5),
        ticker: this.handler.ticker,
        slabs: this.handler.slabs,
        health: this.handler.health,
        turns: { endpointMs: 500, onsetMs: 200, mode: 'auto', ...options.turns },
        vad: options.vad,
        logger: silentLogger,
      },
      this.ports(),
    )
  }

  /** Sends audio as a live client does: a frame every 20 ms. */
  send(audio: Uint8Array): void {
    const frameBytes = (bytesPerSecond(this.format) * frameMs) / 1000
    for (let at = 0; at < audio.length; at += frameBytes) {
      this.clock.advance(frameMs)
      this.uplink.accept(audio.slice(at, at + frameBytes))
    }
  }

  say(text: string, options?: SpeakOptions): void {
    this.send(speak(text, this.format, options))
  }

  quiet(ms: number): void {
    this.send(silence(ms, this.format))
  }

  /** Sends nothing. */
  pass(ms: number): void {
    this.clock.advance(ms)
  }

  /** All words delivered as final, in order. */
  get words(): string {
    return this.finals.map(transcript => transcript.text).join(' ')
  }

  get finals(): SessionTranscript[] {
    return this.transcripts.filter(transcript => transcript.kind !== 'interim' && transcript.text !== '')
  }

  get legStates(): string[] {
    return this.legs.map(({ state, provider }) => `${state} ${provider}`)
  }

  /** Ends the session and checks that it left nothing behind. */
  close(): void {
    this.uplink.close()
    expect(this.clock.pending).toBe(0)
    expect(this.handler.slabs.usedBytes).toBe(0)
    expect(this.handler.ticker.size).toBe(0)
    for (const provider of this.providers) expect(provider.openStreams).toBe(0)
  }

  private ports(): UplinkPorts {
    return {
      transcript: transcript => {
        this.transcripts.push(transcript)
        if (transcript.kind === 'speech-final') this.endTurn()
        this.onTranscript(transcript)
      },
      speechStart: atMs => void this.speech.push(`start ${atMs}`),
      onset: atMs => void this.speech.push(`onset ${atMs}`),
      speechEnd: atMs => void this.speech.push(`end ${atMs}`),
      endpoint: event => {
        this.endpoints.push(event)
        this.endTurn()
      },
      eagerEnd: event => void this.eager.push(event ? event.text : null),
      leg: change => void this.legs.push(change),
      gap: gap => void this.gaps.push(gap),
      readsWanted: wanted => void this.reads.push(wanted),
    }
  }

  private heardTurns = 0

  private endTurn(): void {
    const finals = this.finals.slice(this.heardTurns)
    this.heardTurns += finals.length
    this.turns.push(finals.map(transcript => transcript.text).join(' '))
  }
}

export function stt(name: string, clockOf: Handler, options: ScriptedSttOptions = {}): ScriptedStt {
  return new ScriptedStt({ name, clock: clockOf.clock, ...options })
}

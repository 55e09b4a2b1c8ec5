import type { AudioEncoding } from '../audio/format.js'
import type { Clock } from '../util/clock.js'
import type { Logger } from '../util/logger.js'
import type { Ticker } from '../util/ticker.js'

/**
 * How far ahead of its being heard audio is sent. What has been sent cannot be taken back from a client that cannot
 * `clear`, and what the network holds of it is late for a client that can.
 */
export interface PacingOptions {
  /** Audio ahead of playback, in milliseconds. Default 400: twice the 200 ms between a client's reports. */
  readonly leadMs: number
  /** Lead of the first audio, so that playback begins soon and safely. Default 600. */
  readonly burstMs: number
  /** Lead for clients that report nothing and cannot drop what they hold. Default 250: it still plays after a barge-in. */
  readonly clockLeadMs: number
  /** First lead for those clients. Default 400. */
  readonly clockBurstMs: number
}

/** When the way to the client counts as slow, and what may wait for it. Lag is in milliseconds of lateness. */
export interface BackpressureOptions {
  /** Lag from which messages wait behind audio. Default 300. */
  readonly elevatedLagMs: number
  /** Lag from which quality is lowered and then audio dropped. Default 600. */
  readonly criticalLagMs: number
  /** The same, in bytes that the socket could not hand on. Default 32,768. */
  readonly elevatedBytes: number
  /** Default 65,536. Alone it would notice a slow client only after 37 s of speech: kernels buffer megabytes. */
  readonly criticalBytes: number
  /** Lateness that dropping keeps to when the quality cannot go lower. Default 500. */
  readonly liveLagMs: number
  /** Lateness that is borne while a lower quality may still help. Default 2000; a reader at half rate comes to 1600. */
  readonly tolerableLagMs: number
  /** Time without pressure before the quality is raised again; doubled on every relapse. Default 10,000. */
  readonly recoverMs: number
  /** Audio a session holds before its synthesiser is paused; the next text is due below half of it. Default 10,000. */
  readonly maxQueuedMs: number
  /** Messages held before the client counts as a slow consumer. Default 256. */
  readonly maxQueuedMessages: number
  /** Bytes of those messages and of the socket's backlog, likewise. Default 1,048,576. */
  readonly maxQueuedBytes: number
  /** Time at the highest pressure without any sign of progress, likewise. Default 15,000. */
  readonly stuckMs: number
}

export const defaultPacing: PacingOptions = { leadMs: 400, burstMs: 600, clockLeadMs: 250, clockBurstMs: 400 }

export const defaultBackpressure: BackpressureOptions = {
  elevatedLagMs: 300,
  criticalLagMs: 600,
  elevatedBytes: 32 * 1024,
  criticalBytes: 64 * 1024,
  liveLagMs: 500,
  tolerableLagMs: 2000,
  recoverMs: 10_000,
  maxQueuedMs: 10_000,
  maxQueuedMessages: 256,
  maxQueuedBytes: 1024 * 1024,
  stuckMs: 15_000,
}

/** Sent audio that is kept for a client that comes back on another socket. */
export interface KeepOptions {
  /** How far behind what was heard. Default 1000. */
  readonly behindPlayedMs: number
  /** How far behind what was sent, whatever was heard. Default 4000. */
  readonly capMs: number
}

export const defaultKeep: KeepOptions = { behindPlayedMs: 1000, capMs: 4000 }

/** What the client can play. */
export interface AudioOut {
  readonly encoding: Exclude<AudioEncoding, 'opus'>
  /** In Hz, any order; the ladder of qualities. */
  readonly sampleRates: readonly number[]
  /** Never send further ahead of playback than this. */
  readonly maxLeadMs: number
}

export interface DownlinkOptions {
  readonly clock: Clock
  /** The beat of 20 ms that all sessions share. */
  readonly ticker: Ticker
  readonly audioOut: AudioOut
  readonly pacing: PacingOptions
  readonly backpressure: BackpressureOptions
  /** False: the session does not outlive its socket. */
  readonly keep: KeepOptions | false
  readonly logger: Logger
}

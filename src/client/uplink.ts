import type { AudioEncoding, AudioFormat } from '../audio/format.js'
import type { GapReason, ResumedMessage } from '../protocol/messages.js'
import { type AudioRing, createAudioRing } from './audio-ring.js'
import { createOutbox, type Outbox, type OutboxMessage } from './outbox.js'

/** Where the uplink goes while there is a connection that may be written to. */
export interface UplinkPort {
  send(data: string | Uint8Array<ArrayBuffer>): void
}

/**
 * Everything that goes up, in the order in which it happened: captured audio, and the numbered messages at the byte
 * where they were said. It survives its connections. Three offsets: acknowledged <= sent <= captured.
 */
export interface Uplink {
  readonly ring: AudioRing
  readonly outbox: Outbox
  /** Something was sent and the server has not confirmed it. */
  outstanding(): boolean
  /** How much captured sound the server does not have, in milliseconds. */
  behindMs(): number
  /** Still catching up with what was captured while there was no connection. */
  replaying(): boolean
  /** @param muted only the time of the sound counts: it is replaced by silence, or left out where there is none. */
  push(pcm: Uint8Array, muted: boolean): void
  /** Returns how many older messages were dropped for it. */
  send(message: OutboxMessage): number
  /** True when the server has more than before. */
  confirm(audioIn: number, cseq: number): boolean
  /** Nothing is sent until `start`, `resume` or `restart`. */
  stop(): void
  /** Goes on where it stopped, on the same socket. */
  start(port: UplinkPort): void
  /**
   * The same session on another socket: sends what the server does not have.
   * @param lost what the server knows to be lost.
   */
  resume(port: UplinkPort, from: number, cseq: number, lost: ResumedMessage['lost']): void
  /**
   * Another session: what never left is the beginning of it. What left and was not confirmed is lost, because sending
   * it again might say it twice. Returns how many messages that were.
   */
  restart(port: UplinkPort): number
}

/** The byte of silence. Opus has none. */
const silence: { readonly [E in AudioEncoding]?: number } = { linear16: 0, mulaw: 0xff, alaw: 0xd5 }

/** @param lost is told of captured sound that the server will not get. */
export function createUplink(format: AudioFormat, lost: (from: number, to: number, reason: GapReason) => void): Uplink {
  const ring = createAudioRing(format)
  const quiet = silence[format.encoding]
  const outbox = createOutbox()
  let port: UplinkPort | undefined
  let sent = 0
  let acknowledged = 0
  let replayEnd = 0
  let reported = 0

  /** Once, although the message that tells the server may get lost and have to be repeated. */
  function report(from: number, to: number, reason: GapReason): void {
    from = Math.max(from, reported)
    reported = Math.max(to, reported)
    if (to > from) lost(from, to, reason)
  }

  function start(given: UplinkPort): void {
    port = given
    pump()
  }

  function attach(given: UplinkPort, from: number): void {
    sent = from
    replayEnd = ring.end()
    acknowledged = Math.max(from, ring.start())
    start(given)
  }

  function pump(): void {
    while (port) {
      const message = outbox.take(sent)
      // The network swallows minutes of audio without a word. What is under way can neither be taken back nor, once it
      // has left the ring, be sent again.
      const full = ring.toMs(sent - acknowledged) >= 4000
      const pcm = ring.read(sent)
      if (message) port.send(message)
      else if (full) return
      else if (pcm) {
        port.send(pcm)
        sent += pcm.length
      } else if (sent < ring.start()) skip()
      else return
    }
  }

  /** What left the ring before it could be sent is lost: without a connection, or over one that is too slow. */
  function skip(): void {
    const reason = sent < replayEnd ? 'ring' : 'overflow'
    const from = sent
    sent = ring.start()
    port?.send(JSON.stringify({ type: 'gap', from, to: sent, reason }))
    report(from, sent, reason)
  }

  return {
    ring,
    outbox,
    start,
    outstanding: () => acknowledged < sent || outbox.outstanding(),
    behindMs: () => ring.toMs(ring.end() - acknowledged),
    replaying: () => acknowledged < replayEnd,
    push(pcm, muted) {
      if (!muted) ring.push(pcm)
      else if (quiet !== undefined) ring.push(new Uint8Array(pcm.length).fill(quiet))
      pump()
    },
    send(message) {
      const dropped = outbox.push(message, ring.end())
      pump()
      return dropped
    },
    confirm(audioIn, cseq) {
      const before = acknowledged
      acknowledged = Math.min(sent, Math.max(before, audioIn))
      const news = outbox.confirm(cseq) || acknowledged > before
      pump()
      return news
    },
    stop() {
      port = undefined
    },
    resume(given, from, cseq, gone) {
      outbox.confirm(cseq)
      outbox.rewind()
      if (gone) report(gone.from, gone.to, 'ring')
      attach(given, from)
    },
    restart(given) {
      const base = Math.max(sent, ring.start())
      const messages = outbox.rebase(base)
      report(acknowledged, base, 'ring')
      reported = 0
      ring.rebase(base)
      attach(given, 0)
      return messages
    },
  }
}

import type { AudioFormat } from '../audio/format.js'
import type { ProviderFailure } from '../providers/contracts.js'
import type { Clock } from '../util/clock.js'

/** How a connection misbehaves. Audio positions are milliseconds of sound over all its contexts. */
export interface TtsFault {
  /** Closes with this instead of opening. */
  readonly refuse?: ProviderFailure | undefined
  readonly neverOpens?: boolean | undefined
  /** Throws out of `connect`, or out of `speak`. */
  readonly throws?: 'connect' | 'speak' | undefined
  /** Closes with `failure` once this much audio was sent. */
  readonly closeAtMs?: number | undefined
  /** Default: class `connection`. */
  readonly failure?: ProviderFailure | undefined
  /** Takes text and sends no more audio once this much was sent; 0: none at all. */
  readonly muteAtMs?: number | undefined
  /** How much audio of a context still comes after its `cancel`. */
  readonly lateAudioMs?: number | undefined
  /** Never finishes a cancelled context. */
  readonly keepsCancelled?: boolean | undefined
  /** Reports every `done` twice. */
  readonly doubleDone?: boolean | undefined
  /** The failure of a context with this text. */
  readonly rejects?: ((text: string) => ProviderFailure | undefined) | undefined
  /** Reports `done` for this text without any audio. */
  readonly silentFor?: ((text: string) => boolean) | undefined
}

export interface ScriptedTtsOptions {
  readonly clock: Clock
  /** Default `scripted-tts`. */
  readonly name?: string | undefined
  /** Default: 16 kHz mono linear16. What is not linear16 mono is produced as if it were. */
  readonly formats?: readonly AudioFormat[] | undefined
  /** Default `word`. */
  readonly alignment?: 'word' | 'char' | 'none' | undefined
  /** Default 4. */
  readonly contexts?: number | undefined
  /** Default 1000. */
  readonly maxTextChars?: number | undefined
  /** Default 0: none. */
  readonly keepAliveMs?: number | undefined
  readonly maxSessionMs?: number | undefined
  /** False: the stream has no `pause`. Default true. */
  readonly pausable?: boolean | undefined
  /** Duration of a character. Default 50. */
  readonly msPerChar?: number | undefined
  /** How much faster than it plays sound is made. Default 10. */
  readonly speed?: number | undefined
  /** Default 50. */
  readonly openMs?: number | undefined
  /** From text to its first audio. Default 100. */
  readonly startMs?: number | undefined
  /** Closes with class `idle` after this long without text. Default: never. */
  readonly idleMs?: number | undefined
  /** The fault of each connection, counted from 0. Default: none. */
  readonly fault?: ((connection: number) => TtsFault | undefined) | undefined
}

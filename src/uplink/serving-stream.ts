import type { SttCapabilities } from '../providers/contracts.js'
import { AudioFeed, type FeedSource } from './audio-feed.js'
import type { SttConnection } from './stt-connection.js'
import { TranscriptSource } from './transcripts.js'

/** What recognisers that cannot be asked take for the end of an utterance. */
const ENDING_SILENCE_MS = 1000

/** The stream in use: what it is given, how its results are read, and what it owes. */
export class ServingStream {
  readonly connection: SttConnection
  readonly feed: AudioFeed
  readonly results: TranscriptSource
  /** It said something after it was last asked for results. */
  heardSinceAsked = false
  private readonly source: FeedSource
  /** Requests that it has not answered. */
  private unanswered = 0

  constructor(connection: SttConnection, source: FeedSource) {
    this.connection = connection
    this.source = source
    this.feed = new AudioFeed(connection, source)
    const replayedFromMs = source.times.msAt(source.log.finalised)
    this.results = new TranscriptSource(connection.provider, this.feed.timeline, replayedFromMs)
  }

  get capabilities(): SttCapabilities {
    return this.connection.capabilities
  }

  /** It promises an answer to every request. */
  get answers(): boolean {
    return this.capabilities.finalize === 'ack'
  }

  /** It takes no audio although there is some. */
  get blocked(): boolean {
    const { log } = this.source
    return !this.connection.writable && log.sent < log.written
  }

  /** Asks for the results of all it was given, or makes it find the end of speech by itself. */
  ask(): void {
    this.heardSinceAsked = false
    if (!this.connection.canFinalize) return this.feed.addSilence(ENDING_SILENCE_MS)
    this.unanswered++
    this.connection.finalize()
  }

  /** It answered a request. True when that was the last one. */
  answered(): boolean {
    this.unanswered = Math.max(0, this.unanswered - 1)
    return this.unanswered === 0 || !this.answers
  }
}

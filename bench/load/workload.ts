/** What a server under test is asked to do. */
export interface Workload {
  readonly sessions: number
  /** What the clients say, in frames of 20 ms. Absent: nothing. */
  readonly up?: 'speech' | 'noise' | undefined
  /** The sessions are spoken to, by a synthesiser that is this many times faster than real time. Absent: they are not. */
  readonly speed?: number | undefined
  /** The recogniser is behind a WebSocket at this address. Absent: it is a function call in the server. */
  readonly recogniser?: string | undefined
}

/** A server under test: a module that exports this. */
export interface Subject {
  /** @returns the port. */
  listen(workload: Workload): Promise<number>
}

/** What the server's process used between two moments, and what it held at the second. */
export interface Usage {
  readonly cpuMs: number
  /** Audio that reached the recognisers. */
  readonly heardBytes: number
  readonly gcMs: number
  readonly gcLongestMs: number
  /** 99th percentile of the event loop's delay. */
  readonly delayP99Ms: number
  readonly rssBytes: number
  readonly heapBytes: number
}

/** What the clients saw between the same moments. */
export interface Traffic {
  readonly sentFrames: number
  readonly receivedAudioBytes: number
  readonly receivedMessages: number
  /** How far behind its schedule the load was, at worst. Large: the generator and not the server was the limit. */
  readonly lateMs: number
}

export const frameMs = 20
/** 16 kHz linear16. */
export const upFrameBytes = 640
/** 24 kHz linear16. */
export const downBytesPerSecond = 48_000

export function perFrame({ cpuMs, heardBytes }: Usage): number {
  return (cpuMs * 1000 * upFrameBytes) / heardBytes
}

export function perSecondOfAudio({ cpuMs, receivedAudioBytes }: Usage & Traffic): number {
  return (cpuMs * 1000 * downBytesPerSecond) / receivedAudioBytes
}

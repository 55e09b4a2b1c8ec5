import type { AudioFormat } from '../audio/format.js'
import type { Cancel } from '../util/clock.js'
import type { TapFrame } from './voice-session.js'

type Tap = (frame: TapFrame) => void

/** Listeners to a session's audio. Costs one test per frame until somebody listens. */
export class Taps {
  private readonly onError: (error: unknown) => void
  private listeners: Record<'in' | 'out', readonly Tap[]> = { in: [], out: [] }

  constructor(onError: (error: unknown) => void) {
    this.onError = onError
  }

  add(direction: 'in' | 'out', listener: Tap): Cancel {
    this.listeners = { ...this.listeners, [direction]: [...this.listeners[direction], listener] }
    return () => {
      this.listeners = { ...this.listeners, [direction]: this.listeners[direction].filter(other => other !== listener) }
    }
  }

  hear(direction: 'in' | 'out', audio: Uint8Array, format: AudioFormat, utteranceId?: string): void {
    const listeners = this.listeners[direction]
    if (listeners.length === 0) return
    for (const listener of listeners) {
      try {
        listener({ audio, format, utteranceId })
      } catch (error) {
        this.onError(error)
      }
    }
  }
}

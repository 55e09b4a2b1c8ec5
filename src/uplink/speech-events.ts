import type { SpeechListener } from '../audio/speech-detector.js'
import type { UplinkPorts } from './ports.js'

/**
 * Tells the session when the user begins and stops to speak: by the provider, where it says so, else by our own
 * detector. Both may be heard at once, or change with the provider; the session hears each stretch once.
 */
export class SpeechEvents implements Pick<SpeechListener, 'speechStart' | 'onset' | 'speechEnd'> {
  private readonly ports: UplinkPorts
  private readonly providerDecides: () => boolean
  private open = false
  private onsetTold = false
  private endMs = 0

  /** @param providerDecides whether the stream in use reports the beginning of speech. */
  constructor(ports: UplinkPorts, providerDecides: () => boolean) {
    this.ports = ports
    this.providerDecides = providerDecides
  }

  /** The provider heard speech begin: it has judged already whether it is speech. */
  providerStart(atMs: number): void {
    // After a failover the new stream hears again what the last one, or the detector, reported.
    if (!this.providerDecides() || (!this.open && atMs < this.endMs)) return
    this.begin(atMs)
    this.tellOnset(atMs)
  }

  speechStart(atMs: number): void {
    if (!this.providerDecides()) this.begin(atMs)
  }

  onset(atMs: number): void {
    if (!this.providerDecides()) this.tellOnset(atMs)
  }

  speechEnd(atMs: number): void {
    if (!this.open) return
    this.open = false
    this.endMs = atMs
    this.ports.speechEnd(atMs)
  }

  private begin(atMs: number): void {
    if (this.open) return
    this.open = true
    this.onsetTold = false
    this.ports.speechStart(atMs)
  }

  private tellOnset(atMs: number): void {
    if (!this.open || this.onsetTold) return
    this.onsetTold = true
    this.ports.onset(atMs)
  }
}

import { type AzureSdk, type AzureSpeechConfig, type AzureSynthesizer, dispose } from './sdk.js'

/** The synthesizers of one stream. Each has a connection and speaks one text at a time. */
export class Synthesizers {
  private readonly sdk: AzureSdk
  private readonly config: AzureSpeechConfig
  private readonly idle: AzureSynthesizer[] = []
  private closed = false

  constructor(sdk: AzureSdk, config: AzureSpeechConfig) {
    this.sdk = sdk
    this.config = config
  }

  /** Connects the first one. Rejects with the client's words. */
  connect(): Promise<string | undefined> {
    const synthesizer = this.take()
    return new Promise((resolve, reject) => {
      let sessionId: string | undefined
      const connection = this.sdk.Connection.fromSynthesizer(synthesizer as never)
      connection.connected = event => {
        sessionId = event.sessionId
      }
      connection.openConnection(
        () => {
          this.giveBack(synthesizer)
          resolve(sessionId)
        },
        error => {
          dispose(synthesizer)
          reject(error)
        },
      )
    })
  }

  take(): AzureSynthesizer {
    // Null: there is no loudspeaker.
    return this.idle.pop() ?? new this.sdk.SpeechSynthesizer(this.config as never, null)
  }

  /** One that has said all it was given. */
  giveBack(synthesizer: AzureSynthesizer): void {
    if (this.closed) dispose(synthesizer)
    else this.idle.push(synthesizer)
  }

  close(): void {
    this.closed = true
    for (const synthesizer of this.idle.splice(0)) dispose(synthesizer)
  }
}

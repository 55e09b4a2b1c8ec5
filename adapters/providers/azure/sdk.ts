/**
 * What this adapter uses of the package `microsoft-cognitiveservices-speech-sdk`, so that its types need no package.
 * What is `never` takes objects of the package's own classes.
 */
export interface AzureSdk {
  readonly SpeechConfig: {
    fromSubscription(key: string, region: string): AzureSpeechConfig
    fromHost(host: URL, key: string): AzureSpeechConfig
  }
  readonly AudioInputStream: { createPushStream(format: unknown): AzurePushStream }
  readonly AudioStreamFormat: {
    getWaveFormat(rate: number, bits: number, channels: number, tag: number): unknown
  }
  readonly AudioFormatTag: { readonly PCM: number; readonly MuLaw: number; readonly ALaw: number }
  readonly AudioConfig: { fromStreamInput(stream: AzurePushStream): unknown }
  readonly SpeechRecognizer: new (config: never, audio: never) => AzureRecognizer
  readonly SpeechSynthesizer: new (config: never, audio: null) => AzureSynthesizer
  readonly Connection: {
    fromRecognizer(recognizer: never): AzureConnection
    fromSynthesizer(synthesizer: never): AzureConnection
  }
  readonly PhraseListGrammar: { fromRecognizer(recognizer: never): { addPhrase(phrase: string): void } }
  readonly SpeechSynthesisOutputFormat: Readonly<Record<AzureOutputFormat, number>>
}

export type AzureOutputFormat =
  | `Raw${'8Khz' | '16Khz' | '22050Hz' | '24Khz' | '44100Hz' | '48Khz'}16BitMonoPcm`
  | 'Raw8Khz8BitMonoMULaw'
  | 'Raw8Khz8BitMonoALaw'

export interface AzureSpeechConfig {
  speechRecognitionLanguage: string
  speechSynthesisOutputFormat: number
  endpointId: string
  setProperty(name: string, value: string): void
  requestWordLevelTimestamps(): void
}

export interface AzurePushStream {
  write(audio: ArrayBuffer): void
  close(): void
}

/** Offsets and durations are in ticks of 100 ns. */
export interface AzureResult {
  readonly text: string
  readonly offset: number
  readonly duration: number
  readonly language: string
  readonly json: string
}

export interface AzureCanceled {
  /** 0: an error. */
  readonly reason: number
  readonly errorCode: number
  readonly errorDetails: string
}

export interface AzureRecognizer {
  recognizing(sender: unknown, event: { readonly result: AzureResult }): void
  recognized(sender: unknown, event: { readonly result: AzureResult }): void
  canceled(sender: unknown, event: AzureCanceled): void
  sessionStopped(sender: unknown, event: unknown): void
  speechStartDetected(sender: unknown, event: { readonly offset: number }): void
  startContinuousRecognitionAsync(started: undefined, failed: (error: string) => void): void
  close(closed: () => void, failed: (error: string) => void): void
}

export interface AzureSynthesisResult {
  /** 8: complete. */
  readonly reason: number
  readonly resultId: string
  readonly errorDetails: string
  readonly audioData: ArrayBuffer
}

export interface AzureWordBoundary {
  readonly text: string
  readonly audioOffset: number
  readonly duration: number
  readonly boundaryType: string
}

export interface AzureSynthesizer {
  synthesizing(sender: unknown, event: { readonly result: AzureSynthesisResult }): void
  wordBoundary(sender: unknown, event: AzureWordBoundary): void
  speakSsmlAsync(ssml: string, done: (result: AzureSynthesisResult) => void, failed: (error: string) => void): void
  close(closed: () => void, failed: (error: string) => void): void
}

export interface AzureConnection {
  connected(event: { readonly sessionId: string }): void
  disconnected(event: unknown): void
  messageSent(event: { readonly message: AzureMessage }): void
  openConnection(opened: () => void, failed: (error: string) => void): void
}

export interface AzureMessage {
  readonly isBinaryMessage: boolean
  /** Of the end of audio: none. */
  readonly binaryMessage: ArrayBuffer | null
}

/** Milliseconds of ticks. */
export function msOfTicks(ticks: number): number {
  return ticks / 10_000
}

/** Ends a client. What is wrong with one that is not wanted any more is nobody's concern. */
export function dispose(client: AzureRecognizer | AzureSynthesizer): void {
  try {
    client.close(ignored, ignored)
  } catch {}
}

function ignored(): void {}

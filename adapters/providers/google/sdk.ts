/** What this adapter uses of Google's clients, so that its types need no package. */

/** A call as Google's clients give it. */
export interface GoogleCall {
  write(request: object, written?: (error?: unknown) => void): boolean
  end(): unknown
  cancel(): void
  pause(): unknown
  resume(): unknown
  on(event: 'data' | 'error' | 'end' | 'drain', listener: (value: unknown) => void): unknown
}

/** The connection below a client. States as gRPC counts them: 2 ready, 3 failed. */
export interface GoogleChannel {
  getConnectivityState(tryToConnect: boolean): number
  watchConnectivityState(state: number, deadline: Date | number, changed: (error?: Error) => void): void
}

interface GoogleClient {
  initialize(): Promise<unknown>
  close(): Promise<unknown>
}

/** `SpeechClient` of `@google-cloud/speech`, version 1 or 2. */
export interface GoogleSpeechClient extends GoogleClient {
  /** Without the helper, which hides errors and sends the configuration late. */
  _streamingRecognize(): GoogleCall
  getProjectId(): Promise<string>
}

/** `TextToSpeechClient` of `@google-cloud/text-to-speech`. */
export interface GoogleTextToSpeechClient extends GoogleClient {
  streamingSynthesize(): GoogleCall
  synthesizeSpeech(request: object, options: object): Promise<readonly unknown[]>
}

export type GoogleClientOptions = Readonly<Record<string, string | number | boolean | object | undefined>>

/** The package `@google-cloud/speech`. */
export interface GoogleSpeechSdk {
  readonly v1: { readonly SpeechClient: new (options: GoogleClientOptions) => GoogleSpeechClient }
  readonly v2: { readonly SpeechClient: new (options: GoogleClientOptions) => GoogleSpeechClient }
}

/** The package `@google-cloud/text-to-speech`. */
export interface GoogleTextToSpeechSdk {
  readonly TextToSpeechClient: new (options: GoogleClientOptions) => GoogleTextToSpeechClient
}

const connectTimeoutMs = 5000
const ready = 2
const failed = 3

/**
 * Resolves when the client's connection is up.
 *
 * @throws {Error} when it cannot be made.
 */
export async function connected(client: GoogleClient): Promise<void> {
  const stub = (await client.initialize()) as { readonly getChannel?: () => GoogleChannel } | undefined
  // A client over REST has no channel.
  const channel = stub?.getChannel?.()
  if (!channel) return
  const deadline = Date.now() + connectTimeoutMs
  for (let state = channel.getConnectivityState(true); state !== ready; state = channel.getConnectivityState(true)) {
    if (state === failed) throw new Error('the vendor cannot be reached')
    await changeOf(channel, state, deadline)
  }
}

function changeOf(channel: GoogleChannel, state: number, deadline: number): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.watchConnectivityState(state, deadline, error => (error ? reject(error) : resolve()))
  })
}

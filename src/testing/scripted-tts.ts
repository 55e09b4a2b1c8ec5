import type { TtsCapabilities, TtsProvider, TtsRequest, TtsSink, TtsStream } from '../providers/contracts.js'
import type { ScriptedTtsOptions } from './scripted-tts-options.js'
import { ScriptedTtsStream } from './scripted-tts-stream.js'

export type { ScriptedTtsOptions, TtsFault } from './scripted-tts-options.js'
export { ScriptedTtsStream } from './scripted-tts-stream.js'

/**
 * A synthesiser whose audio says in its samples which text it is (see `textOf`), on a clock of the test's, with every
 * way to fail that vendors have shown.
 */
export class ScriptedTts implements TtsProvider {
  readonly name: string
  readonly capabilities: TtsCapabilities
  /** Every connection so far, the oldest first. */
  readonly connections: ScriptedTtsStream[] = []
  readonly #options: ScriptedTtsOptions

  constructor(options: ScriptedTtsOptions) {
    this.#options = options
    this.name = options.name ?? 'scripted-tts'
    this.capabilities = {
      contexts: options.contexts ?? 4,
      alignment: options.alignment ?? 'word',
      maxTextChars: options.maxTextChars ?? 1000,
      keepAliveMs: options.keepAliveMs ?? 0,
      maxSessionMs: options.maxSessionMs,
      formats: options.formats ?? [{ encoding: 'linear16', sampleRate: 16_000, channels: 1 }],
    }
  }

  /** Connections that have not ended. */
  get openStreams(): number {
    return this.connections.filter(connection => !connection.ended).length
  }

  /** Contexts that have not been reported as done, over all connections. */
  get openContexts(): number {
    return this.connections.reduce((sum, connection) => sum + connection.openContexts, 0)
  }

  /** Every text that was given to it, in order. */
  get texts(): readonly string[] {
    return this.connections.flatMap(connection => connection.texts)
  }

  connect(request: TtsRequest, sink: TtsSink): TtsStream {
    const fault = this.#options.fault?.(this.connections.length) ?? {}
    if (fault.throws === 'connect') throw new Error('scripted: connect')
    const stream = new ScriptedTtsStream(request, sink, this.capabilities, this.#options, fault)
    this.connections.push(stream)
    return stream
  }
}

import type { TtsProvider, TtsSink, TtsSpeakOptions, TtsStream } from 'voice-ws'

const format = { encoding: 'linear16', sampleRate: 24_000, channels: 1 } as const

/** Text to speech by any server that answers a POST of text with raw samples: 24 kHz, 16 bit, mono. */
export function httpTts(url: string): TtsProvider {
  const capabilities = {
    contexts: 4,
    alignment: 'none',
    maxTextChars: 2000,
    keepAliveMs: 0,
    formats: [format],
  } as const
  return { name: 'http', capabilities, connect: ({ signal }, sink) => connect(url, signal, sink) }
}

interface Context {
  text: string
  readonly cancel: AbortController
  /** Its requests so far, one after the other. */
  spoken: Promise<void>
}

function connect(url: string, signal: AbortSignal, sink: TtsSink): TtsStream {
  const contexts = new Map<string, Context>()
  let closing = false
  let over = false

  async function request(id: string, context: Context, body: string): Promise<void> {
    const abort = AbortSignal.any([signal, context.cancel.signal])
    const response = await fetch(url, { method: 'POST', body, signal: abort })
    if (!response.ok) throw new Error(`the server answered ${response.status}`)
    for await (const audio of response.body ?? []) if (!over && !abort.aborted) sink.audio(id, audio)
  }

  function speak(text: string, { contextId: id, flush = true, end = false }: TtsSpeakOptions): void {
    if (closing || over) return
    const context = contexts.get(id) ?? { text: '', cancel: new AbortController(), spoken: Promise.resolve() }
    contexts.set(id, context)
    context.text += text
    if ((flush || end) && context.text.trim() !== '') {
      const { text: body } = context
      context.text = ''
      context.spoken = context.spoken.then(() => request(id, context, body))
      context.spoken.catch(cause => done(id, context, cause))
    }
    if (end) void context.spoken.then(() => done(id, context)).catch(() => {})
  }

  /** `done` comes once for every context, also for one that was cancelled. */
  function done(id: string, context: Context, cause?: Error): void {
    if (over || !contexts.delete(id)) return
    const failed = cause !== undefined && !context.cancel.signal.aborted
    sink.done(id, failed ? { class: 'connection', reason: cause.message, cause } : undefined)
    if (closing && contexts.size === 0) end()
  }

  /** `closed` comes once and last. */
  function end(): void {
    if (over) return
    over = true
    for (const { cancel } of contexts.values()) cancel.abort()
    queueMicrotask(() => sink.closed({}))
  }

  // There is nothing to connect, but `open` must not come before `connect` has returned.
  queueMicrotask(() => over || sink.open())
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()

  return {
    speak,
    cancel(id) {
      contexts.get(id)?.cancel.abort()
      if (contexts.has(id)) speak('', { contextId: id, end: true })
    },
    close() {
      for (const id of contexts.keys()) speak('', { contextId: id, end: true })
      closing = true
      if (contexts.size === 0) end()
    },
    abort: end,
  }
}

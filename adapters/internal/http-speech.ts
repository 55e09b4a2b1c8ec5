import type { ProviderFailure } from '../../src/providers/contracts.js'
import { messageOf } from '../../src/util/errors.js'
import type { ContextCall, ContextEvents } from './speech-contexts.js'
import type { VendorEnd, VendorHeaders } from './vendor-socket.js'

export interface HttpSpeechOptions {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  bodyOf(text: string): string
  /** What an answer other than a success, or none, means. */
  classify(end: VendorEnd): ProviderFailure
}

/** Of a refusal, for its reason. */
const maxBodyChars = 8 * 1024

/**
 * A context of a vendor who answers a POST of text with audio: one request after the other. While it is paused nothing
 * is read, and the vendor feels it.
 */
export class HttpSpeech implements ContextCall {
  private readonly options: HttpSpeechOptions
  private readonly events: ContextEvents
  private readonly abortion: AbortController = new AbortController()
  private readonly texts: string[] = []
  private running = false
  private last = false
  private gate: { readonly opened: Promise<void>; readonly open: () => void } | undefined

  constructor(options: HttpSpeechOptions, events: ContextEvents) {
    this.options = options
    this.events = events
  }

  speak(text: string): void {
    this.texts.push(text)
    this.advance()
  }

  end(): void {
    this.last = true
    this.advance()
  }

  pause(): void {
    if (this.gate) return
    let open = (): void => {}
    const opened = new Promise<void>(resolve => {
      open = resolve
    })
    this.gate = { opened, open }
  }

  resume(): void {
    this.gate?.open()
    this.gate = undefined
  }

  abort(): void {
    this.abortion.abort()
    this.resume()
  }

  private advance(): void {
    if (this.running) return
    const text = this.texts.shift()
    if (text === undefined && !this.last) return
    this.running = true
    const said = text === undefined ? Promise.resolve(undefined) : this.say(text)
    said.then(failure => {
      this.running = false
      if (failure || text === undefined) this.events.ended(failure)
      else this.advance()
    })
  }

  /** Never rejects. */
  private async say(text: string): Promise<ProviderFailure | undefined> {
    const { url, headers, bodyOf, classify } = this.options
    const { signal } = this.abortion
    let answered: VendorHeaders = {}
    try {
      const response = await fetch(url, { method: 'POST', headers, body: bodyOf(text), signal, redirect: 'error' })
      answered = headersOf(response)
      if (!response.ok) return classify(await refusalOf(response))
      for await (const audio of response.body ?? []) {
        await this.gate?.opened
        if (signal.aborted) break
        this.events.audio(audio)
      }
      return undefined
    } catch (error) {
      return classify(endOf(error, answered))
    }
  }
}

/**
 * Asks for something small before there is text: whether the vendor can be reached, and knows us, shows then.
 *
 * @returns the refusal, if it is one.
 * @throws what `fetch` does when there is no answer.
 */
export async function greet(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<VendorEnd | undefined> {
  const response = await fetch(url, { headers, signal, redirect: 'error' })
  if (!response.ok) return refusalOf(response)
  await response.body?.cancel()
  return undefined
}

/** What `fetch` threw. It hides what happened behind `fetch failed`, in its cause. */
export function endOf(error: unknown, headers: VendorHeaders = {}): VendorEnd {
  const cause = (error as { readonly cause?: unknown }).cause ?? error
  return { headers, body: '', reason: messageOf(cause), cause }
}

async function refusalOf(response: Response): Promise<VendorEnd> {
  const body = (await response.text()).slice(0, maxBodyChars)
  return { httpStatus: response.status, headers: headersOf(response), body, reason: '' }
}

function headersOf(response: Response): VendorHeaders {
  return Object.fromEntries(response.headers)
}

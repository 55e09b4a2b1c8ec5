import type { TokenSource } from './options.js'

type Urls = string | readonly string[]

/** Where the server is: one URL, several in order of preference, or a function that is asked before every attempt. */
export type EndpointSource = Urls | (() => Urls | Promise<Urls>)

/** What an attempt needs: where to connect, and the token to show there. */
export interface Endpoints {
  /** Rejects with what the application throws. */
  next(): Promise<readonly [url: string, token: string | null | undefined]>
  /** Asks for another token before the next attempt. False: there is no way to get one. */
  refresh(): boolean
  /** The last one could not be reached, `outageMs` after a session was lost there. */
  failed(outageMs: number): void
  /** The server asks to connect elsewhere. A token goes only to servers that the application named. False: refused. */
  redirect(url: string): boolean
}

/** Sessions live on a node, so the endpoint of a lost one is worth this long before another is tried. */
const loyaltyMs = 15_000

export function createEndpoints(source: EndpointSource, getToken: TokenSource | undefined): Endpoints {
  let urls: readonly string[] = []
  let index = 0
  let redirected: string | undefined
  let token: string | null | undefined
  let reason: 'initial' | 'expired' = 'initial'
  return {
    async next() {
      const given = typeof source === 'function' ? await source() : source
      urls = typeof given === 'string' ? [given] : given
      token ??= await getToken?.({ reason })
      return [redirected ?? urls[index % urls.length]!, token]
    },
    refresh() {
      token = undefined
      reason = 'expired'
      return getToken !== undefined
    },
    failed(outageMs) {
      if (!redirected && outageMs > loyaltyMs) index++
      redirected = undefined
    },
    redirect(url) {
      const known = urls.some(each => site(each) === site(url))
      if (known) redirected = url
      return known
    },
  }
}

/** Scheme, host and port. */
function site(url: string): string {
  return url.split('/', 3).join('/')
}

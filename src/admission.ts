import { createPlainDialect } from './protocol/plain.js'
import { selectProtocol } from './protocol/subprotocol.js'
import { createV1Dialect, VOICE_V1 } from './protocol/v1.js'
import type { Ticket, Verdict } from './session/ticket.js'
import type { Accept, AdmitOptions, Reject, UpgradeRequest } from './upgrade.js'
import type { Clock } from './util/clock.js'
import type { Logger } from './util/logger.js'
import { within } from './util/within.js'

const deferred: unique symbol = Symbol('defer')
const rejection: unique symbol = Symbol('reject')
const late: unique symbol = Symbol('late')

/** What `defer()` gives. */
export interface Defer {
  readonly [deferred]: true
}

/** What `reject()` gives. */
export interface Rejection {
  readonly [rejection]: true
  readonly status: number
  readonly retryAfterMs: number | undefined
}

/** `authenticate` cannot tell yet: let the socket open and ask again with the token of its first message. */
export function defer(): Defer {
  return { [deferred]: true }
}

/**
 * Refuses a connection for a reason other than a missing or wrong credential.
 *
 * @param options.status an HTTP status from 400 to 599. 403 and 402 end in 4403 and 4402 on an open socket, 429 and
 *   5xx in 1013, which a client retries.
 * @param options.retryAfterMs how long the client should wait.
 * @throws {TypeError} when `status` is no HTTP error.
 */
export function reject(options: { readonly status: number; readonly retryAfterMs?: number | undefined }): Rejection {
  const { status, retryAfterMs } = options
  if (!Number.isInteger(status) || status < 400 || status > 599) {
    throw new TypeError(`status: ${status} is no HTTP error; use 400 to 599`)
  }
  return { [rejection]: true, status, retryAfterMs }
}

export interface AuthenticateCall {
  readonly request: UpgradeRequest
  /** Of `Authorization: Bearer` in phase `upgrade`, of the first message in phase `message`. */
  readonly token: string | undefined
  readonly phase: 'upgrade' | 'message'
}

type MaybePromise<T> = T | Promise<T>

export type Authenticate<Principal> = (call: AuthenticateCall) => MaybePromise<Principal | null | Defer | Rejection>

export interface AdmissionOptions<Principal> {
  readonly authenticate: Authenticate<Principal> | undefined
  /** Browser origins other than the server's own. `'*'` allows any. */
  readonly origins: readonly string[]
  /** How far to trust `X-Forwarded-For`: the number of proxies in front, or a judge of addresses. 0: not at all. */
  readonly trustProxy: number | ((address: string) => boolean)
  readonly clock: Clock
  readonly logger: Logger
  /** Asked at every upgrade. Not null: refuse, and the client may come back after so many milliseconds. */
  busy(
    remoteAddress: string | undefined,
    protocol: string,
  ): { readonly status: 429 | 503; readonly retryAfterMs: number } | null
}

/** How long `authenticate` may take. */
const authenticateTimeoutMs = 5000
/** How long an `Accept` is valid. */
const acceptLifeMs = 10_000

/** Decides who may open a socket. */
export class Admission<Principal> {
  readonly #options: AdmissionOptions<Principal>
  readonly #tickets: WeakMap<Accept, Ticket & { readonly expiresAtMs: number }> = new WeakMap()
  #pending = 0

  constructor(options: AdmissionOptions<Principal>) {
    this.#options = options
  }

  /** Upgrades that are being decided about. */
  get pending(): number {
    return this.#pending
  }

  async admit(request: UpgradeRequest, options: AdmitOptions = {}): Promise<Accept | Reject> {
    this.#pending++
    try {
      return await this.#decide(request, options)
    } catch (error) {
      // `trustProxy` may be a function of the application.
      this.#options.logger.error({ err: error }, 'an upgrade could not be judged; it is refused as retryable')
      return refuse(503, 'unavailable', 1000)
    } finally {
      this.#pending--
    }
  }

  /** What the accept stands for, once. Null when it was used, has expired or is not ours. */
  redeem(accept: Accept): Ticket | null {
    const ticket = this.#tickets.get(accept)
    this.#tickets.delete(accept)
    return ticket && ticket.expiresAtMs > this.#options.clock.now() ? ticket : null
  }

  /** Asks the application who this is. Never rejects. */
  async authenticate(
    request: UpgradeRequest,
    token: string | undefined,
    phase: 'upgrade' | 'message',
  ): Promise<Verdict> {
    const { authenticate, clock, logger } = this.#options
    if (!authenticate) return { kind: 'principal', principal: null }
    try {
      const asked = callLater(() => authenticate({ request, token, phase }))
      const answer = await within(clock, authenticateTimeoutMs, asked, late)
      if (answer === late) throw new Error(`authenticate: no answer in ${authenticateTimeoutMs} ms`)
      return verdictOf(answer)
    } catch (error) {
      logger.error({ err: error, phase }, 'authenticate failed; the connection is refused as retryable')
      return { kind: 'failed' }
    }
  }

  async #decide(request: UpgradeRequest, { dialect }: AdmitOptions): Promise<Accept | Reject> {
    const { busy, trustProxy, clock } = this.#options
    if (!this.#originAllowed(request)) return refuse(403, 'origin not allowed')
    const protocol = dialect ? '' : selectProtocol(request.protocols)
    const remoteAddress = clientAddress(request, trustProxy)
    const load = busy(remoteAddress, protocol)
    if (load) return refuse(load.status, 'busy', load.retryAfterMs)
    const token = bearerToken(request)
    const verdict = await this.authenticate(request, token, 'upgrade')
    if (request.signal.aborted) return refuse(499, 'client left')
    switch (verdict.kind) {
      case 'unauthenticated':
        return refuse(401, 'authentication required')
      case 'failed':
        return refuse(503, 'authentication is unavailable', 1000)
      case 'rejected':
        return refuse(verdict.status, 'refused', verdict.retryAfterMs)
      case 'principal':
        if (isCookieAlone(request, token, this.#options.authenticate))
          return refuse(401, 'a request without Origin needs a token')
    }
    const accept: Accept = { ok: true, protocol }
    const createDialect = dialect ?? (protocol === VOICE_V1 ? createV1Dialect : createPlainDialect)
    this.#tickets.set(accept, {
      request,
      verdict,
      remoteAddress,
      createDialect,
      expiresAtMs: clock.now() + acceptLifeMs,
    })
    return accept
  }

  #originAllowed(request: UpgradeRequest): boolean {
    const origin = request.headers.get('origin')
    if (origin === undefined) return true
    const { origins } = this.#options
    if (origins.includes('*') || origins.includes(origin)) return true
    // `Origin: null` has no host and so never matches.
    return /^https?:\/\/(.+)$/.exec(origin)?.[1] === request.headers.get('host')
  }
}

/** Runs `fn` inside a promise, so that what it throws rejects instead. */
async function callLater<T>(fn: () => MaybePromise<T>): Promise<T> {
  return await fn()
}

function verdictOf(answer: unknown): Verdict {
  if (answer === null || answer === undefined) return { kind: 'unauthenticated' }
  if (isDefer(answer)) return { kind: 'deferred' }
  if (isRejection(answer)) return { kind: 'rejected', status: answer.status, retryAfterMs: answer.retryAfterMs }
  return { kind: 'principal', principal: answer }
}

function isDefer(answer: unknown): answer is Defer {
  return typeof answer === 'object' && answer !== null && deferred in answer
}

function isRejection(answer: unknown): answer is Rejection {
  return typeof answer === 'object' && answer !== null && rejection in answer
}

/** Without an Origin nothing shows that a page of the application asked, so a cookie proves nothing. */
function isCookieAlone(request: UpgradeRequest, token: string | undefined, authenticate: unknown): boolean {
  return (
    authenticate !== undefined && token === undefined && !request.headers.has('origin') && request.headers.has('cookie')
  )
}

function bearerToken(request: UpgradeRequest): string | undefined {
  return /^Bearer +([^\s]+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
}

function clientAddress(
  request: UpgradeRequest,
  trustProxy: number | ((address: string) => boolean),
): string | undefined {
  const forwarded = request.headers.get('x-forwarded-for')?.split(',') ?? []
  let address = request.remoteAddress
  for (let hops = 0; forwarded.length > 0 && address !== undefined; hops++) {
    const trusted = typeof trustProxy === 'number' ? hops < trustProxy : trustProxy(address)
    if (!trusted) break
    address = forwarded.pop()!.trim()
  }
  return address
}

function refuse(status: number, body: string, retryAfterMs?: number): Reject {
  const headers: Record<string, string> = {}
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  if (retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(retryAfterMs / 1000))
  return { ok: false, status, headers, body }
}

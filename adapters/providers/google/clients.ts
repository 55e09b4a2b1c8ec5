/** A client that some stream uses. */
export interface ClientLease<Client> {
  readonly client: Client
  /** Once, when the stream makes no more calls. */
  release(): void
}

interface Entry<Client> {
  readonly client: Client
  users: number
}

/**
 * Clients of one kind. A client has one HTTP/2 connection, and a call too many on it waits without a word until another
 * one ends; so further streams get further clients.
 */
export class GoogleClients<Client extends { close(): Promise<unknown> }> {
  readonly #create: () => Client
  readonly #usersPerClient: number
  #entries: Entry<Client>[] = []

  constructor(create: () => Client, usersPerClient: number) {
    this.#create = create
    this.#usersPerClient = Math.max(1, Math.floor(usersPerClient))
  }

  acquire(): ClientLease<Client> {
    const entry = this.#entries.find(({ users }) => users < this.#usersPerClient) ?? this.#add()
    entry.users++
    return { client: entry.client, release: () => this.#release(entry) }
  }

  #add(): Entry<Client> {
    const entry = { client: this.#create(), users: 0 }
    this.#entries.push(entry)
    return entry
  }

  /** The first one stays: the next stream finds its connection open. */
  #release(entry: Entry<Client>): void {
    entry.users--
    if (entry.users > 0 || entry === this.#entries[0]) return
    this.#entries = this.#entries.filter(other => other !== entry)
    entry.client.close().catch(() => {})
  }
}

import type { ServerMessage } from '../protocol/messages.js'
import { isNumbered } from './lanes.js'
import type { Ledger } from './ledger.js'
import type { DownlinkPorts, LinkPort } from './ports.js'

/** Hands messages to the link. Their numbers go on over all the sockets of a session. */
export class Writer {
  private readonly ledger: Ledger
  private readonly ports: DownlinkPorts
  private seq = 0

  constructor(ledger: Ledger, ports: DownlinkPorts) {
    this.ledger = ledger
    this.ports = ports
  }

  /** False: the socket refused it. */
  write(link: LinkPort, message: ServerMessage): boolean {
    const { acks, resume } = link.features
    const seq = (acks || resume) && isNumbered(message) ? ++this.seq : undefined
    if (seq !== undefined) this.ports.numbered(seq, message)
    const left = link.sendMessage(message, seq) !== 'dropped'
    if (left) this.ledger.sentMessages++
    else this.ledger.messageDropped('buffered')
    return left
  }
}

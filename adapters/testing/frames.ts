// WebSocket frames by hand (RFC 6455 section 5), because no client library sends the wrong ones.

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface FrameOptions {
  /** Default true. */
  readonly fin?: boolean
  /** The three reserved bits. Default 0. */
  readonly rsv?: number
  /** Clients must mask. Default true. */
  readonly masked?: boolean
  /** Writes this length instead of the payload's own, as 64 bits. */
  readonly claimedLength?: bigint
}

/** One frame as a client sends it. */
export function frame(opcode: number, payload: Uint8Array | string = '', options: FrameOptions = {}): Uint8Array {
  const { fin = true, rsv = 0, masked = true, claimedLength } = options
  const body = Buffer.from(payload as Uint8Array)
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const mask = Buffer.from([0x5a, 0xa5, 0x3c, 0xc3])
  const head = [Buffer.from([first]), lengthField(body.length, masked, claimedLength)]
  if (!masked) return Buffer.concat([...head, body])
  return Buffer.concat([...head, mask, body.map((byte, index) => byte ^ mask[index & 3]!)])
}

/** A close frame. No code: an empty one. */
export function closeFrame(code?: number, reason: Uint8Array | string = ''): Uint8Array {
  if (code === undefined) return frame(opcodes.close)
  const text = Buffer.from(reason as Uint8Array)
  return frame(opcodes.close, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), text]))
}

function lengthField(length: number, masked: boolean, claimed: bigint | undefined): Buffer {
  const maskBit = masked ? 0x80 : 0
  if (claimed === undefined && length < 126) return Buffer.from([maskBit | length])
  if (claimed === undefined && length < 65_536) return Buffer.from([maskBit | 126, length >> 8, length & 0xff])
  const field = Buffer.alloc(9)
  field[0] = maskBit | 127
  field.writeBigUInt64BE(claimed ?? BigInt(length), 1)
  return field
}

export interface ReceivedFrame {
  readonly opcode: number
  readonly fin: boolean
  readonly payload: Uint8Array
}

/** Cuts the bytes of a server into frames. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0)

  /** The frames that `chunk` completes. */
  read(chunk: Uint8Array): ReceivedFrame[] {
    this.#pending = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : Buffer.from(chunk)
    const frames: ReceivedFrame[] = []
    for (let next = this.#take(); next; next = this.#take()) frames.push(next)
    return frames
  }

  #take(): ReceivedFrame | undefined {
    const bytes = this.#pending
    if (bytes.length < 2) return undefined
    const short = bytes[1]! & 0x7f
    const start = short === 127 ? 10 : short === 126 ? 4 : 2
    if (bytes.length < start) return undefined
    const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short
    if (bytes.length < start + length) return undefined
    this.#pending = bytes.subarray(start + length)
    return {
      opcode: bytes[0]! & 0x0f,
      fin: (bytes[0]! & 0x80) !== 0,
      payload: bytes.subarray(start, start + length),
    }
  }
}

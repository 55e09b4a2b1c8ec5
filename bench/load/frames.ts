import { randomBytes } from 'node:crypto'

/** A client's WebSocket frame. The mask is never zero: `ws` would skip unmasking. */
export function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  const long = payload.length >= 126
  const frame = Buffer.allocUnsafe((long ? 8 : 6) + payload.length)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (long ? 126 : payload.length)
  if (long) frame.writeUInt16BE(payload.length, 2)
  const maskAt = long ? 4 : 2
  randomBytes(4).copy(frame, maskAt)
  frame[maskAt]! |= 1
  for (let i = 0; i < payload.length; i++) frame[maskAt + 4 + i] = payload[i]! ^ frame[maskAt + (i & 3)]!
  return frame
}

export function textFrame(text: string): Buffer {
  return clientFrame(opcodes.text, Buffer.from(text))
}

export function binaryFrame(bytes: Uint8Array): Buffer {
  return clientFrame(opcodes.binary, bytes)
}

export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Cuts what a server sends into frames. Frames of servers are not masked, and none here is fragmented. */
export class FrameReader {
  private rest: Buffer | undefined
  private readonly frame: (opcode: number, payload: Buffer) => void

  constructor(frame: (opcode: number, payload: Buffer) => void) {
    this.frame = frame
  }

  push(bytes: Buffer): void {
    let data = this.rest ? Buffer.concat([this.rest, bytes]) : bytes
    this.rest = undefined
    for (let size = frameSize(data); size > 0 && size <= data.length; size = frameSize(data)) {
      this.frame(data[0]! & 0x0f, data.subarray(headerSize(data), size))
      data = data.subarray(size)
    }
    if (data.length > 0) this.rest = Buffer.from(data)
  }
}

/** 0 while the header is not complete. */
function frameSize(data: Buffer): number {
  if (data.length < 2) return 0
  const header = headerSize(data)
  if (data.length < header) return 0
  if (header === 2) return 2 + (data[1]! & 0x7f)
  return header + (header === 4 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2)))
}

function headerSize(data: Buffer): number {
  const length = data[1]! & 0x7f
  return length === 126 ? 4 : length === 127 ? 10 : 2
}

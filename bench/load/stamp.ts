import { upFrameBytes } from './workload.js'

const stamp = Buffer.alloc(8)
/** Of a masked frame of 640 bytes: two bytes, the length in two, the mask in four. */
const maskAt = 4
const payloadAt = 8

function nowMs(): number {
  // The only clock that processes share to the microsecond.
  return Number(process.hrtime.bigint()) / 1e6
}

/** A copy of a client's frame whose first four samples say when it was sent. */
export function stamped(frame: Buffer): Buffer {
  const copy = Buffer.from(frame)
  stamp.writeDoubleLE(nowMs())
  for (let i = 0; i < stamp.length; i++) copy[payloadAt + i] = stamp[i]! ^ copy[maskAt + (i & 3)]!
  return copy
}

/** How long ago the frames that begin in `audio` were sent, where `position` bytes came before it. */
export function agesOf(audio: Buffer, position: number, age: (ms: number) => void): void {
  const now = nowMs()
  const first = (upFrameBytes - (position % upFrameBytes)) % upFrameBytes
  for (let at = first; at + stamp.length <= audio.length; at += upFrameBytes) age(now - audio.readDoubleLE(at))
}

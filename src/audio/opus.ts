/** No packet holds more sound than this. */
const MAX_PACKET_MS = 120

/**
 * Milliseconds of sound in an Opus packet, from its table-of-contents byte and, for packets of any number of frames,
 * the frame count behind it (RFC 6716, sections 3.1 and 3.2). Null for a packet no decoder would accept.
 */
export function opusPacketMs(packet: Uint8Array): number | null {
  const toc = packet[0]
  if (toc === undefined) return null
  const frames = frameCount(toc, packet)
  const ms = frames * frameMs(toc >> 3)
  return frames > 0 && ms <= MAX_PACKET_MS ? ms : null
}

/** The duration of one frame in each of the 32 configurations: speech, hybrid, then general audio. */
function frameMs(config: number): number {
  if (config < 12) return [10, 20, 40, 60][config & 3]!
  if (config < 16) return config & 1 ? 20 : 10
  return 2.5 * 2 ** (config & 3)
}

function frameCount(toc: number, packet: Uint8Array): number {
  const code = toc & 3
  if (code === 0) return 1
  if (code < 3) return 2
  return (packet[1] ?? 0) & 0x3f
}

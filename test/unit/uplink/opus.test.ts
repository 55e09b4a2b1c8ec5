import { describe, expect, it } from 'vitest'
import type { AudioFormat } from '../../../src/audio/format.js'
import { speakPackets } from '../../../src/testing/spoken-words.js'
import { PacketIndex } from '../../../src/uplink/packet-index.js'
import { Call, Handler, stt } from './harness.js'

const opus: AudioFormat = { encoding: 'opus', sampleRate: 48_000, channels: 1 }
const packetMs = 20
const silentPacket = Uint8Array.of(0x48)

function sendPackets(call: Call, packets: readonly Uint8Array[]): void {
  for (const packet of packets) {
    call.clock.advance(packetMs)
    call.uplink.accept(packet)
  }
}

function silent(ms: number): Uint8Array[] {
  return Array.from({ length: ms / packetMs }, () => silentPacket)
}

describe('an uplink of Opus packets', () => {
  it('sends whole packets, again after a failure, and loses none', () => {
    const handler = new Handler()
    const capabilities = { formats: [opus] }
    const a = stt('a', handler, { capabilities, faults: [{ closeAfterMs: 700 }, { refuse: 'auth' }] })
    const b = stt('b', handler, { capabilities })
    const call = new Call([a, b], { handler, format: opus })
    call.uplink.start()
    const packets = speakPackets('one two three four')
    sendPackets(call, packets)
    sendPackets(call, silent(3000))
    expect(call.words).toBe('one two three four')
    expect(b.last.messages.slice(0, packets.length)).toEqual(packets.map(packet => packet.length))
    // Each word lasts 300 ms and is followed by a packet of silence.
    expect(call.finals.flatMap(final => final.words ?? []).map(word => word.startMs)).toEqual([0, 320, 640, 960])
    expect(call.turns).toEqual(['one two three four'])
    call.close()
  })

  it('asks for no final while nobody says anything', () => {
    const handler = new Handler()
    const provider = stt('a', handler, { capabilities: { formats: [opus] } })
    const call = new Call([provider], { handler, format: opus })
    call.uplink.start()
    sendPackets(call, silent(60_000))
    expect(provider.last.finalizes).toBe(0)
    expect(call.endpoints).toEqual([])
    expect(call.gaps).toEqual([])
    expect(provider.connections).toHaveLength(1)
    call.close()
  })

  it('answers push to talk', () => {
    const handler = new Handler()
    const provider = stt('a', handler, {
      capabilities: { formats: [opus], finalize: 'best-effort' },
      finalAfterMs: false,
    })
    const call = new Call([provider], { handler, format: opus, turns: { mode: 'manual' } })
    call.uplink.start()
    sendPackets(call, speakPackets('hello you'))
    call.uplink.finalize()
    call.pass(1000)
    expect(call.turns).toEqual(['hello you'])
    call.close()
  })

  it('counts packets that no decoder takes, and goes on', () => {
    const handler = new Handler()
    const provider = stt('a', handler, { capabilities: { formats: [opus] } })
    const call = new Call([provider], { handler, format: opus })
    call.uplink.start()
    call.uplink.accept(new Uint8Array(40_000))
    // 3 frames of 60 ms are more than a packet may hold.
    call.uplink.accept(Uint8Array.of(0x5b, 3))
    sendPackets(call, speakPackets('hello'))
    sendPackets(call, silent(1600))
    expect(call.words).toBe('hello')
    expect(call.uplink.stats().lostBytes).toBe(40_002)
    expect(call.uplink.acceptedBytes).toBe(40_002 + 15 * 8 + 1 + 80)
    call.close()
  })
})

describe('the packet index', () => {
  it('finds packets by offset and time, also after it forgot the first ones', () => {
    const index = new PacketIndex()
    for (let i = 0; i < 2000; i++) {
      index.add(10 + (i % 3), 20)
      if (i % 100 === 99) index.forget(Math.max(0, index.offsetAt(20 * (i - 50))))
    }
    const from = index.offsetAt(39_000)
    expect(index.msAt(from)).toBe(39_000)
    expect(index.packetEnd(from) - from).toBeGreaterThanOrEqual(10)
    expect(index.offsetAt(39_010)).toBe(from)
    expect(index.msAt(from + 1)).toBe(39_000)
    expect(index.guessMs(1100)).toBeCloseTo(2000, -2)
  })
})

import { closeFrame, type FrameOptions, frame, opcodes } from '../frames.js'
import { RecordingMount } from '../recording-mount.js'
import type { Test } from './scene.js'

interface FrameCase {
  readonly name: string
  readonly bytes: Uint8Array
  /** The close code that the frame deserves, or that it says. */
  readonly code: number
  /** What the sink is told by a transport that cannot tell all rejections. Default 1006. */
  readonly untold?: number
  /** Some transports wait for more bytes before they notice. */
  readonly fin?: boolean
}

const transportLimitBytes = 2 * new RecordingMount().limits.binaryBytes

const text = (payload: string | Uint8Array, options?: FrameOptions) => frame(opcodes.text, payload, options)

const cases: readonly FrameCase[] = [
  { name: 'a reserved bit', bytes: text('x', { rsv: 4 }), code: 1002 },
  { name: 'a reserved opcode', bytes: frame(3, 'x'), code: 1002 },
  { name: 'a fragmented ping', bytes: frame(opcodes.ping, '', { fin: false }), code: 1002 },
  { name: 'a ping of 126 bytes', bytes: frame(opcodes.ping, new Uint8Array(126)), code: 1002 },
  { name: 'a continuation of nothing', bytes: frame(opcodes.continuation, 'x'), code: 1002 },
  {
    name: 'a message inside another',
    bytes: Buffer.concat([text('a', { fin: false }), text('b')]),
    code: 1002,
  },
  { name: 'a frame without mask', bytes: text('unmasked', { masked: false }), code: 1002, fin: true },
  { name: 'text that is no UTF-8', bytes: text(Uint8Array.of(0xff, 0xfe)), code: 1007, untold: 1007 },
  {
    name: "a message over the transport's limit",
    bytes: frame(opcodes.binary, new Uint8Array(transportLimitBytes + 1)),
    code: 1009,
    untold: 1009,
  },
  {
    name: 'a length of more than 63 bits',
    bytes: frame(opcodes.binary, '', { claimedLength: (1n << 63n) + 1n }),
    code: 1009,
    untold: 1009,
  },
  ...[999, 1005, 1006, 1016, 2999, 5000].map(code => ({
    name: `a goodbye with ${code}`,
    bytes: closeFrame(code),
    code: 1002,
  })),
  { name: 'a goodbye with 1014', bytes: closeFrame(1014), code: 1014 },
  { name: 'a goodbye of one byte', bytes: frame(opcodes.close, Uint8Array.of(3)), code: 1002, untold: 1005 },
  { name: 'a goodbye whose reason is no UTF-8', bytes: closeFrame(1000, Uint8Array.of(0xff)), code: 1007 },
  { name: 'an empty goodbye', bytes: closeFrame(), code: 1005, untold: 1005 },
  { name: 'a goodbye with 4400', bytes: closeFrame(4400), code: 4400, untold: 4400 },
]

/** What no client library sends: the connection ends once, with the same cause on every transport that tells one. */
export function wrongFrameTests(test: Test): void {
  for (const { name, bytes, code, untold = 1006, fin } of cases) {
    test(
      `answers ${name}`,
      async scene => {
        const bystander = await scene.call()
        const { client, session } = await scene.rawCall()
        client.write(bytes)
        if (fin && !scene.traits.tellsRejection) client.fin()
        const ended = await session.end()
        scene.expect(session.messages).toEqual([])
        scene.expect(ended.code).toBe(scene.traits.tellsRejection ? code : untold)
        await client.gone()
        if (scene.traits.tellsRejection) scene.expect(client.closed?.code).toBe(code)

        bystander.client.send('unharmed')
        await bystander.session.until('a message', () => bystander.session.messages.length === 1)
      },
      { needs: ['network'] },
    )
  }

  test(
    'ends a connection that dribbles a frame and leaves',
    async scene => {
      const { client, session } = await scene.rawCall()
      for (const byte of text('never finished').subarray(0, 9)) client.write(Uint8Array.of(byte))
      client.fin()
      scene.expect((await session.end()).code).toBe(1006)
      scene.expect(session.messages).toEqual([])
    },
    { needs: ['network'] },
  )
}

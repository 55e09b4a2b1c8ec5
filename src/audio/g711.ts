/** The two companding laws of ITU-T G.711. */
export type G711Law = 'mulaw' | 'alaw'

const MULAW_BIAS = 132
/** Magnitudes above saturate: the top of the last segment. */
const MULAW_CLIP = 32767 - MULAW_BIAS

interface Tables {
  readonly decode: Int16Array
  /** By the low 16 bits of the sample. */
  readonly encode: Uint8Array
}

const tables: Record<G711Law, Tables | undefined> = { mulaw: undefined, alaw: undefined }

/** The 256 linear samples of a law. Shared: do not write. */
export function g711DecodeTable(law: G711Law): Int16Array {
  return tablesOf(law).decode
}

/** The code of every linear sample of a law, indexed by `sample & 0xffff`. Shared: do not write. */
export function g711EncodeTable(law: G711Law): Uint8Array {
  return tablesOf(law).encode
}

/** Decodes into `out`, by default a fresh array. `out` must be at least as long as `codes`. */
export function decodeMulaw(codes: Uint8Array, out: Int16Array = new Int16Array(codes.length)): Int16Array {
  return decode(g711DecodeTable('mulaw'), codes, out)
}

/** Encodes into `out`, by default a fresh array. `out` must be at least as long as `pcm`. */
export function encodeMulaw(pcm: Int16Array, out: Uint8Array = new Uint8Array(pcm.length)): Uint8Array {
  return encode(g711EncodeTable('mulaw'), pcm, out)
}

/** Decodes into `out`, by default a fresh array. `out` must be at least as long as `codes`. */
export function decodeAlaw(codes: Uint8Array, out: Int16Array = new Int16Array(codes.length)): Int16Array {
  return decode(g711DecodeTable('alaw'), codes, out)
}

/** Encodes into `out`, by default a fresh array. `out` must be at least as long as `pcm`. */
export function encodeAlaw(pcm: Int16Array, out: Uint8Array = new Uint8Array(pcm.length)): Uint8Array {
  return encode(g711EncodeTable('alaw'), pcm, out)
}

function decode(table: Int16Array, codes: Uint8Array, out: Int16Array): Int16Array {
  for (let i = 0; i < codes.length; i++) out[i] = table[codes[i]!]!
  return out
}

function encode(table: Uint8Array, pcm: Int16Array, out: Uint8Array): Uint8Array {
  for (let i = 0; i < pcm.length; i++) out[i] = table[pcm[i]! & 0xffff]!
  return out
}

function tablesOf(law: G711Law): Tables {
  tables[law] ??= law === 'mulaw' ? build(mulawSample, mulawCode) : build(alawSample, alawCode)
  return tables[law]
}

function build(sampleOf: (code: number) => number, codeOf: (sample: number) => number): Tables {
  const decode = new Int16Array(256)
  for (let code = 0; code < 256; code++) decode[code] = sampleOf(code)
  const encode = new Uint8Array(65_536)
  for (let sample = -32_768; sample < 32_768; sample++) encode[sample & 0xffff] = codeOf(sample)
  return { decode, encode }
}

// Both codes are sign, segment and step within the segment. The laws differ in the bits they invert for the line and
// in the lowest segment: mu-law shifts all magnitudes by a bias, A-law keeps segments 0 and 1 linear.

function mulawCode(sample: number): number {
  const biased = Math.min(Math.abs(sample), MULAW_CLIP) + MULAW_BIAS
  const segment = 24 - Math.clz32(biased)
  const step = (biased >> (segment + 3)) & 0x0f
  return ~((sample < 0 ? 0x80 : 0) | (segment << 4) | step) & 0xff
}

function mulawSample(code: number): number {
  const bits = ~code & 0xff
  const segment = (bits >> 4) & 7
  const magnitude = ((((bits & 0x0f) << 3) + MULAW_BIAS) << segment) - MULAW_BIAS
  return bits & 0x80 ? -magnitude : magnitude
}

function alawCode(sample: number): number {
  const magnitude = Math.min(Math.abs(sample), 32_767)
  const segment = Math.max(0, 24 - Math.clz32(magnitude))
  const step = (magnitude >> (segment === 0 ? 4 : segment + 3)) & 0x0f
  return ((sample < 0 ? 0 : 0x80) | (segment << 4) | step) ^ 0x55
}

function alawSample(code: number): number {
  const bits = code ^ 0x55
  const segment = (bits >> 4) & 7
  const middle = ((bits & 0x0f) << 4) + 8
  const magnitude = segment === 0 ? middle : (middle + 256) << (segment - 1)
  return bits & 0x80 ? magnitude : -magnitude
}

/** Fractional parts of the cube roots of the first 64 primes (FIPS 180-4 section 4.2.2). */
const constants = rootFractions(64, 1 / 3)
/** Fractional parts of the square roots of the first 8 (section 5.3.3). */
const initial = rootFractions(8, 1 / 2)
const blockBytes = 64
/** Of one block; nothing is kept between two calls. */
const words = new Uint32Array(64)

/**
 * SHA-256 (FIPS 180-4), synchronously. WebCrypto's is a job for another thread, which for something as short as a token
 * costs 13 times the CPU, a third of all that accepting a session took.
 */
export function sha256(message: Uint8Array): Uint8Array {
  const state = initial.slice()
  const padded = new Uint8Array(Math.ceil((message.length + 9) / blockBytes) * blockBytes)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(message.length / 2 ** 29))
  view.setUint32(padded.length - 4, message.length << 3)
  for (let at = 0; at < padded.length; at += blockBytes) compress(state, view, at)
  const digest = new Uint8Array(32)
  const out = new DataView(digest.buffer)
  state.forEach((word, i) => {
    out.setUint32(4 * i, word)
  })
  words.fill(0)
  return digest
}

/** Section 6.2.2. */
function compress(state: Uint32Array, block: DataView, at: number): void {
  for (let t = 0; t < 16; t++) words[t] = block.getUint32(at + 4 * t)
  for (let t = 16; t < 64; t++) {
    const w15 = words[t - 15]!
    const w2 = words[t - 2]!
    const s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3)
    const s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10)
    words[t] = words[t - 16]! + s0 + words[t - 7]! + s1
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
  for (let t = 0; t < 64; t++) {
    const choice = (e & f) ^ (~e & g)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const t1 = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + constants[t]! + words[t]!) | 0
    const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  const mixed = [a, b, c, d, e, f, g, h]
  for (let i = 0; i < 8; i++) state[i] = state[i]! + mixed[i]!
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by))
}

/** The first 32 bits of the fractional parts of roots of the first primes. Doubles hold them exactly: all roots are below 8. */
function rootFractions(count: number, exponent: number): Uint32Array {
  const fractions = new Uint32Array(count)
  for (let found = 0, candidate = 2; found < count; candidate++) {
    if (isPrime(candidate)) fractions[found++] = (candidate ** exponent % 1) * 2 ** 32
  }
  return fractions
}

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) return false
  return true
}

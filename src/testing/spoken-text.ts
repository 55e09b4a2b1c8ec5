/** Samples hold character codes up to this; what is beyond is spoken as `?`. */
const lastCode = 0x3fff

/**
 * Sound that says what it is: each sample holds its character's code, so that a test can read off exactly which words
 * were delivered. Linear16 mono.
 *
 * @param text one or more characters; `samplesPerChar` samples are made of each.
 * @param index position of the first character in its text, which keeps equal neighbours apart.
 */
export function speechOf(text: string, samplesPerChar: number, index = 0): Uint8Array {
  const pcm = new Int16Array(text.length * samplesPerChar)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const value = 2 * (code > lastCode ? 0x3f : code) + ((index + i) % 2)
    pcm.fill(value, i * samplesPerChar, (i + 1) * samplesPerChar)
  }
  return new Uint8Array(pcm.buffer)
}

/** The text that sound made by `speechOf` says, also when it was cut anywhere. Silence says nothing. */
export function textOf(pcm: Uint8Array): string {
  let text = ''
  let last = 0
  for (let at = 0; at + 1 < pcm.length; at += 2) {
    const value = pcm[at]! | (pcm[at + 1]! << 8)
    if (value !== last && value !== 0) text += String.fromCharCode(value >> 1)
    last = value
  }
  return text
}

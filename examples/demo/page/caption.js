/** How fast the bot is taken to speak where nothing better is known. */
const msPerCharacter = 65

/**
 * What one utterance of the bot says, and how far it has been heard. The server announces the words of a segment when
 * its sound is about to be sent, so a segment lasts from there to the next one.
 */
export class Caption {
  #segments = []
  #receivedMs = 0
  #skippedMs = 0
  #endMs
  #cutAt

  get text() {
    return this.#segments.map(segment => segment.text).join(' ')
  }

  get over() {
    return this.#cutAt !== undefined
  }

  /** This stretch of sound has arrived. */
  received(fromMs, toMs) {
    this.#skippedMs += Math.max(0, fromMs - this.#receivedMs)
    this.#receivedMs = toMs
  }

  add(text) {
    const last = this.#segments.at(-1)
    // A synthesiser that died in the middle of it: the rest is said again by another one.
    if (last && text.length < last.text.length && last.text.endsWith(text))
      last.text = last.text.slice(0, -text.length).trimEnd()
    this.#segments.push({ text, fromMs: this.#receivedMs })
  }

  /** Returns how much of it was left out, in milliseconds. */
  ended(ms) {
    this.#endMs = ms
    return this.#skippedMs + Math.max(0, ms - this.#receivedMs)
  }

  /** Cut off: `heard` is what the server says was heard. */
  cut(heard) {
    this.#cutAt = Math.min(heard.length, this.text.length)
  }

  /** How many characters have been heard when `playedMs` has. */
  heardCharacters(playedMs) {
    if (this.#cutAt !== undefined) return this.#cutAt
    let before = 0
    for (const [index, { text, fromMs }] of this.#segments.entries()) {
      const next = this.#segments[index + 1]?.fromMs ?? this.#endMs ?? fromMs + text.length * msPerCharacter
      if (playedMs < next) {
        const share = Math.max(0, (playedMs - fromMs) / (next - fromMs))
        return before + endOfWord(text, Math.floor(share * text.length))
      }
      before += text.length + 1
    }
    return this.text.length
  }
}

/** A word that has begun is shown whole. */
function endOfWord(text, at) {
  if (at <= 0) return 0
  const space = text.indexOf(' ', at)
  return space < 0 ? text.length : space
}

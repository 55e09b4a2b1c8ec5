import { Caption } from './caption.js'
import { byId, element } from './elements.js'

const log = byId('conversation')

/** Who said what, as it is said. */
export class Conversation {
  /** Lines of the user by utterance number; what of them is settled will not change any more. */
  #spoken = new Map()
  /** What the bot says, by utterance id. */
  #utterances = new Map()
  #lastReply

  /** Another session counts its utterances anew. */
  begin() {
    this.#spoken.clear()
    this.#utterances.clear()
    byId('hints')?.remove()
  }

  userSaid({ utterance, transcript, isFinal }) {
    let said = this.#spoken.get(utterance)
    if (!transcript && !said) return
    if (!said) {
      said = { line: this.#line('user', 'You'), settled: '' }
      this.#spoken.set(utterance, said)
    }
    const text = [said.settled, transcript].filter(Boolean).join(' ')
    if (isFinal) said.settled = text
    said.line.words.className = isFinal ? 'final' : 'interim'
    said.line.words.textContent = text
    follow()
  }

  userTyped(text) {
    const line = this.#line('user', 'You typed')
    line.words.textContent = text
    follow()
  }

  botReceived(id, fromMs, toMs) {
    this.#utterance(id).caption.received(fromMs, toMs)
  }

  botSays(id, text) {
    const utterance = this.#utterance(id)
    utterance.caption.add(text)
    utterance.line ??= this.#line('bot', 'Bot')
    this.#lastReply = utterance.line
    this.#show(id, 0)
    follow()
  }

  /** Returns how much of it was left out, in milliseconds. */
  botEnded(id, ms) {
    return this.#utterance(id).caption.ended(ms)
  }

  /** The bot was heard up to here. */
  botHeard(id, playedMs) {
    this.#show(id, playedMs)
  }

  botFinished(id) {
    this.#show(id, Number.POSITIVE_INFINITY)
    this.#end(id)
  }

  botInterrupted(id, heard) {
    const utterance = this.#utterances.get(id)
    if (!utterance?.line) return
    utterance.caption.cut(heard)
    this.#show(id, 0)
    const { text } = utterance.caption
    if (heard.length < text.length)
      utterance.line.box.append(
        element('span', 'cut-note', heard ? 'interrupted here' : 'interrupted before it was heard'),
      )
    this.#end(id)
  }

  answeredIn(ms) {
    if (this.#lastReply) this.#lastReply.when.textContent = `answered in ${Math.round(ms)} ms`
  }

  /** Something that both sides should know. */
  happened(kind, text) {
    const note = element('p', 'happened', text)
    note.dataset.kind = kind
    log.append(note)
    follow()
  }

  #end(id) {
    const { line } = this.#utterances.get(id) ?? {}
    if (line) line.box.dataset.over = 'true'
    this.#utterances.delete(id)
  }

  #utterance(id) {
    let utterance = this.#utterances.get(id)
    if (!utterance) {
      utterance = { caption: new Caption(), shown: -1 }
      this.#utterances.set(id, utterance)
    }
    return utterance
  }

  #show(id, playedMs) {
    const utterance = this.#utterances.get(id)
    if (!utterance?.line) return
    const { caption, line } = utterance
    const heard = caption.over
      ? caption.heardCharacters(0)
      : Math.max(utterance.heard ?? 0, caption.heardCharacters(playedMs))
    const { text } = caption
    if (heard === utterance.heard && text === utterance.text && !caption.over) return
    utterance.heard = heard
    utterance.text = text
    line.words.replaceChildren(element('span', 'heard', text.slice(0, heard)))
    if (heard < text.length) line.words.append(element('span', caption.over ? 'unheard' : 'ahead', text.slice(heard)))
  }

  #line(who, name) {
    const box = element('div', `said ${who}`)
    const head = element('p', 'who')
    const when = element('span', 'when')
    const words = element('p', 'words')
    head.append(element('span', '', name), when)
    box.append(head, words)
    log.append(box)
    return { box, when, words }
  }
}

/** Keeps the newest in sight, unless somebody has scrolled up to read. */
function follow() {
  const left = log.scrollHeight - log.scrollTop - log.clientHeight
  if (left < 220) log.scrollTop = log.scrollHeight
}

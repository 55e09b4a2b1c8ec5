import { byId, element } from './elements.js'

const maxEntries = 100

const kinds = {
  active: 'good',
  degraded: 'warn',
  reconnecting: 'warn',
  connecting: '',
  configuring: '',
  failed: 'bad',
}

/** The state of the session and how it came to be. */
export class SessionView {
  #list = byId('history')

  enter({ state, previous, reason, provider }) {
    byId('state').dataset.state = state
    byId('state-text').textContent = state
    const why = [reason, provider].filter(Boolean).join(', ')
    this.note(kinds[state] ?? '', `${previous} → ${state}${why && `: ${why}`}`)
  }

  /** Something happened that is no state. */
  note(kind, text) {
    const entry = element('li', '')
    entry.dataset.kind = kind
    entry.append(element('time', '', new Date().toLocaleTimeString('en-GB')), element('span', '', text))
    this.#list.prepend(entry)
    if (this.#list.children.length > maxEntries) this.#list.lastChild.remove()
  }

  identify(sessionId, sampleRate) {
    byId('session-note').textContent = `${sessionId.slice(0, 12)}, you are sent at ${sampleRate / 1000} kHz`
  }
}

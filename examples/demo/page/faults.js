import { byId } from './elements.js'

/** What should happen next, for whoever wants to check. */
const expectations = {
  cut: 'Go on talking. What you say is kept on the page and sent when the connection is back; what the bot said goes on where you heard it stop.',
  throttle: 'Watch lag and sample rate while the bot speaks: the rate steps down so that speech stays live.',
  kill: 'The session is degraded for a moment. Another worker takes its place, and what this one was doing is done again.',
  drain: 'The server sends everybody to its successor. The page connects there; the words of this session are kept.',
  forget: 'The server comes back as if after a crash. The page notices and begins a new session by itself.',
}

/**
 * Connects the buttons that break things.
 *
 * @param visitor whose connection.
 * @param broke is told what was done.
 */
export function connectFaults(visitor, broke) {
  for (const button of document.querySelectorAll('[data-fault]')) {
    const fault = JSON.parse(button.dataset.fault)
    button.addEventListener('click', async () => {
      const response = await fetch(`/faults?visitor=${visitor}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: button.dataset.fault,
      })
      const { concerned } = await response.json()
      if (fault.type === 'throttle') press(button)
      if (fault.type === 'kill' && concerned === 0) {
        byId('fault-note').textContent = 'There was none at work. Try again while somebody speaks.'
        return
      }
      byId('fault-note').textContent = fault.kbits === null ? '' : expectations[fault.type]
      broke(describe(fault))
    })
  }
}

/** Among its neighbours only this one is pressed. */
function press(button) {
  for (const other of button.parentElement.querySelectorAll('[aria-pressed]'))
    other.setAttribute('aria-pressed', String(other === button))
}

function describe({ type, ms, kbits, kind }) {
  switch (type) {
    case 'cut':
      return `you cut the connection for ${ms / 1000} s`
    case 'throttle':
      return kbits === null ? 'you gave the downlink its full speed' : `you slowed the downlink to ${kbits} kbit/s`
    case 'kill':
      return `you killed the ${kind === 'stt' ? 'recogniser' : 'synthesiser'}`
    case 'drain':
      return 'you drained the server'
    default:
      return 'you made the server forget the session'
  }
}

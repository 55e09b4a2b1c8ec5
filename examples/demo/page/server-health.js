import { byId, element } from './elements.js'

const periodMs = 2000

/** Asks the server how it is, for as long as the page is open. */
export function watchHealth() {
  void refresh()
  setInterval(refresh, periodMs)
}

async function refresh() {
  try {
    show(await (await fetch('/health')).json())
  } catch {
    byId('health').dataset.status = 'down'
    byId('health-text').textContent = 'server: no answer'
  }
}

function show({ status, sessions, speech, uptimeS, memoryMb, stats, troubled }) {
  byId('health').dataset.status = status
  byId('health-text').textContent = `server: ${status}, ${sessions} ${sessions === 1 ? 'session' : 'sessions'}`
  const facts = {
    'speech by': speech.join(', then '),
    sessions: `${sessions} now, ${stats.accepted} in all`,
    'audio kept for replay': `${Math.round(stats.audioLogBytes / 1024)} KB`,
    'resumes refused': stats.resumesRefused,
    'providers in trouble': troubled.join(', ') || 'none',
    memory: `${memoryMb} MB`,
    up: `${Math.floor(uptimeS / 60)} min ${uptimeS % 60} s`,
  }
  const engines = byId('engines')
  if (engines && speech[0] !== 'embedded') engines.textContent = `Speech by ${speech.join(', then ')}.`
  byId('server').replaceChildren(
    ...Object.entries(facts).flatMap(([name, value]) => [element('dt', '', name), element('dd', '', String(value))]),
  )
}

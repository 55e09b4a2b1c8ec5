import { attachAudio, createMicrophone, createPlayer } from '/lib/client/audio/index.js'
import { createVoiceClient } from '/lib/client/index.js'
import { runCharts } from './charts.js'
import { Conversation } from './conversation.js'
import { offerDevices } from './devices.js'
import { byId } from './elements.js'
import { connectFaults } from './faults.js'
import { watchHealth } from './server-health.js'
import { SessionView } from './session-view.js'

const visitor = crypto.randomUUID()
const microphone = createMicrophone()
const player = createPlayer()
const url = new URL(`/voice?visitor=${visitor}`, location.href)
url.protocol = url.protocol.replace('http', 'ws')
// The embedded voice has 16 kHz; half of that is what a slow link still takes.
const config = { audio_out: { sample_rates: [48_000, 24_000, 16_000, 8000] } }
const client = createVoiceClient({ url: url.href, player, config })

const conversation = new Conversation()
const session = new SessionView()
const quality = { level: 'normal', sampleRate: undefined, lagMs: 0 }
const inCall = () => !['idle', 'closing', 'closed', 'failed'].includes(client.state)
let audio

// For the console: voice.client.stats, voice.player.position() ...
window.voice = { client, microphone, player }

async function call() {
  showProblem()
  audio = attachAudio(client, { microphone, player })
  const connected = client.connect()
  showCall()
  try {
    await audio.started
    offerDevices(microphone)
  } catch (error) {
    showProblem(`${error.message}. You can still type, and hear the answers.`)
    audio = attachAudio(client, { player })
  }
  // What went wrong is in the `failed` event.
  await connected.catch(() => {})
}

async function hangUp() {
  audio?.stop()
  await client.close()
}

async function type(text) {
  if (!text) return
  if (!inCall()) await call()
  if (!inCall()) return
  client.sendText(text)
  conversation.userTyped(text)
}

function showCall() {
  const live = inCall()
  byId('talk').dataset.live = String(live)
  byId('talk-label').textContent = live ? 'Hang up' : 'Start talking'
  byId('mute').disabled = !live
  if (!live) byId('device').disabled = true
}

function showProblem(text = '') {
  byId('problem').textContent = text
  byId('problem').hidden = !text
}

byId('talk').addEventListener('click', () => (inCall() ? hangUp() : call()))
byId('mute').addEventListener('click', () => {
  microphone.setMuted(!microphone.muted)
  byId('mute').setAttribute('aria-pressed', String(microphone.muted))
})
byId('type').addEventListener('submit', event => {
  event.preventDefault()
  void type(byId('text').value.trim())
  byId('text').value = ''
})
for (const hint of document.querySelectorAll('.hint')) hint.addEventListener('click', () => type(hint.textContent))

client.on('state', event => {
  session.enter(event)
  showCall()
})
client.on('ready', ({ sessionId, audioIn, history }) => {
  conversation.begin()
  session.identify(sessionId, audioIn.sampleRate)
  if (history?.restored) conversation.happened('good', `a new session that remembers ${history.turns} turns`)
})
client.on('transcript', event => conversation.userSaid(event))
client.on('tts_start', ({ sampleRate }) => {
  quality.sampleRate = sampleRate
})
client.on('tts_format', ({ sampleRate }) => {
  quality.sampleRate = sampleRate
})
client.on('audio', ({ utteranceId, pcm, sampleRate, fromMs }) =>
  conversation.botReceived(utteranceId, fromMs, fromMs + (pcm.length / 2 / sampleRate) * 1000),
)
client.on('tts_text', ({ utteranceId, text }) => conversation.botSays(utteranceId, text))
client.on('tts_end', ({ utteranceId, ms }) => {
  const skippedMs = conversation.botEnded(utteranceId, ms)
  if (skippedMs > 50) session.note('warn', `${seconds(skippedMs)} of speech left out, so that the rest is on time`)
})
client.on('tts_playback_complete', ({ utteranceId }) => conversation.botFinished(utteranceId))
client.on('interrupted', ({ utteranceId, text }) => conversation.botInterrupted(utteranceId, text))
client.on('quality', event => Object.assign(quality, event))
client.on('event', ({ name, data }) => {
  if (name === 'usage') conversation.answeredIn(data.replyLatencyMs)
})
client.on('reconnecting', ({ attempt, code, delayMs }) =>
  session.note('warn', `attempt ${attempt} in ${Math.round(delayMs)} ms (close code ${code})`),
)
client.on('resumed', ({ outageMs, replayedMs, lostMs }) => {
  const lost = lostMs > 0 ? `, ${seconds(lostMs)} of sound are lost` : ', nothing is lost'
  const text = `back after ${seconds(outageMs)}: ${seconds(replayedMs)} of sound sent again${lost}`
  conversation.happened(lostMs > 0 ? 'warn' : 'good', text)
  session.note('good', text)
})
client.on('gap', ({ ms, reason }) => session.note('warn', `${seconds(ms)} of your sound did not arrive: ${reason}`))
client.on('goaway', () => session.note('warn', 'the server asks to connect elsewhere'))
client.on('uplink_slow', ({ behindMs }) => session.note('warn', `the uplink is ${seconds(behindMs)} behind`))
client.on('error', ({ error }) => session.note(error.retryable ? 'warn' : 'bad', error.message))
client.on('closed', ({ reason }) => conversation.happened('', `the call has ended${reason ? `: ${reason}` : ''}`))
client.on('failed', ({ error }) => showProblem(`The call failed: ${error.message}`))
microphone.on('device', ({ label }) => session.note('', `microphone: ${label || 'default'}`))
microphone.on('error', ({ message }) => showProblem(message))

connectFaults(visitor, text => {
  session.note('', text)
  if (inCall()) conversation.happened('', text)
})
watchHealth()

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`
}

const levels = { normal: '', elevated: 'warn', critical: 'bad' }
const rate = limits => ms => [`${Math.round(ms)} ms`, ms > limits[1] ? 'bad' : ms > limits[0] ? 'warn' : '']
const whileInCall = read => () => (inCall() ? read() : undefined)

runCharts(byId('charts'), [
  {
    name: 'outbound lag and level',
    least: 300,
    format: ms => [`${Math.round(ms)} ms, ${quality.level}`, levels[quality.level]],
    read: whileInCall(() => quality.lagMs),
  },
  {
    name: 'sample rate of the bot',
    least: 48,
    steps: true,
    format: khz => [`${khz} kHz`, khz < 16 ? 'warn' : ''],
    read: whileInCall(() => quality.sampleRate && quality.sampleRate / 1000),
  },
  { name: 'round trip', least: 100, format: rate([300, 1000]), read: whileInCall(() => client.stats.rttMs) },
  {
    name: 'uplink unconfirmed',
    least: 1000,
    format: rate([1500, 4000]),
    read: whileInCall(() => client.stats.behindMs),
  },
  {
    name: 'playback buffer',
    least: 600,
    format: ms => [`${Math.round(ms)} ms`, ''],
    read: whileInCall(() => player.position()?.bufferedMs ?? 0),
  },
])

/** Loudness as people hear it: the lowest 50 dB are nothing. */
function loudness(level) {
  return Math.max(0, 1 + (20 * Math.log10(level + 1e-9)) / 50)
}

function frame() {
  byId('mic-level').style.transform = `scaleX(${loudness(microphone.level)})`
  byId('bot-level').style.transform = `scaleX(${loudness(player.level)})`
  const position = player.position()
  if (position) conversation.botHeard(position.utteranceId, position.playedMs)
  requestAnimationFrame(frame)
}
frame()

// The same application on every runtime: a scripted recogniser and synthesiser, and an agent that repeats.
import { createVoiceHandler } from 'voice-ws'
import { voiceRoute } from 'voice-ws/hono'
import { ScriptedStt, ScriptedTts, systemClock } from 'voice-ws/testing'

const silent = { debug() {}, info() {}, warn() {}, error: (fields, message) => console.error(message, fields) }

export function createApp(Hono, upgradeWebSocket) {
  let capabilities
  const voice = createVoiceHandler({
    authenticate: () => 'guest',
    logger: silent,
    limits: { maxLoopDelayMs: 60_000, maxUtilisation: 2 },
    stt: [new ScriptedStt({ clock: systemClock })],
    tts: [new ScriptedTts({ clock: systemClock })],
    agent: ({ text }) => `You said ${text}.`,
  })
  const observed = {
    limits: voice.limits,
    logger: voice.logger,
    admit: (request, options) => voice.admit(request, options),
    open(socket, accept) {
      capabilities = socket.capabilities
      return voice.open(socket, accept)
    },
  }
  const app = new Hono()
  app.get('/voice', voiceRoute(observed, upgradeWebSocket))
  app.get('/capabilities', c => c.json(capabilities ?? {}))
  app.get('/sessions', c => c.json(voice.stats()))
  return { app, voice: observed }
}

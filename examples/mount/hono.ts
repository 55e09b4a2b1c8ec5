import { serve, upgradeWebSocket } from '@hono/node-server'
import { Hono } from 'hono'
import { voiceRoute } from 'voice-ws/hono'
import { voiceServer } from 'voice-ws/ws'
import { voice } from './voice.js'

const app = new Hono()
app.get('/', c => c.text('Call /voice'))
app.get('/voice', voiceRoute(voice, upgradeWebSocket))
const port = Number(process.env.PORT ?? 3000)
serve({ fetch: app.fetch, port, websocket: { server: voiceServer(voice) } })

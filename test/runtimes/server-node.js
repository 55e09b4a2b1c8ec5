import { serve, upgradeWebSocket } from '@hono/node-server'
import { Hono } from 'hono'
import { voiceServer } from 'voice-ws/ws'
import { createApp } from './app.js'

const { app, voice } = createApp(Hono, upgradeWebSocket)
const server = serve(
  { fetch: app.fetch, port: 0, hostname: '127.0.0.1', websocket: { server: voiceServer(voice) } },
  () => {
    console.log(JSON.stringify({ port: server.address().port }))
  },
)

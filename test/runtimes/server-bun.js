import { Hono } from 'hono'
import { upgradeWebSocket, websocket } from 'hono/bun'
import { createApp } from './app.js'

const { app } = createApp(Hono, upgradeWebSocket)
const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: app.fetch, websocket })
console.log(JSON.stringify({ port: server.port }))

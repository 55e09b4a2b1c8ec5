import { Hono } from 'hono'
import { upgradeWebSocket } from 'hono/deno'
import { createApp } from './app.js'

const { app } = createApp(Hono, upgradeWebSocket)
Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: ({ port }) => console.log(JSON.stringify({ port })) }, app.fetch)

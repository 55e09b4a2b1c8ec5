import { Hono } from 'hono'
import { upgradeWebSocket } from 'hono/cloudflare-workers'
import { createApp } from './app.js'
import { talk } from './client.js'

// A worker's timers belong to the request that made them, so a handler serves one connection; a real deployment keeps
// one handler per Durable Object.
let current = createApp(Hono, upgradeWebSocket)

export default {
  async fetch(request, env, context) {
    const url = new URL(request.url)
    if (url.pathname === '/client') return Response.json(await talk(url.searchParams.get('url')))
    if (url.pathname === '/voice') current = createApp(Hono, upgradeWebSocket)
    return current.app.fetch(request, env, context)
  },
}

import fastify from 'fastify'
import { attachVoice } from 'voice-ws/ws'
import { voice } from './voice.js'

const app = fastify()
app.get('/', async () => 'Call /voice')
attachVoice(app.server, voice, { path: '/voice' })
await app.listen({ port: Number(process.env.PORT ?? 3000) })

import { createServer } from 'node:http'
import { attachVoice } from 'voice-ws/ws'
import { voice } from './voice.js'

const server = createServer()
attachVoice(server, voice, { path: '/voice' })
server.listen(Number(process.env.PORT ?? 3000))

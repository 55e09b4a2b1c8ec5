import express from 'express'
import { attachVoice } from 'voice-ws/ws'
import { voice } from './voice.js'

const app = express()
app.get('/', (_request, response) => {
  response.send('Call /voice')
})
const server = app.listen(Number(process.env.PORT ?? 3000))
attachVoice(server, voice, { path: '/voice' })

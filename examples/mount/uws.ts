import uws from 'uWebSockets.js'
import { voiceBehavior } from 'voice-ws/uws'
import { voice } from './voice.js'

const app = uws.App()
app.get('/', response => {
  response.end('Call /voice')
})
app.ws('/voice', voiceBehavior(voice))
app.listen(Number(process.env.PORT ?? 3000), () => {})

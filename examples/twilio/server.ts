import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { createVoiceHandler, type UpgradeRequest } from 'voice-ws'
import { embeddedStt, embeddedTts } from 'voice-ws/providers/embedded'
import { attachVoice } from 'voice-ws/ws'
import { twilioMediaStreams } from './dialect.js'

// The number's webhook answers with:
//   <Response><Connect><Stream url="wss://your.host/twilio"><Parameter name="language" value="en-US"/></Stream></Connect></Response>
const { TWILIO_AUTH_TOKEN = '', STREAM_URL = 'wss://your.host/twilio', PORT = '3000' } = process.env

/** Twilio signs the exact URL of the stream with the account's token. */
function isTwilio(request: UpgradeRequest): boolean {
  const expected = createHmac('sha1', TWILIO_AUTH_TOKEN).update(STREAM_URL).digest()
  const given = Buffer.from(request.headers.get('x-twilio-signature') ?? '', 'base64')
  return TWILIO_AUTH_TOKEN !== '' && given.length === expected.length && timingSafeEqual(given, expected)
}

const voice = createVoiceHandler({
  authenticate: ({ request }) => (isTwilio(request) ? 'twilio' : null),
  configure: () => ({ greeting: 'Hello, who is calling?' }),
  stt: [embeddedStt()],
  tts: [embeddedTts()],
  agent: ({ text }) => `You said: ${text}.`,
})
const server = createServer()
attachVoice(server, voice, { path: '/twilio', dialect: twilioMediaStreams })
server.listen(Number(PORT))

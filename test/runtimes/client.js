// A conversation over the client SDK on the runtime's own WebSocket, whose connection breaks while the user speaks.
import { createVoiceClient } from 'voice-ws/client'
import { silence, speak, textOf } from 'voice-ws/testing'

const format = { encoding: 'linear16', sampleRate: 16_000, channels: 1 }

export async function talk(url) {
  const client = createVoiceClient({ url, config: { audio_out: { sample_rates: [16_000] } } })
  const heard = []
  let spoken = ''
  let resumed = 0
  client.on('resumed', () => resumed++)
  client.on('audio', ({ pcm }) => heard.push(pcm))
  client.on('tts_text', ({ text }) => {
    spoken += text
  })
  const ended = new Promise(resolve => client.on('tts_end', resolve))
  await client.connect()
  for (const audio of [speak('hello world', format), silence(1200, format)]) {
    for (let at = 0; at < audio.length; at += 640) {
      client.sendAudio(audio.subarray(at, at + 640))
      await new Promise(resolve => setTimeout(resolve, 15))
    }
  }
  await Promise.race([ended, new Promise(resolve => setTimeout(resolve, 5000))])
  await client.close()
  const bytes = new Uint8Array(heard.reduce((sum, pcm) => sum + pcm.length, 0))
  let at = 0
  for (const pcm of heard) {
    bytes.set(pcm, at)
    at += pcm.length
  }
  return { spoken, heard: textOf(bytes).trim(), state: client.state, resumed }
}

// Run by itself: node client.js ws://...
const [, , url] = globalThis.process?.argv ?? []
if (url?.startsWith('ws:')) {
  console.log(JSON.stringify(await talk(url)))
  process.exit(0)
}

// One conversation with a server under test, spoken in plain protocol, with a cut in the middle of a sentence.
import { silence, speak, textOf } from 'voice-ws/testing'
import { WebSocket } from 'ws'

const format = { encoding: 'linear16', sampleRate: 16_000, channels: 1 }
const config = { type: 'config', audio_out: { sample_rates: [16_000] } }

class Caller {
  messages = []
  audio = []
  #socket
  #wake = () => {}

  async open(url, first) {
    const socket = new WebSocket(url, ['voice.v1'])
    this.#socket = socket
    socket.on('message', (data, isBinary) => {
      if (this.#socket !== socket) return
      if (isBinary) this.audio.push(data)
      else this.messages.push(JSON.parse(data))
      this.#wake()
    })
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    this.send(first)
  }

  send(message) {
    this.#socket.send(JSON.stringify(message))
  }

  async say(audio) {
    for (let at = 0; at < audio.length; at += 640) {
      this.#socket.send(audio.subarray(at, at + 640))
      await new Promise(resolve => setTimeout(resolve, 15))
    }
  }

  until(type) {
    return this.#find(type, () => true)
  }

  /** The same, of another utterance than this. */
  untilNext(type, utteranceId) {
    return this.#find(type, ({ utterance_id }) => utterance_id !== utteranceId)
  }

  async #find(type, fits) {
    const deadline = Date.now() + 8000
    for (;;) {
      const found = this.messages.find(message => message.type === type && fits(message))
      if (found) return found
      if (Date.now() > deadline) throw new Error(`${type} did not come; ${this.messages.map(({ type }) => type)} did`)
      await new Promise(resolve => {
        this.#wake = resolve
        setTimeout(resolve, 100)
      })
    }
  }

  stall() {
    this.#socket.pause()
  }

  flow() {
    this.#socket.resume()
  }

  cut() {
    this.#socket.terminate()
  }

  close() {
    this.#socket.close(1000)
  }
}

export async function conversation(url) {
  const caller = new Caller()
  await caller.open(url, config)
  await caller.until('ready')
  await caller.say(speak('hello world', format))
  await caller.say(silence(1200, format))
  await caller.until('tts_end')
  caller.close()
  return textOf(Buffer.concat(caller.audio)).trim() === 'You said hello world.'
}

/** The socket breaks in the middle of a sentence; the server has to say where it stopped hearing. */
export async function cut(url) {
  const caller = new Caller()
  await caller.open(url, config)
  const { session_id, resume_token } = await caller.until('ready')
  const audio = speak('one two three four', format)
  await caller.say(audio.subarray(0, 22_400))
  caller.cut()
  await caller.open(url, {
    type: 'resume',
    session_id,
    resume_token,
    last_seq: 0,
    audio_in: { start: 0, end: 22_400 },
    playback: null,
    outage_ms: 100,
    attempt: 1,
    config,
  })
  const { audio_in } = await caller.until('resumed')
  await caller.say(audio.subarray(audio_in.from))
  await caller.say(silence(1200, format))
  const text = (await caller.until('tts_text')).text
  caller.close()
  return text === 'You said one two three four.'
}

/** A client that reads nothing for two seconds gets all that was sent, and the call goes on. */
export async function slowReader(url) {
  const caller = new Caller()
  await caller.open(url, config)
  await caller.until('ready')
  await caller.say(speak('alpha beta gamma', format))
  await caller.say(silence(700, format))
  caller.stall()
  await new Promise(resolve => setTimeout(resolve, 2000))
  caller.flow()
  const { utterance_id, bytes, ms } = await caller.until('tts_end')
  const skippedMs = caller.messages.filter(({ type }) => type === 'tts_skip').reduce((sum, { ms }) => sum + ms, 0)
  const heard = Buffer.concat(caller.audio)
  await caller.say(speak('delta', format))
  await caller.say(silence(700, format))
  await caller.untilNext('tts_start', utterance_id)
  caller.close()
  // 16 kHz of 16 bits: 32 bytes a millisecond. What was left out was announced.
  return heard.length === bytes && Math.abs(bytes / 32 + skippedMs - ms) < 1
}

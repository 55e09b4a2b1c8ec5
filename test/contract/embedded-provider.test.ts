import { afterAll, describe, expect, it } from 'vitest'
// The package itself, as users import it: the engines run in worker threads, whose modules exist only when built.
import { embeddedStt, embeddedTts, shutdownEmbedded, warmUp } from 'voice-ws/providers/embedded'
import { sttProviderSuite, ttsProviderSuite } from '../../src/testing/index.js'
import { FORMAT, holdStream, synthesise } from './fixtures/embedded-speech.js'

await warmUp()
const { audio: speech } = await synthesise('Hello, what time is it in Paris?')

afterAll(shutdownEmbedded)

const stt = embeddedStt()
const full = embeddedStt({ maxSessions: 1 })

sttProviderSuite(
  { describe, it, expect },
  {
    name: 'embedded',
    create: () => stt,
    createFailing() {
      holdStream(full)
      return full
    },
    format: FORMAT,
    speech,
    words: ['hello', 'time', 'paris'],
  },
)

const tts = embeddedTts()
const narrowband = embeddedTts({ voice: 'kal' })

ttsProviderSuite(
  { describe, it, expect },
  { name: 'embedded', create: () => tts, createFailing: () => narrowband, format: FORMAT },
)

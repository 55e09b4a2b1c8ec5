import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpTts } from '../../../examples/provider/http-tts.js'
import { vosk } from '../../../examples/provider/vosk-stt.js'
import { speechOf } from '../../../src/testing/spoken-text.js'
import { speak } from '../../../src/testing/spoken-words.js'
import { sttProviderSuite } from '../../../src/testing/stt-provider-suite.js'
import { ttsProviderSuite } from '../../../src/testing/tts-provider-suite.js'
import { FakeVosk } from '../../fixtures/providers/fake-vosk.js'
import { format, openTts } from '../../fixtures/providers/streams.js'

const api = { describe, it, expect }
const text = 'could you turn on the light in the kitchen'

const recogniser = new FakeVosk()

/** Answers with sound that spells the text, piece by piece. */
const synthesiser = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  for (let at = 0; at < body.length; at += 10) {
    response.write(speechOf(body.slice(at, at + 10), 240, at))
    await new Promise(setImmediate)
  }
  response.end()
})

beforeAll(async () => {
  await recogniser.listen()
  await new Promise<void>(resolve => synthesiser.listen(0, '127.0.0.1', resolve))
})

afterAll(async () => {
  await recogniser.close()
  synthesiser.closeAllConnections()
  await new Promise(resolve => synthesiser.close(resolve))
})

sttProviderSuite(api, {
  name: 'examples/provider/vosk-stt.ts',
  create: () => vosk(recogniser.url),
  createFailing: () => vosk('ws://127.0.0.1:1'),
  format,
  speech: speak(text, format),
  words: text.split(' '),
})

ttsProviderSuite(api, {
  name: 'examples/provider/http-tts.ts',
  create: () => httpTts(`http://127.0.0.1:${(synthesiser.address() as AddressInfo).port}`),
  format: { encoding: 'linear16', sampleRate: 24_000, channels: 1 },
})

it('httpTts fails the context whose request fails, once', async () => {
  const { stream, sink } = await openTts(httpTts('http://127.0.0.1:1'))
  stream.speak('Nobody is there. ', { contextId: 'a' })
  expect((await sink.untilDone('a')).failure).toMatchObject({ class: 'connection' })
  stream.close()
  await sink.until('closed')
  expect(sink.types()).toEqual(['open', 'done', 'closed'])
})

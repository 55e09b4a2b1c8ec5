import { once } from 'node:events'
import speech, { type protos } from '@google-cloud/speech'
import textToSpeech from '@google-cloud/text-to-speech'
import { expect, it } from 'vitest'
import { type GoogleSpeechSdk, google } from '../../../adapters/providers/google.js'
import { textOf } from '../../../src/testing/spoken-text.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { connectStt, format, openStt, pushAll } from '../../fixtures/providers/streams.js'
import type { GoogleServer } from '../google-server.js'

type ResponseV1 = protos.google.cloud.speech.v1.IStreamingRecognizeResponse
type ResponseV2 = protos.google.cloud.speech.v2.IStreamingRecognizeResponse

const config = { encoding: 'LINEAR16', sampleRateHertz: 16_000, languageCode: 'en-US' } as const

export function recogniseV1(server: () => GoogleServer): void {
  it('hears interims in parts, ends of speech, finals with times, and the end', async () => {
    const client = new speech.v1.SpeechClient(server().clientOptions)
    const responses: ResponseV1[] = []
    const stream = client.streamingRecognize({
      config: { ...config, enableWordTimeOffsets: true },
      interimResults: true,
      enableVoiceActivityEvents: true,
    } as never)
    stream.on('data', (response: ResponseV1) => responses.push(response))
    stream.write(speak('hello world', format))
    stream.write(silence(700, format))
    stream.end()
    await once(stream, 'end')
    expect(responses.flatMap(({ speechEventType }) => speechEventType ?? [])).toEqual(
      expect.arrayContaining(['SPEECH_ACTIVITY_BEGIN', 'SPEECH_ACTIVITY_END']),
    )
    const finals = responses.flatMap(({ results }) => results ?? []).filter(({ isFinal }) => isFinal)
    expect(finals.map(({ alternatives }) => alternatives?.[0]?.transcript)).toEqual(['hello world'])
    expect(responses.some(({ results }) => results?.length === 2)).toBe(true)
    await client.close()
  })

  it.each([
    ['an audio message is too large', 3, 30_000],
    ['no audio comes', 11, 0],
  ])('is told when %s', async (_, code, bytes) => {
    const client = new speech.v1.SpeechClient(server().clientOptions)
    const stream = client._streamingRecognize()
    stream.on('data', () => {})
    stream.write({ streamingConfig: { config } })
    if (bytes > 0) stream.write({ audioContent: new Uint8Array(bytes) })
    const [error] = await once(stream, 'error').catch((error: unknown) => [error])
    expect(error).toMatchObject({ code })
    await client.close()
  })

  it('holds audio back where Google does not read, because it does not keep it for retries', async () => {
    server().fake.next({ stallReads: true })
    const { stt } = google(server().bench.options)
    const { stream, sink } = await openStt(stt)
    let bytes = 0
    while (bytes < 2_000_000 && stream.push(new Uint8Array(3200))) {
      bytes += 3200
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(bytes).toBeLessThan(400_000)
    server().fake.last.read()
    await sink.until('drain')
    stream.abort()
  })

  it('refuses a package that was given and is none, with what to do', async () => {
    const { sink } = connectStt(google({ stt: { sdk: {} as GoogleSpeechSdk } }).stt)
    expect((await sink.until('closed')).failure).toMatchObject({
      class: 'auth',
      reason: expect.stringContaining('cannot be used'),
    })
  })
}

export function recogniseV2(server: () => GoogleServer): void {
  it('hears finals with offsets, and the end', async () => {
    const client = new speech.v2.SpeechClient(server().clientOptions)
    const stream = client._streamingRecognize()
    const responses: ResponseV2[] = []
    stream.on('data', (response: ResponseV2) => responses.push(response))
    stream.write({
      recognizer: 'projects/p/locations/global/recognizers/_',
      streamingConfig: {
        config: {
          explicitDecodingConfig: { encoding: 'LINEAR16', sampleRateHertz: 16_000, audioChannelCount: 1 },
          languageCodes: ['en-US'],
          model: 'latest_long',
        },
      },
    })
    stream.write({ audio: speak('hello', format) })
    stream.end()
    await once(stream, 'end')
    const [final] = responses.flatMap(({ results }) => results ?? []).filter(({ isFinal }) => isFinal)
    expect(final?.alternatives?.[0]?.transcript).toBe('hello')
    expect(final?.resultEndOffset?.seconds).toBeDefined()
    await client.close()
  })

  it('is told that it must name a recognizer', async () => {
    const client = new speech.v2.SpeechClient(server().clientOptions)
    const stream = client._streamingRecognize()
    stream.on('data', () => {})
    stream.write({ streamingConfig: { config: { languageCodes: ['en-US'] } } })
    const [error] = await once(stream, 'error').catch((error: unknown) => [error])
    expect(error).toMatchObject({ code: 3 })
    await client.close()
  })

  it('makes one call after another in one stream', async () => {
    const { stt } = google({ ...server().bench.options, stt: { ...server().bench.options.stt, api: 'v2' } })
    const { stream, sink } = await openStt(stt)
    for (const word of ['one', 'two', 'three']) {
      pushAll(stream, speak(word, format))
      stream.finalize?.()
    }
    await sink.until('finalized', () => true, 3)
    expect(sink.texts('final')).toEqual(['one', 'two', 'three'])
    stream.abort()
  })
}

interface AudioResponse {
  readonly audioContent?: Uint8Array
}

export function streamingSynthesize(server: () => GoogleServer): void {
  const first = {
    streamingConfig: {
      voice: { languageCode: 'en-US', name: 'en-US-Chirp3-HD-Charon' },
      streamingAudioConfig: { audioEncoding: 'PCM', sampleRateHertz: 16_000 },
    },
  }

  it('hears what it has written, and the end', async () => {
    const client = new textToSpeech.TextToSpeechClient(server().clientOptions)
    const stream = client.streamingSynthesize()
    const audio: Uint8Array[] = []
    stream.on('data', ({ audioContent }: AudioResponse) => audio.push(audioContent ?? new Uint8Array()))
    stream.write(first)
    stream.write({ input: { text: 'Hello there. ' } })
    stream.write({ input: { text: 'Bye.' } })
    stream.end()
    await once(stream, 'end')
    expect(textOf(Buffer.concat(audio))).toBe('Hello there. Bye.')
    await client.close()
  })

  it('is aborted when text is late, after the audio of what came', async () => {
    const client = new textToSpeech.TextToSpeechClient(server().clientOptions)
    const stream = client.streamingSynthesize()
    const audio: Uint8Array[] = []
    stream.on('data', ({ audioContent }: AudioResponse) => audio.push(audioContent ?? new Uint8Array()))
    stream.write(first)
    stream.write({ input: { text: 'Hello.' } })
    const [error] = await once(stream, 'error').catch((error: unknown) => [error])
    expect(error).toMatchObject({ code: 10, details: expect.stringContaining('at least every 5s') })
    expect(textOf(Buffer.concat(audio))).toBe('Hello.')
    await client.close()
  })
}

export function synthesizeSpeech(server: () => GoogleServer): void {
  it('gets a WAV file for a text', async () => {
    const client = new textToSpeech.TextToSpeechClient(server().clientOptions)
    const [{ audioContent }] = await client.synthesizeSpeech({
      input: { text: 'Hello.' },
      voice: { languageCode: 'en-US', name: 'en-US-Neural2-C' },
      audioConfig: { audioEncoding: 'LINEAR16', sampleRateHertz: 16_000 },
    })
    const file = Buffer.from(audioContent as Uint8Array)
    expect(file.subarray(0, 4).toString()).toBe('RIFF')
    expect(textOf(file.subarray(file.indexOf('data') + 8))).toBe('Hello.')
    await client.close()
  })

  it('is told that a text is too long', async () => {
    const client = new textToSpeech.TextToSpeechClient(server().clientOptions)
    const input = { text: 'x'.repeat(5001) }
    const audioConfig = { audioEncoding: 'LINEAR16', sampleRateHertz: 16_000 } as const
    await expect(client.synthesizeSpeech({ input, voice: {}, audioConfig })).rejects.toMatchObject({ code: 3 })
    await client.close()
  })
}

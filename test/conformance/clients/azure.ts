import * as sdk from 'microsoft-cognitiveservices-speech-sdk'
import { expect, it } from 'vitest'
import { ssmlOf } from '../../../adapters/providers/azure/ssml.js'
import { azure } from '../../../adapters/providers/azure.js'
import { textOf } from '../../../src/testing/spoken-text.js'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import type { FakeAzure } from '../../fixtures/providers/azure/fake-azure.js'
import { fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { format, openStt, openTts, pushAll } from '../../fixtures/providers/streams.js'

function configOf(fake: FakeAzure, key = fakeKey): sdk.SpeechConfig {
  return sdk.SpeechConfig.fromHost(new URL(fake.url), key)
}

export function recognise(fake: () => FakeAzure): void {
  it('hears interims, phrases with words, the start of speech and the end', async () => {
    const config = configOf(fake())
    config.requestWordLevelTimestamps()
    const push = sdk.AudioInputStream.createPushStream(sdk.AudioStreamFormat.getWaveFormatPCM(16_000, 16, 1))
    const recognizer = new sdk.SpeechRecognizer(config, sdk.AudioConfig.fromStreamInput(push))
    const heard: string[] = []
    recognizer.speechStartDetected = (_, { offset }) => void heard.push(`start ${offset}`)
    recognizer.recognizing = (_, { result }) => void heard.push(`interim ${result.text}`)
    recognizer.recognized = (_, { result }) =>
      void heard.push(`final ${JSON.parse(result.json).NBest?.[0]?.Words.length}`)
    const stopped = new Promise<void>(resolve => {
      recognizer.sessionStopped = () => resolve()
    })
    recognizer.startContinuousRecognitionAsync()
    for (const audio of [speak('hello world', format), silence(700, format)]) push.write(audio.slice().buffer)
    push.close()
    await stopped
    expect(heard.slice(0, 4)).toEqual(['start 0', 'interim hello', 'interim hello world', 'final 2'])
    recognizer.close()
  })

  it('hears every utterance of a long stream in one time, over one connection for each finalize', async () => {
    const { stream, sink } = await openStt(azure({ apiKey: fakeKey, baseUrl: fake().url, sdk }).stt)
    for (const word of ['one', 'two', 'three']) {
      pushAll(stream, speak(word, format))
      stream.finalize?.()
    }
    await sink.until('finalized', () => true, 3)
    const finals = sink.of('transcript').filter(({ transcript: { kind, text } }) => kind === 'speech-final' && text)
    expect(finals.map(({ transcript }) => transcript.text)).toEqual(['one', 'two', 'three'])
    const starts = finals.map(({ transcript }) => transcript.startMs)
    expect(starts).toEqual(starts.toSorted((a, b) => a - b))
    expect(fake().connections).toHaveLength(3)
    stream.abort()
  })

  it('fails when the connection is cut after a phrase, and ends what the client connects again by itself', async () => {
    fake().next({ closeAfter: { bytes: 40_000 } })
    const { stream, sink } = await openStt(azure({ apiKey: fakeKey, baseUrl: fake().url, sdk }).stt)
    pushAll(stream, speak('hello', format), silence(700, format))
    await sink.untilTranscript('speech-final', 'hello')
    pushAll(stream, silence(1000, format))
    const { failure } = await sink.until('closed')
    expect(failure).toMatchObject({ class: 'connection', requestId: expect.any(String) })
    expect(JSON.stringify(failure)).not.toContain(fakeKey)
    await fake().last.ended
    expect(sink.texts('speech-final')).toEqual(['hello'])
  })

  it('makes the client ask for what was configured', async () => {
    const stt = { segmentationSilenceMs: 300 }
    const provider = azure({ apiKey: fakeKey, baseUrl: fake().url, sdk, stt }).stt
    const { stream, sink } = await openStt(provider, { language: 'de-DE', keyterms: ['Straße'] })
    pushAll(stream, speak('eins', format))
    await sink.untilTranscript('interim')
    expect(Object.fromEntries(fake().last.query)).toMatchObject({ language: 'de-DE', format: 'detailed' })
    const context = fake().last.texts.find(text => /^path: speech.context/im.test(text))
    expect(context).toContain('"segmentationSilenceTimeoutMs":300')
    expect(context).toContain('"items":[{"text":"Straße"}]')
    stream.abort()
  })

  it('tells what the client has not sent', async () => {
    const { stream } = await openStt(azure({ apiKey: fakeKey, baseUrl: fake().url, sdk }).stt)
    pushAll(stream, silence(1000, format))
    expect(stream.bufferedBytes).toBeGreaterThan(0)
    await expect.poll(() => stream.bufferedBytes, { timeout: 3000 }).toBe(0)
    stream.abort()
  })
}

export function synthesise(fake: () => FakeAzure): void {
  const voice = { name: 'en-US-AvaNeural', language: 'en-US', speakingRate: 1.2, style: 'chat' }

  it('hears audio and the times of words, for what its markup said', async () => {
    const config = configOf(fake())
    config.speechSynthesisOutputFormat = sdk.SpeechSynthesisOutputFormat.Raw16Khz16BitMonoPcm
    const synthesizer = new sdk.SpeechSynthesizer(config, null)
    const words: string[] = []
    synthesizer.wordBoundary = (_, { text }) => void words.push(text)
    const result = await new Promise<sdk.SpeechSynthesisResult>((resolve, reject) => {
      synthesizer.speakSsmlAsync(ssmlOf('Tom & "Jerry" <3.', voice), resolve, reject)
    })
    expect(result.reason).toBe(sdk.ResultReason.SynthesizingAudioCompleted)
    expect(textOf(new Uint8Array(result.audioData))).toBe('Tom & "Jerry" <3.')
    expect(words).toEqual(['Tom', 'Jerry', '3'])
    synthesizer.close()
  })

  it('is told what it cannot have', async () => {
    const synthesizer = new sdk.SpeechSynthesizer(configOf(fake()), null)
    const result = await new Promise<sdk.SpeechSynthesisResult>((resolve, reject) => {
      synthesizer.speakSsmlAsync(ssmlOf('Hello.', { ...voice, name: 'Nobody' }), resolve, reject)
    })
    expect(result.errorDetails).toContain('Unsupported voice Nobody')
    synthesizer.close()
  })

  it('loses a text that Azure refuses, with its words', async () => {
    const { stream, sink } = await openTts(azure({ apiKey: fakeKey, baseUrl: fake().url, sdk }).tts, {
      voiceId: 'Nobody',
    })
    stream.speak('Hello.', { contextId: 'a', end: true })
    expect((await sink.untilDone('a')).failure).toMatchObject({ class: 'data', closeCode: 1007 })
    stream.abort()
  })

  it('fails when the connection is cut while it speaks, and the next stream speaks again', async () => {
    fake().next({ closeAfter: { said: 20_000 } })
    const { tts } = azure({ apiKey: fakeKey, baseUrl: fake().url, sdk })
    const cut = await openTts(tts)
    cut.stream.speak('A very long story. '.repeat(20), { contextId: 'a', end: true })
    expect((await cut.sink.until('closed')).failure).toMatchObject({ class: 'connection' })
    const { stream, sink } = await openTts(tts)
    stream.speak('Hello.', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe('Hello.')
    stream.abort()
  })

  it('connects again for the next text when the connection was closed in silence', async () => {
    const { stream, sink } = await openTts(azure({ apiKey: fakeKey, baseUrl: fake().url, sdk }).tts)
    fake().last.close(1000, 'idle')
    await fake().last.ended
    stream.speak('Hello.', { contextId: 'a', end: true })
    await sink.untilDone('a')
    expect(sink.heard('a')).toBe('Hello.')
    expect(fake().connections).toHaveLength(2)
    stream.abort()
  })
}

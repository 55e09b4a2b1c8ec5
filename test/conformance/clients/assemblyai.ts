import { StreamingTranscriber, type TurnEvent } from 'assemblyai'
import { expect, it } from 'vitest'
import { silence, speak } from '../../../src/testing/spoken-words.js'
import { type FakeVendor, fakeKey } from '../../fixtures/providers/fake-vendor.js'
import { format } from '../../fixtures/providers/streams.js'
import { Inbox } from '../inbox.js'

type Model = 'universal-3-5-pro' | 'universal-streaming-english'

interface Heard {
  readonly type: string
  readonly turn?: TurnEvent
}

interface Untyped {
  on(event: string, listener: () => void): void
}

/** It speaks TLS only. The certificate names localhost. */
function clientOf(fake: FakeVendor, speechModel: Model, apiKey = fakeKey): StreamingTranscriber {
  const websocketBaseUrl = `${fake.url.replace('127.0.0.1', 'localhost')}/v3/ws`
  return new StreamingTranscriber({
    apiKey,
    websocketBaseUrl,
    speechModel,
    sampleRate: format.sampleRate,
    formatTurns: true,
    maxConnectionRetries: 0,
  })
}

/** In messages of a length that the vendor takes. */
function send(client: StreamingTranscriber, ...audio: readonly Uint8Array[]): void {
  for (const pcm of audio)
    for (let at = 0; at < pcm.length; at += 3200) client.sendAudio(Uint8Array.from(pcm.subarray(at, at + 3200)).buffer)
}

function listen(client: StreamingTranscriber): Inbox<Heard> {
  const inbox = new Inbox<Heard>()
  client.on('turn', turn => inbox.add({ type: turn.end_of_turn ? 'end' : 'partial', turn }))
  // It has this event, but its types do not.
  ;(client as Untyped).on('speechStarted', () => inbox.add({ type: 'speechStarted' }))
  client.on('error', error => inbox.add({ type: `error: ${error.message}` }))
  client.on('close', code => inbox.add({ type: `close ${code}` }))
  return inbox
}

export function thirdGeneration(fake: () => FakeVendor): void {
  it('hears onsets, turns, the answer to a forced end, and goodbye', async () => {
    const client = clientOf(fake(), 'universal-3-5-pro')
    const inbox = listen(client)
    expect(await client.connect()).toMatchObject({ type: 'Begin', id: 'request-1' })
    send(client, speak('turn it on', format), silence(1100, format))
    const { turn } = await inbox.until('end')
    expect(turn).toMatchObject({ turn_order: 0, transcript: 'turn it on', turn_is_formatted: true })
    expect(inbox.messages.map(({ type }) => type)).toEqual(['speechStarted', 'partial', 'partial', 'partial', 'end'])
    client.keepAlive()
    client.updateConfiguration({ keyterms_prompt: ['lamp'] })
    send(client, speak('off', format))
    client.forceEndpoint()
    await inbox.until('end', heard => heard.turn?.transcript === 'off')
    // Waits for the vendor's own goodbye.
    await client.close()
    expect(fake().last.messages.at(-1)).toEqual({ type: 'Terminate' })
  })

  it('is told of a wrong key after the upgrade', async () => {
    const client = clientOf(fake(), 'universal-3-5-pro', 'wrong')
    await expect(client.connect()).rejects.toThrow('Missing Authorization header')
  })

  it('is told that a message is too short', async () => {
    const client = clientOf(fake(), 'universal-3-5-pro')
    const inbox = listen(client)
    await client.connect()
    client.sendAudio(new Uint8Array(640).buffer)
    await inbox.until('error: Input duration violation: 20 ms. Expected between 50 and 1000 ms')
    await inbox.until('close 3007')
  })
}

export function secondGeneration(fake: () => FakeVendor): void {
  it('hears the end of a turn twice, formatted the second time', async () => {
    const client = clientOf(fake(), 'universal-streaming-english')
    const inbox = listen(client)
    await client.connect()
    send(client, speak('turn it on', format), silence(1100, format))
    await inbox.until('end', heard => heard.turn?.turn_is_formatted === true)
    expect(inbox.of('end').map(({ turn }) => turn?.transcript)).toEqual(['turn it on', 'Turn it on.'])
    // The word that is being spoken is not in the transcript.
    expect(inbox.of('partial').map(({ turn }) => turn?.transcript)).toEqual(['', 'turn', 'turn it'])
    await client.close()
  })
}

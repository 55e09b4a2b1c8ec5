import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { twilioMediaStreams } from '../../examples/twilio/dialect.js'
import { createVoiceHandler, type VoiceSession } from '../../src/index.js'
import type { PlayedMark } from '../../src/protocol/dialect.js'
import type { ClientMessage } from '../../src/protocol/messages.js'
import { ManualClock, memorySocketPair, ScriptedStt, ScriptedTts } from '../../src/testing/index.js'
import { silentLogger } from '../../src/util/logger.js'

// The messages as Twilio documents them.
const streamSid = 'MZ18ad3ab5a668481ce02b83e7395059f0'
const callSid = 'CA1234567890ACBDEF1234567890ABCDEF'
const accountSid = 'AC1234567890ACBDEF1234567890ABCDEF'
const connected = { event: 'connected', protocol: 'Call', version: '1.0.0' }
const start = {
  event: 'start',
  sequenceNumber: '1',
  start: {
    accountSid,
    streamSid,
    callSid,
    tracks: ['inbound'],
    mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
    customParameters: { language: 'en-US', token: 'secret', plan: 'gold' },
  },
  streamSid,
}
const mulaw = Uint8Array.from({ length: 160 }, (_, index) => (index * 37) & 0xff)
const media = {
  event: 'media',
  sequenceNumber: '3',
  media: { track: 'inbound', chunk: '1', timestamp: '5', payload: Buffer.from(mulaw).toString('base64') },
  streamSid,
}
const dtmf = { event: 'dtmf', streamSid, sequenceNumber: '5', dtmf: { track: 'inbound_track', digit: '7' } }
const mark = { event: 'mark', sequenceNumber: '4', streamSid, mark: { name: 'my label' } }
const stop = { event: 'stop', sequenceNumber: '6', stop: { accountSid, callSid }, streamSid }

function decodeAll(...messages: unknown[]) {
  const dialect = twilioMediaStreams()
  const decoded: (ClientMessage | PlayedMark)[] = []
  const audio: number[] = []
  const out = {
    message: (message: ClientMessage | PlayedMark) => decoded.push(message),
    audio: (bytes: Uint8Array) => audio.push(...bytes),
  }
  const errors = messages.map(message => dialect.decode(JSON.stringify(message), out))
  return { dialect, decoded, audio, errors: errors.filter(error => error !== null) }
}

describe('the Twilio dialect', () => {
  it('reads the documented sequence', () => {
    const { decoded, audio, errors } = decodeAll(connected, start, media, mark, dtmf, stop)
    expect(errors).toEqual([])
    expect(audio).toEqual([...mulaw])
    expect(decoded).toEqual([
      {
        type: 'config',
        stream_id: streamSid,
        audio: true,
        stt_config: { sample_rate: 8000, channels: 1, encoding: 'mulaw', language: 'en-US' },
        tts_config: { audio_format: 'mulaw', sample_rate: 8000 },
        token: 'secret',
        metadata: { callSid, plan: 'gold' },
      },
      { type: 'event', name: 'dtmf', data: { digit: '7' } },
      { type: 'bye', reason: 'stop' },
    ])
  })

  it('writes media, marks and clear for the stream, and nothing else', () => {
    const { dialect } = decodeAll(connected, start)
    expect(JSON.parse(dialect.encodeAudio(mulaw, 'u1') as string)).toEqual({
      event: 'media',
      streamSid,
      media: { payload: media.media.payload },
    })
    expect(JSON.parse(dialect.encode({ type: 'clear', through: 'u1', reason: 'barge_in' })!)).toEqual({
      event: 'clear',
      streamSid,
    })
    expect(JSON.parse(dialect.encodeMark!('u1', 1200.4))).toEqual({
      event: 'mark',
      streamSid,
      mark: { name: '1200 u1' },
    })
    expect(dialect.encode({ type: 'vad_event', event: 'speech_start', timestamp_ms: 1 })).toBe(null)
  })

  it('reads what was played from its own marks, whatever the utterance is called', () => {
    const { decoded, errors } = decodeAll(
      start,
      { ...mark, mark: { name: '1200 u1' } },
      { ...mark, mark: { name: '20 an id: 7' } },
      { ...mark, mark: { name: 7 } },
      { ...mark, mark: undefined },
    )
    expect(errors).toEqual([])
    expect(decoded.slice(1)).toEqual([
      { type: 'mark', utterance_id: 'u1', played_ms: 1200 },
      { type: 'mark', utterance_id: 'an id: 7', played_ms: 20 },
    ])
  })

  it('takes the least that serialisers of others send, and not our own voice back', () => {
    const { audio, errors } = decodeAll(
      { event: 'start', start: { streamSid } },
      { event: 'media', media: { payload: media.media.payload } },
      { event: 'media', media: { track: 'outbound', payload: media.media.payload } },
    )
    expect(errors).toEqual([])
    expect(audio).toEqual([...mulaw])
  })

  it('names what is wrong', () => {
    const { errors } = decodeAll(
      { event: 'start', start: {} },
      { event: 'media', media: {} },
      { event: 'new' },
      'text',
      null,
      { event: 7 },
    )
    expect(errors.map(error => [error.code, error.field])).toEqual([
      ['bad_message', 'start.streamSid'],
      ['bad_message', 'media.payload'],
      ['unknown_type', 'event'],
      ['bad_message', 'event'],
      ['bad_message', 'event'],
      ['bad_message', 'event'],
    ])
  })

  it('never throws', () => {
    const ignore = { message() {}, audio() {} }
    const nested = fc.oneof(fc.json(), fc.string(), fc.uint8Array())
    const almost = fc.record({
      event: fc.constantFrom('start', 'media', 'dtmf', 'stop', 'mark'),
      start: fc.anything(),
      media: fc.anything(),
      dtmf: fc.anything(),
    })
    fc.assert(
      fc.property(
        fc.oneof(
          nested,
          almost.map(message => JSON.stringify(message) ?? ''),
        ),
        data => {
          twilioMediaStreams().decode(data, ignore)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('a call from Twilio', () => {
  it('is greeted in mu-law, delivers its keys and its sound, and ends with stop', async () => {
    const clock = new ManualClock()
    const sessions: VoiceSession<null>[] = []
    const heard: number[] = []
    const events: unknown[] = []
    const [stt, tts] = [new ScriptedStt({ clock }), new ScriptedTts({ clock })]
    const voice = createVoiceHandler({
      configure: () => ({ greeting: 'Hello.' }),
      stt: [stt],
      tts: [tts],
      onSession(session) {
        sessions.push(session)
        session.tap('in', ({ audio }) => heard.push(audio.length))
        session.on('event', event => events.push(event))
      },
      clock,
      logger: silentLogger,
    })
    const accept = await voice.admit(
      {
        url: '/twilio',
        method: 'GET',
        headers: new Map(),
        protocols: [],
        signal: new AbortController().signal,
        context: undefined,
        raw: undefined,
      },
      { dialect: twilioMediaStreams },
    )
    if (!accept.ok) throw new Error('refused')
    const { socket, peer } = memorySocketPair()
    peer.attach(voice.open(socket, accept))
    const send = (message: object) => peer.send(JSON.stringify(message))
    send(connected)
    send(start)
    await clock.advanceAsync(100)
    const quiet = { ...media, media: { ...media.media, payload: Buffer.alloc(160, 0xff).toString('base64') } }
    for (let frame = 0; frame < 50; frame++) {
      send(quiet)
      await clock.advanceAsync(20)
    }
    send(dtmf)
    await clock.advanceAsync(2000)

    expect(sessions[0]).toMatchObject({ state: 'active', streamId: streamSid, metadata: { callSid, plan: 'gold' } })
    expect(heard.reduce((sum, bytes) => sum + bytes, 0)).toBe(50 * 160)
    expect(events).toEqual([{ name: 'dtmf', data: { digit: '7' } }])
    const kinds = new Set(peer.messages.map(message => message.event))
    expect(kinds).toEqual(new Set(['media', 'mark']))
    const spoken = peer.messages.flatMap(({ event, media }) =>
      event === 'media' ? Buffer.from((media as { payload: string }).payload, 'base64') : [],
    )
    expect(Buffer.concat(spoken).length).toBeGreaterThan(1000)

    send(stop)
    await clock.advanceAsync(5000)
    expect([peer.closed?.code, voice.sessions.size, clock.pending]).toEqual([1000, 0, 0])
    expect([stt.openStreams, tts.openStreams]).toEqual([0, 0])
  })
})

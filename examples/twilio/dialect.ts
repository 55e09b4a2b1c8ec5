import type { ConfigMessage, DecodeError, Dialect } from 'voice-ws'

type Fields = Readonly<Record<string, unknown>>

/** Twilio Media Streams, bidirectional (`<Connect><Stream>`): JSON around mu-law at 8 kHz in base64, one stream a socket. */
export function twilioMediaStreams(): Dialect {
  let streamSid = ''
  return {
    name: 'twilio',
    features: {
      resume: false,
      acks: false,
      clear: true,
      markers: false,
      heartbeat: false,
      playback: 'mark',
      config: 'implicit',
      textAudio: true,
    },
    decode(data, out) {
      const message = parse(data)
      // A message carries its content under its own name.
      const content = fieldsOf(message[String(message.event)])
      switch (message.event) {
        case 'start':
          if (typeof content.streamSid !== 'string') return wrong('start.streamSid')
          streamSid = content.streamSid
          out.message(configOf(streamSid, content))
          return null
        case 'media':
          if (typeof content.payload !== 'string') return wrong('media.payload')
          // With both tracks streamed, `outbound` is our own voice.
          if (content.track !== 'outbound') out.audio(Buffer.from(content.payload, 'base64'))
          return null
        case 'dtmf':
          out.message({ type: 'event', name: 'dtmf', data: { digit: content.digit } })
          return null
        case 'stop':
          out.message({ type: 'bye', reason: 'stop' })
          return null
        case 'mark': {
          const [, ms, utteranceId] = /^(\d+) (.+)$/.exec(String(content.name)) ?? []
          if (utteranceId) out.message({ type: 'mark', utterance_id: utteranceId, played_ms: Number(ms) })
          return null
        }
        case 'connected':
          return null
        default:
          return typeof message.event === 'string' ? { ...wrong('event'), code: 'unknown_type' } : wrong('event')
      }
    },
    encode: message => (message.type === 'clear' ? JSON.stringify({ event: 'clear', streamSid }) : null),
    encodeAudio(audio) {
      const payload = Buffer.from(audio.buffer, audio.byteOffset, audio.length).toString('base64')
      return JSON.stringify({ event: 'media', streamSid, media: { payload } })
    },
    encodeMark: (utteranceId, ms) =>
      JSON.stringify({ event: 'mark', streamSid, mark: { name: `${Math.round(ms)} ${utteranceId}` } }),
  }
}

/** `<Parameter>` elements become metadata, except for `token` and `language`, which say how to treat the call. */
function configOf(streamSid: string, start: Fields): ConfigMessage {
  const { token, language, ...parameters } = fieldsOf(start.customParameters)
  return {
    type: 'config',
    stream_id: streamSid,
    audio: true,
    stt_config: { sample_rate: 8000, channels: 1, encoding: 'mulaw', language: textOf(language) },
    tts_config: { audio_format: 'mulaw', sample_rate: 8000 },
    token: textOf(token),
    metadata: { callSid: start.callSid, ...parameters },
  }
}

function parse(data: string | Uint8Array): Fields {
  try {
    return typeof data === 'string' ? fieldsOf(JSON.parse(data)) : {}
  } catch {
    return {}
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function wrong(field: string): DecodeError {
  return { code: 'bad_message', field, message: `${field}: is missing or not what Twilio documents` }
}

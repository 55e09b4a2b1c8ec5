import type { AudioFormat } from '../../../src/audio/format.js'
import type { SttRequest } from '../../../src/providers/contracts.js'
import type { GoogleSttOptions } from './options.js'

/** How much likelier a keyterm is than by itself; 10 to 20 are advised (docs, Improve transcription results with model adaptation). */
const keytermBoost = 10

/** The first message of `google.cloud.speech.v1.Speech/StreamingRecognize`. */
export function requestV1(options: GoogleSttOptions, { format, options: wanted }: SttRequest): object {
  return {
    streamingConfig: {
      config: {
        encoding: encodingOf(format),
        sampleRateHertz: format.sampleRate,
        audioChannelCount: format.channels,
        languageCode: wanted.language ?? options.language ?? 'en-US',
        model: wanted.model ?? options.model ?? 'latest_long',
        enableAutomaticPunctuation: wanted.punctuate ?? true,
        enableWordTimeOffsets: true,
        ...(wanted.keyterms?.length && { speechContexts: [{ phrases: wanted.keyterms, boost: keytermBoost }] }),
        ...options.config,
        ...wanted.vendor,
      },
      interimResults: true,
      enableVoiceActivityEvents: options.voiceActivityEvents ?? true,
    },
  }
}

/** The first message of `google.cloud.speech.v2.Speech/StreamingRecognize`. */
export function requestV2(
  options: GoogleSttOptions,
  { format, options: wanted }: SttRequest,
  { projectId, location }: { readonly projectId: string; readonly location: string },
): object {
  const { recognizer = '_' } = options
  const { features, ...config } = { ...options.config, ...wanted.vendor }
  const phrases = wanted.keyterms?.map(value => ({ value, boost: keytermBoost }))
  return {
    recognizer: recognizer.includes('/')
      ? recognizer
      : `projects/${projectId}/locations/${location}/recognizers/${recognizer}`,
    streamingConfig: {
      config: {
        explicitDecodingConfig: {
          encoding: encodingOf(format),
          sampleRateHertz: format.sampleRate,
          audioChannelCount: format.channels,
        },
        languageCodes: [wanted.language ?? options.language ?? 'en-US'],
        model: wanted.model ?? options.model ?? 'latest_long',
        features: {
          enableAutomaticPunctuation: wanted.punctuate ?? true,
          enableWordTimeOffsets: true,
          ...(features as object | undefined),
        },
        ...(phrases?.length && { adaptation: { phraseSets: [{ inlinePhraseSet: { phrases } }] } }),
        ...config,
      },
      streamingFeatures: {
        interimResults: true,
        enableVoiceActivityEvents: options.voiceActivityEvents ?? true,
      },
    },
  }
}

function encodingOf({ encoding }: AudioFormat): string {
  return encoding.toUpperCase()
}

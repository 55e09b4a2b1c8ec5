import type { AudioFormat, SttProvider, TtsProvider } from 'voice-ws'
import { embeddedTts } from 'voice-ws/providers/embedded'
import { UnknownFields } from './known-messages.js'
import { probeRecognition, type RecognitionProbe } from './recognition.js'
import { probeSpeech, type SpeechProbe } from './speech.js'
import { ProbeError } from './stream-events.js'
import { type ProbeAccount, type ProbedVendor, vendors } from './vendors.js'

const sentence = 'The quick brown fox jumps over the lazy dog, and then it sleeps in the warm afternoon sun.'

/**
 * Asks a vendor to say a sentence and to recognise it again, live. Whoever has no key at hand learns which one is needed.
 *
 * @returns the exit code: 0 when it works, 1 when it does not, 2 when there is no key.
 */
export async function probe(
  name: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  print: (line: string) => void,
): Promise<number> {
  const vendor = vendors[name ?? '']
  if (!name || !vendor) {
    print(`usage: npm run probe -- ${Object.keys(vendors).join('|')}`)
    return 1
  }
  const apiKey = env[vendor.environment]
  if (!apiKey) {
    print(`${name}: no key; set ${vendor.environment}`)
    return 2
  }
  const unknown = new UnknownFields(vendor.known)
  const account = { apiKey, baseUrl: env.PROBE_BASE_URL, onMessage: unknown.see.bind(unknown) }
  try {
    const { stt, tts } = create(vendor, account)
    const speaker = tts ?? embeddedTts()
    const format = sharedFormat(stt, speaker)
    const speech = await probeSpeech(speaker, sentence, format)
    if (tts) print(`tts  ${speechLine(speech)}`)
    const recognition = await probeRecognition(stt, speech.audio, format)
    print(`stt  ${recognitionLine(recognition)}`)
    const heard = matches(recognition.text)
    const said = wordsOf(sentence).length
    print(`     heard ${heard} of ${said} words: "${recognition.text}"`)
    if (heard < said / 2) throw new ProbeError('it heard less than half of what was said')
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error
    print(`${name} failed: ${error.message}`)
    return 1
  } finally {
    if (unknown.found.length > 0) print(`     not known to the adapter: ${unknown.found.join(', ')}`)
  }
  return 0
}

/** What is missing beside the key, such as a region or the vendor's own client, is told where a vendor is created. */
function create(vendor: ProbedVendor, account: ProbeAccount): ReturnType<ProbedVendor['create']> {
  try {
    const { stt, tts } = vendor.create(account)
    return { stt, ...(tts && { tts }) }
  } catch (error) {
    throw new ProbeError(error instanceof Error ? error.message : String(error))
  }
}

/** What is heard must be what was said: nothing is converted in between. */
function sharedFormat(stt: SttProvider, tts: TtsProvider): AudioFormat {
  const shared = stt.capabilities.formats.find(({ encoding, sampleRate }) => {
    return (
      encoding === 'linear16' &&
      tts.capabilities.formats.some(one => one.encoding === encoding && one.sampleRate === sampleRate)
    )
  })
  if (!shared) throw new ProbeError(`${stt.name} does not hear what ${tts.name} speaks`)
  return shared
}

function speechLine({ connectMs, firstAudioMs, speechMs, totalMs, timed, requestId }: SpeechProbe): string {
  const speed = (speechMs / totalMs).toFixed(1)
  const times = timed > 0 ? `, ${timed} times` : ''
  return `${connection(connectMs, requestId)}, first audio after ${ms(firstAudioMs)}, ${ms(speechMs)} of speech at ${speed}x${times}`
}

function recognitionLine({ connectMs, firstWordsMs, lastWordsMs, timed, requestId }: RecognitionProbe): string {
  const connected = connection(connectMs, requestId)
  if (firstWordsMs === undefined) return `${connected}, no words`
  const first = `first words ${ms(firstWordsMs)} after the first sound`
  const last = lastWordsMs === undefined ? 'no final' : `last words ${ms(lastWordsMs)} after the last sound`
  return `${connected}, ${first}, ${last}${timed > 0 ? `, ${timed} timed words` : ''}`
}

function connection(connectMs: number, requestId: string | undefined): string {
  return `connected in ${ms(connectMs)}${requestId ? ` (${requestId})` : ''}`
}

function ms(value: number): string {
  return `${Math.round(value)} ms`
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? []
}

function matches(heard: string): number {
  const left = wordsOf(heard)
  return wordsOf(sentence).filter(word => {
    const at = left.indexOf(word)
    if (at >= 0) left.splice(at, 1)
    return at >= 0
  }).length
}

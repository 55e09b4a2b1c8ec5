import { embeddedTts } from '../../adapters/providers/embedded.js'

/** Plain words that the embedded recogniser knows; none has a pause that would end a turn. */
const texts = [
  'please put the red box on the table in the kitchen',
  'we will meet again in the morning at the old station',
  'the children were playing with a ball in the garden',
  'my brother wants to buy a new car before the winter',
  'can you tell me how long it takes to get to the city',
  'the doctor said that he should drink more water every day',
  'she opened the window because it was very hot in the room',
  'there are seven people waiting for you in the next room',
  'he forgot to send the letter to his mother last week',
  'they want to know what happened to the money in the bank',
] as const

export interface SpokenSentence {
  readonly text: string
  /** 16 kHz mono linear16. */
  readonly pcm: Uint8Array
  readonly ms: number
}

/** The first `count` sentences, spoken by the embedded synthesiser. */
export async function spokenSentences(count: number): Promise<SpokenSentence[]> {
  const spoken: SpokenSentence[] = []
  for (const text of texts.slice(0, count)) {
    const pcm = await spoken16k(text)
    spoken.push({ text, pcm, ms: pcm.length / 32 })
  }
  return spoken
}

function spoken16k(text: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  const contextId = 'sentence'
  const { promise, resolve, reject } = withResolvers<Uint8Array>()
  const stream = embeddedTts().connect(
    {
      format: { encoding: 'linear16', sampleRate: 16_000, channels: 1 },
      signal: new AbortController().signal,
      options: {},
    },
    {
      open: () => stream.speak(text, { contextId, end: true }),
      audio: (_, pcm) => void chunks.push(pcm),
      timing() {},
      warning() {},
      done() {
        stream.close()
        resolve(Buffer.concat(chunks))
      },
      closed: ({ failure }) => reject(new Error(failure?.reason ?? 'the synthesiser ended early')),
    },
  )
  return promise
}

function withResolvers<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

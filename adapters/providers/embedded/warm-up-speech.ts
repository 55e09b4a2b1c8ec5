import { derivedFile } from './derived-file.js'
import { Flite } from './flite.js'
import { assets, cacheFolder } from './packages.js'

const TEXT = 'Good morning. Please tell me how I can help you today.'
const VOICE = 'slt'
/** Names TEXT and VOICE in the cache; raise it when they change. */
const REVISION = 1

/** A sentence for the recogniser to hear before its first stream; 16 kHz samples. */
export function warmUpSpeech(): Int16Array {
  const name = `warm-up-${assets.fliteWasm.sha256.slice(0, 16)}-${REVISION}.pcm`
  const pcm = derivedFile(cacheFolder(), name, () => new Flite().speak(TEXT, VOICE, 1).pcm.slice())
  return new Int16Array(pcm.buffer)
}

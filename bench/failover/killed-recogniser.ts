import { killEmbeddedWorkers } from '../../adapters/providers/embedded.js'
import type { Row } from '../report.js'
import { type Heard, SpeechServer } from '../speech/call.js'
import { spokenSentences } from '../speech/sentences.js'
import { maximum, median } from '../statistics.js'

/** 15 s not yet final and 15 s not yet sent, at 16 kHz, in whole slabs of 32 KiB. */
const capBytes = Math.ceil((30 * 32_000) / 32_768) * 32_768

/** It takes four minutes. A machine that is too busy to speak in real time shows nothing, and ends here. */
const patienceMs = 7 * 60_000

/** Kills the recogniser's worker in the middle of each sentence; the words must be those of an undisturbed run. */
export async function killedRecogniser(sentences: number, quick: boolean): Promise<Row[]> {
  const spoken = await spokenSentences(sentences)
  const server = await SpeechServer.start()
  const killed: Heard[] = []
  let equal = 0
  let alike = 0
  const beganMs = performance.now()
  for (const { pcm, ms } of spoken) {
    if (performance.now() - beganMs > patienceMs) {
      console.error(`  out of time after ${killed.length} of ${sentences} sentences: the machine is too busy`)
      break
    }
    const { words } = await server.hear(pcm)
    if (!quick && (await server.hear(pcm)).words === words) alike++
    const heard = await server.hear(pcm, { atMs: ms / 2, act: () => void killEmbeddedWorkers('stt') })
    killed.push(heard)
    if (heard.words === words) equal++
    else console.error(`  undisturbed: ${words}\n  killed:      ${heard.words}`)
  }
  await server.close()
  const outages = killed.map(({ outageMs }) => outageMs ?? Number.POSITIVE_INFINITY)
  const recovered = killed.filter(({ states }) => states.join(' ') === 'degraded active')
  return [
    {
      name: 'recogniser killed mid-sentence: words as in an undisturbed run',
      value: equal,
      unit: `of ${sentences} sentences`,
      target: `>= ${Math.floor(0.9 * sentences)}`,
      aa: quick ? undefined : alike,
    },
    {
      name: 'recogniser killed mid-sentence: degraded, then active',
      value: recovered.length,
      unit: `of ${sentences} sentences`,
      target: `>= ${sentences}`,
    },
    {
      name: 'recogniser killed mid-sentence: client connections lost',
      value: killed.reduce((sum, { reconnects }) => sum + reconnects, 0),
      unit: 'connections',
      target: '<= 0',
    },
    {
      name: 'recogniser killed mid-sentence: most audio held',
      value: maximum(killed.map(({ peakLogBytes }) => peakLogBytes)),
      unit: 'bytes',
      target: `<= ${capBytes}`,
    },
    {
      name: 'outage, kill until another worker has loaded, median',
      value: median(killed.map(({ downMs }) => downMs ?? Number.POSITIVE_INFINITY)),
      unit: 'ms',
    },
    { name: 'outage, kill to next interim, median', value: median(outages), unit: 'ms' },
    { name: 'outage, kill to next interim, longest', value: maximum(outages), unit: 'ms' },
  ]
}

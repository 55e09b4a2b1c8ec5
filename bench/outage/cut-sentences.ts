import type { ChaosProxy } from '../../adapters/testing/node.js'
import type { Row } from '../report.js'
import { SpeechServer } from '../speech/call.js'
import { spokenSentences } from '../speech/sentences.js'

/** Cuts the link in the middle of each sentence, for each of these times; the words must be those of an undisturbed run. */
export async function cutSentences(sentences: number, cutsMs: readonly number[]): Promise<Row[]> {
  const spoken = await spokenSentences(sentences)
  const server = await SpeechServer.start()
  const equal = new Map(cutsMs.map(cutMs => [cutMs, 0]))
  let lostMs = 0
  for (const { pcm, ms } of spoken) {
    const { words } = await server.hear(pcm)
    for (const cutMs of cutsMs) {
      const heard = await server.hear(pcm, { atMs: ms / 2, cutsLink: true, act: proxy => cut(proxy, cutMs) })
      lostMs += heard.lostMs
      if (heard.words === words) equal.set(cutMs, equal.get(cutMs)! + 1)
      else console.error(`  undisturbed: ${words}\n  cut ${cutMs} ms: ${heard.words}`)
    }
  }
  await server.close()
  return [
    ...[...equal].map(([cutMs, count]) => ({
      name: `link cut for ${cutMs / 1000} s mid-sentence: words as in an undisturbed run`,
      value: count,
      unit: `of ${sentences} sentences`,
      target: `>= ${Math.floor(0.9 * sentences)}`,
    })),
    { name: 'link cut mid-sentence: sound lost, all runs', value: lostMs, unit: 'ms', target: '<= 0' },
  ]
}

/** RST, and nobody answers until the time is over. */
function cut(proxy: ChaosProxy, ms: number): void {
  proxy.reset()
  void proxy.refuse()
  setTimeout(() => void proxy.listen(), ms)
}

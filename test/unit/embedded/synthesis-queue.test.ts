import { describe, expect, it } from 'vitest'
import type { FromSynthesiser, ToSynthesiser } from '../../../adapters/providers/embedded/messages.js'
import type { SpokenClause } from '../../../adapters/providers/embedded/speaker.js'
import { SynthesisQueue } from '../../../adapters/providers/embedded/synthesis-queue.js'

/** A byte and a millisecond per character. */
function spell(clause: string): SpokenClause | undefined {
  if (clause === 'crash.') throw new Error('unreachable')
  if (clause === '...') return undefined
  const durationMs = clause.length
  return {
    audio: new TextEncoder().encode(clause),
    durationMs,
    words: () => [{ text: clause, startMs: 0, endMs: durationMs }],
  }
}

function setUp() {
  const posted: FromSynthesiser[] = []
  const deferred: (() => void)[] = []
  const queue = new SynthesisQueue(
    { speak: spell },
    message => posted.push(message),
    fn => deferred.push(fn),
  )
  const send = (stream: number, message: Record<string, unknown>) =>
    queue.onMessage({ stream, ...message } as ToSynthesiser)
  const open = (stream: number) => send(stream, { type: 'open', voice: 'slt', speakingRate: 1 })
  const speak = (stream: number, context: number, text: string, { flush = true, end = false } = {}) =>
    send(stream, { type: 'speak', context, text, flush, end })
  /** One clause, or everything. */
  const step = () => deferred.shift()?.()
  const run = () => {
    while (deferred.length > 0) step()
  }
  /** What was posted since the last call, in short. */
  const take = () =>
    posted.splice(0).map(message => {
      const { type, stream } = message
      if (message.type === 'audio') return `${stream}:${message.context} ${new TextDecoder().decode(message.audio)}`
      if (message.type === 'timing') return `${stream}:${message.context} from ${message.items[0]?.startMs}`
      if (message.type === 'done') return `${stream}:${message.context} done${message.failure ? ' failed' : ''}`
      return `${stream} ${type}`
    })
  return { send, open, speak, step, run, take, posted, deferred }
}

describe('the synthesis queue', () => {
  it('speaks the clauses of a context one after the other, timed from its first audio, and is done once', () => {
    const { open, speak, run, take } = setUp()
    open(1)
    speak(1, 7, 'One. Two.', { end: true })
    run()
    expect(take()).toEqual(['1 opened', '1:7 One.', '1:7 from 0', '1:7 Two.', '1:7 from 4', '1:7 done'])
  })

  it('joins pieces, and speaks a clause as soon as it is whole', () => {
    const { open, speak, run, take } = setUp()
    open(1)
    speak(1, 7, 'On', { flush: false })
    speak(1, 7, 'e. Tw', { flush: false })
    run()
    expect(take()).toEqual(['1 opened', '1:7 One.', '1:7 from 0'])
    speak(1, 7, 'o', { flush: true })
    run()
    expect(take()).toEqual(['1:7 Two', '1:7 from 4'])
    speak(1, 7, '', { end: true })
    speak(1, 7, '', { end: true })
    run()
    expect(take()).toEqual(['1:7 done'])
  })

  it('takes the streams in turn', () => {
    const { open, speak, run, take } = setUp()
    open(1)
    open(2)
    speak(1, 0, 'Aa. Bb. Cc.')
    speak(2, 0, 'Xx. Yy.')
    run()
    expect(take().filter(line => !line.includes('from'))).toEqual([
      '1 opened',
      '2 opened',
      '1:0 Aa.',
      '2:0 Xx.',
      '1:0 Bb.',
      '2:0 Yy.',
      '1:0 Cc.',
    ])
  })

  it('drops what a cancelled context has left, and says that it is done', () => {
    const { open, speak, send, step, run, take } = setUp()
    open(1)
    speak(1, 0, 'Aa. Bb. Cc.', { end: true })
    speak(1, 1, 'Xx.', { end: true })
    step()
    send(1, { type: 'cancel', context: 0 })
    send(1, { type: 'cancel', context: 0 })
    send(1, { type: 'cancel', context: 99 })
    run()
    expect(take()).toEqual(['1 opened', '1:0 Aa.', '1:0 from 0', '1:0 done', '1:1 Xx.', '1:1 from 0', '1:1 done'])
  })

  it('stops a paused stream and no other', () => {
    const { open, speak, send, run, take } = setUp()
    open(1)
    open(2)
    speak(1, 0, 'Aa.')
    speak(2, 0, 'Xx.')
    send(1, { type: 'pause', paused: true })
    run()
    expect(take()).toEqual(['1 opened', '2 opened', '2:0 Xx.', '2:0 from 0'])
    send(1, { type: 'pause', paused: false })
    run()
    expect(take()).toEqual(['1:0 Aa.', '1:0 from 0'])
  })

  it('is done without audio where there is nothing to pronounce', () => {
    const { open, speak, run, take } = setUp()
    open(1)
    speak(1, 0, ' \n', { end: true })
    speak(1, 1, '...', { end: true })
    run()
    expect(take()).toEqual(['1 opened', '1:0 done', '1:1 done'])
  })

  it('fails the context whose text the engine cannot bear, and goes on with the next', () => {
    const { open, speak, run, take, posted } = setUp()
    open(1)
    speak(1, 0, 'Aa. crash. Bb.', { end: true })
    speak(1, 1, 'Xx.', { end: true })
    run()
    expect(posted.find(message => message.type === 'done')).toMatchObject({
      failure: { class: 'data', reason: 'embedded: unreachable' },
    })
    const lines = take()
    expect(lines).not.toContain('1:0 Bb.')
    expect(lines.slice(1)).toEqual(['1:0 Aa.', '1:0 from 0', '1:0 done failed', '1:1 Xx.', '1:1 from 0', '1:1 done'])
  })

  it('speaks everything before it closes a stream, also what was held back or paused', () => {
    const { open, speak, send, run, take } = setUp()
    open(1)
    speak(1, 0, 'Aa. Bb', { flush: false })
    send(1, { type: 'pause', paused: true })
    send(1, { type: 'close' })
    run()
    expect(take()).toEqual(['1 opened', '1:0 Aa.', '1:0 from 0', '1:0 Bb', '1:0 from 3', '1:0 done', '1 closed'])
    speak(1, 1, 'late.')
    run()
    expect(take()).toEqual([])
  })

  it('forgets an aborted stream without a word', () => {
    const { open, speak, send, step, run, take, deferred } = setUp()
    open(1)
    speak(1, 0, 'Aa. Bb.', { end: true })
    step()
    send(1, { type: 'abort' })
    run()
    expect(take()).toEqual(['1 opened', '1:0 Aa.', '1:0 from 0'])
    expect(deferred).toEqual([])
  })
})

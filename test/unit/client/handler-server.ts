import { type SocketSink, type VoiceMount, wrapSocket } from '../../../src/index.js'
import type { Pipe, PipeSink } from './model-server.js'
import type { PipeServer } from './sim-network.js'

/** The real handler at the far end of a simulated network. `opened` is told of each socket's end there. */
export function serve(voice: VoiceMount, opened: (sink: SocketSink) => void = () => {}): PipeServer {
  const request = {
    url: '/voice',
    method: 'GET',
    headers: new Map([['host', 'localhost']]),
    protocols: ['voice.v1'],
    remoteAddress: '127.0.0.1',
    signal: new AbortController().signal,
    context: undefined,
    raw: undefined,
  }
  return {
    accept(pipe: Pipe): PipeSink {
      const early: (() => void)[] = []
      let act: (what: () => void) => unknown = what => early.push(what)
      let sink: SocketSink
      voice.admit(request).then(answer => {
        if (!answer.ok) throw new Error(`refused: ${answer.status}`)
        sink = voice.open(wrapSocket({ protocol: answer.protocol, ...pipe }), answer)
        opened(sink)
        act = what => what()
        for (const what of early) what()
      })
      return {
        message: data => act(() => sink.message(data)),
        closed: () => act(() => sink.closed({ code: 1006, reason: '', clean: false })),
      }
    },
  }
}

/** Digests of tokens take real time, which the manual clock knows nothing about. */
export const realMoment = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

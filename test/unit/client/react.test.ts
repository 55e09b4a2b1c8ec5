import { act, createElement, StrictMode } from 'react'
import { expect, it } from 'vitest'
import { useVoice, type Voice } from '../../../adapters/client/react.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'
import { silentLogger } from '../../../src/util/logger.js'
import { FakeSocket, readyMessage } from './fake-socket.js'
import { emptyRoot, reactDom } from './react-root.js'

function component() {
  const clock = new ManualClock()
  const sockets: FakeSocket[] = []
  const seen: Voice[] = []
  const options = {
    url: 'wss://voice.example',
    WebSocket: class extends FakeSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols)
        sockets.push(this)
      }
    },
    clock,
    platform: {},
    logger: silentLogger,
  }
  const Talk = () => {
    seen.push(useVoice(options))
    return null
  }
  return {
    clock,
    sockets,
    seen,
    element: createElement(StrictMode, null, createElement(Talk)),
    now: () => seen.at(-1)!,
  }
}

const result = { type: 'stt_result', is_speech_final: false, confidence: 0.9, utterance: 0, start_ms: 0, end_ms: 1 }

it('shows a call as state, and closes it with the component', async () => {
  const { clock, sockets, element, now } = component()
  const root = await emptyRoot()
  await root.render(element)
  expect(now()).toMatchObject({ state: 'idle', lines: [], error: null })
  expect(sockets).toEqual([])

  const { client } = now()
  await act(async () => {
    client.connect()
    await clock.advanceAsync(1)
  })
  const socket = sockets[0]!
  await act(async () => socket.open().say(readyMessage))
  expect(now().state).toBe('active')
  await act(async () => {
    socket.say({ ...result, transcript: 'hello', is_final: false, seq: 1 })
    socket.say({ ...result, transcript: 'hello there', is_final: true, seq: 2 })
    socket.say({ ...result, transcript: 'friend', is_final: false, seq: 3 })
    socket.say({ type: 'tts_text', utterance_id: 'u1', text: 'good', seq: 4 })
    socket.say({ type: 'tts_text', utterance_id: 'u1', text: 'morning to you', seq: 5 })
    socket.say({ type: 'interrupted', utterance_id: 'u1', played_ms: 9, text: 'good morning', basis: 'ack', seq: 6 })
    socket.say({ ...result, utterance: 1, transcript: 'stop', is_final: true, seq: 7 })
  })
  expect(now().lines.map(({ who, text, final, interrupted }) => [who, text, final, interrupted])).toEqual([
    ['user', 'hello there friend', false, false],
    ['assistant', 'good morning', true, true],
    ['user', 'stop', true, false],
  ])
  expect(new Set(now().lines.map(line => line.id)).size).toBe(3)
  expect(now().client).toBe(client)

  await root.unmount()
  expect(socket.last('bye')).toBeDefined()
  socket.end(1000)
  expect([client.state, clock.pending]).toEqual(['closed', 0])
})

it('keeps the words of earlier calls, and forgets a failure when the next call is ready', async () => {
  const { clock, sockets, element, now } = component()
  const root = await emptyRoot()
  await root.render(element)
  for (const text of ['first', 'second']) {
    await act(async () => {
      now()
        .client.connect()
        .catch(() => {})
      await clock.advanceAsync(1)
    })
    await act(async () => {
      sockets.at(-1)!.open().say(readyMessage)
    })
    expect(now().error).toBeNull()
    await act(async () => {
      sockets
        .at(-1)!
        .say({ ...result, transcript: text, is_final: true, seq: 1 })
        .end(4400, 'why')
    })
    expect(now()).toMatchObject({ state: 'failed', error: { class: 'DATA' } })
  }
  expect(now().lines.map(line => line.text)).toEqual(['first', 'second'])
  await root.unmount()
  expect(clock.pending).toBe(0)
})

it('renders on a server without opening anything', async () => {
  const { renderToString } = await reactDom('server')
  const { sockets, seen, element } = component()
  expect(renderToString(element)).toBe('')
  expect(seen[0]).toMatchObject({ state: 'idle' })
  expect(sockets).toEqual([])
})

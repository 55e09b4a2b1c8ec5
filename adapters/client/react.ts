import { useEffect, useState, useSyncExternalStore } from 'react'
import {
  type ClientState,
  createVoiceClient,
  type TranscriptEvent,
  type VoiceClient,
  type VoiceClientOptions,
  type VoiceError,
} from '../../src/client/index.js'

/** Something that was said, for display. */
export interface SpokenLine {
  /** Of this line among all lines of the component: a key. */
  readonly id: string
  readonly who: 'user' | 'assistant'
  readonly text: string
  /** False while the last words may still change. */
  readonly final: boolean
  /** The assistant was cut off; `text` is what was heard. */
  readonly interrupted: boolean
}

export interface Voice {
  /** The same in every render. For `connect`, `close`, `sendAudio` and all else. */
  readonly client: VoiceClient
  readonly state: ClientState
  /** The conversation so far, over all calls of the component. */
  readonly lines: readonly SpokenLine[]
  /** The latest failure; null again once a call is ready. */
  readonly error: VoiceError | null
}

/**
 * A voice client for the life of a component, and what it says, as state. The call is closed when the component goes.
 * Options are read once: give the component another `key` to change them. Nothing is opened before `client.connect()`.
 */
export function useVoice(options: VoiceClientOptions): Voice {
  const [store] = useState(() => createStore(options))
  // A component that is mounted twice closes in between: the client can be connected again.
  useEffect(() => () => void store.client.close(), [store])
  return useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot)
}

interface Store {
  readonly client: VoiceClient
  snapshot(): Voice
  subscribe(listener: () => void): () => void
}

function createStore(options: VoiceClientOptions): Store {
  const client = createVoiceClient(options)
  const listeners = new Set<() => void>()
  let voice: Voice = { client, state: client.state, lines: [], error: null }
  /** Numbers of utterances begin anew with every session. */
  let sessions = 0
  /** What of the user's present utterance will not change any more. */
  let settled = ''

  function update(change: Partial<Voice>): void {
    voice = { ...voice, ...change }
    for (const listener of listeners) listener()
  }

  function write(id: string, who: SpokenLine['who'], edit: (line: SpokenLine) => Partial<SpokenLine>): void {
    const known = voice.lines.find(line => line.id === id)
    const line = known ?? { id, who, text: '', final: false, interrupted: false }
    const edited = { ...line, ...edit(line) }
    update({ lines: known ? voice.lines.map(each => (each === known ? edited : each)) : [...voice.lines, edited] })
  }

  function heard({ utterance, transcript, isFinal }: TranscriptEvent): void {
    const id = `${sessions} user ${utterance}`
    if (!voice.lines.some(line => line.id === id)) settled = ''
    const text = [settled, transcript].filter(Boolean).join(' ')
    if (isFinal) settled = text
    write(id, 'user', () => ({ text, final: isFinal }))
  }

  const assistant = (utteranceId: string) => `${sessions} assistant ${utteranceId}`
  client.on('state', ({ state }) => update({ state }))
  client.on('ready', () => {
    sessions++
    update({ error: null })
  })
  client.on('error', ({ error }) => update({ error }))
  client.on('failed', ({ error }) => update({ error }))
  client.on('transcript', heard)
  client.on('tts_text', ({ utteranceId, text }) =>
    write(assistant(utteranceId), 'assistant', line => ({ text: [line.text, text].filter(Boolean).join(' ') })),
  )
  client.on('tts_playback_complete', ({ utteranceId }) =>
    write(assistant(utteranceId), 'assistant', () => ({ final: true })),
  )
  client.on('interrupted', ({ utteranceId, text }) =>
    write(assistant(utteranceId), 'assistant', () => ({ text, final: true, interrupted: true })),
  )

  return {
    client,
    snapshot: () => voice,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

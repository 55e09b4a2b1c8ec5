/// <reference lib="esnext.disposable" preserve="true" />
import type { VoiceClient } from '../client.js'
import type { Microphone } from './microphone.js'
import type { SpeechPlayer } from './speech-player.js'

export interface AudioParts {
  readonly microphone?: Microphone | undefined
  /** The one that the client was created with. */
  readonly player?: SpeechPlayer | undefined
}

/** What `attachAudio` joined. `stop`, or disposing, lets microphone and loudspeaker go; the call goes on without them. */
export interface AudioAttachment extends Disposable {
  /** Both run. Rejects with an `AudioError` when one could not be opened; neither is open then. */
  readonly started: Promise<void>
  stop(): void
}

/**
 * Starts microphone and player and joins them to the client until the call ends. Call it inside a gesture, before
 * anything is awaited: browsers start sound only then. What is captured before `ready` is not lost once `connect` was
 * called.
 */
export function attachAudio(client: VoiceClient, { microphone, player }: AudioParts): AudioAttachment {
  const undo = [
    client.on('closed', stop),
    client.on('failed', stop),
    microphone?.on('frame', frame => client.sendAudio(frame)),
    player && client.on('audio', () => checkPlayer(player)),
  ]
  const started = Promise.all([player?.start(), microphone?.start()]).then(
    () => {},
    error => {
      stop()
      throw error
    },
  )
  // Who looks at nothing but the sound must not be punished with an unhandled rejection.
  started.catch(() => {})

  function stop(): void {
    for (const off of undo.splice(0)) off?.()
    microphone?.stop()
    player?.stop()
  }

  return { started, stop, [Symbol.dispose]: stop }
}

function checkPlayer(player: SpeechPlayer): void {
  if (player.position() === null)
    throw new TypeError(
      'player: the client plays through another one; give both the same: createVoiceClient({ player })',
    )
}

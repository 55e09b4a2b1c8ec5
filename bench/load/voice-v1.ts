import type { LoadClient } from './client.js'
import { textFrame } from './frames.js'
import { SimulatedPlayer } from './player.js'
import type { Wire } from './wires.js'

/** Of its clients, what they play. */
const players = new WeakMap<LoadClient, SimulatedPlayer>()
const idleBeats = 5

/** A voice.v1 client: reports every 200 ms while audio plays and every second otherwise. */
export const voiceV1: Partial<Wire> & Required<Pick<Wire, 'beat'>> = {
  protocol: 'voice.v1',
  text(client, text) {
    const type = text.slice(9, text.indexOf('"', 9))
    if (type === 'ready') client.configured()
    else if (type === 'tts_start') playerOf(client).start(JSON.parse(text).utterance_id)
    else if (type === 'tts_end') playerOf(client).end()
    else if (type === 'clear') playerOf(client).clear()
    else if (type === 'error') client.fail(text)
  },
  binary(client, payload) {
    client.audioBytes += payload.length
    playerOf(client).audio(payload.length, performance.now())
  },
  beat(client, nowMs, count) {
    const player = playerOf(client)
    if (!player.busy && count % idleBeats !== 0) return
    const playback = player.report(nowMs)
    client.write(
      textFrame(
        `{"type":"stats","seq":${client.messages},"t":${Math.round(nowMs)},"playback":${playback},"buffered_bytes":0,"rtt_ms":1}`,
      ),
    )
  },
}

function playerOf(client: LoadClient): SimulatedPlayer {
  let player = players.get(client)
  if (!player) {
    player = new SimulatedPlayer()
    players.set(client, player)
  }
  return player
}

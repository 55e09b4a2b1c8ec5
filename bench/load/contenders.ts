import type { Contender } from './measure.js'

/** Relays by hand, and the handler on the same libraries. */
export const ws: Contender = { name: 'ws by hand', module: 'controls/ws.js', wire: 'plain' }
/** The same again: the ratio of the two is what the machine's noise makes of 1. */
export const wsAgain: Contender = { ...ws, name: 'ws by hand, again' }
export const uws: Contender = { name: 'uWS by hand', module: 'controls/uws.js', wire: 'plain' }
export const hono: Contender = { name: 'Hono by hand', module: 'controls/hono.js', wire: 'plain' }

export const voicePlain: Contender = { name: 'voice-ws on ws, plain', module: 'mounts/ws.js', wire: 'plain' }
export const voiceV1: Contender = { name: 'voice-ws on ws, v1', module: 'mounts/ws.js', wire: 'v1' }
export const voiceUws: Contender = { name: 'voice-ws on uWS, v1', module: 'mounts/uws.js', wire: 'v1' }
export const voiceHono: Contender = { name: 'voice-ws on Hono, v1', module: 'mounts/hono.js', wire: 'v1' }
export const voiceRelay: Contender = {
  name: 'voice-ws on ws, v1, Deepgram adapter',
  module: 'mounts/relay.js',
  wire: 'v1',
}

/** The same relay on what users would pick instead. Plain JavaScript beside their packages, which only the benchmarks install. */
export const crossws: Contender = { name: 'relay on crossws', module: '../../bench/peers/crossws.js', wire: 'plain' }
export const socketIo: Contender = {
  name: 'relay on socket.io',
  module: '../../bench/peers/socket-io.js',
  wire: 'socket.io',
}

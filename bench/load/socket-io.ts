import { binaryFrame, textFrame } from './frames.js'
import type { Wire } from './wires.js'

/** What engine.io and socket.io put before a message: https://socket.io/docs/v4/socket-io-protocol */
const connected = '40'
const ping = '2'
const pong = textFrame('3')
const audioHeader = textFrame('451-["audio",{"_placeholder":true,"num":0}]')

/** A socket.io client over a WebSocket. Audio is two messages: a header and the bytes. */
export function socketIo(config: string): Wire {
  const hello = textFrame(`42${JSON.stringify(['json', config])}`)
  return {
    path: '/socket.io/?EIO=4&transport=websocket',
    protocol: '',
    opened() {},
    text(client, text) {
      if (text.startsWith('0{')) client.write(textFrame(connected))
      else if (text.startsWith(connected)) client.write(hello)
      else if (text === ping) client.write(pong)
      else if (text.startsWith('42["json"') && text.includes('\\"ready\\"')) client.configured()
    },
    binary(client, payload) {
      client.audioBytes += payload.length
    },
    audio: frame => Buffer.concat([audioHeader, binaryFrame(frame)]),
  }
}

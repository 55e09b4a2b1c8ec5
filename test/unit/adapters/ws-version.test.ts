import { expect, it, vi } from 'vitest'
import { RecordingMount } from '../../../adapters/testing/node.js'

vi.mock('ws', () => ({
  WebSocketServer: class {
    readonly options = { noServer: true }
  },
}))

it('refuses a ws that is older than 8.23', async () => {
  const { voiceServer } = await import('../../../adapters/ws.js')
  expect(() => voiceServer(new RecordingMount())).toThrow('install ws 8.23.0 or newer')
})

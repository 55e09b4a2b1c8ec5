// A server process of the herd benchmark: takes sessions without sound until it is told to drain.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { attachVoice } from '../../adapters/ws.js'
import { createVoiceHandler } from '../../src/index.js'
import { silentLogger } from '../../src/util/logger.js'

const voice = createVoiceHandler({ authenticate: () => 'herd', logger: silentLogger })
const server = createServer()
attachVoice(server, voice)
const delay = monitorEventLoopDelay({ resolution: 5 })
server.listen(Number(process.argv[2]), '127.0.0.1', 8192, () => {
  delay.enable()
  process.send?.({ port: (server.address() as AddressInfo).port })
})

process.on('message', async message => {
  if (message === 'delay') return process.send?.({ delayP99Ms: delay.percentile(99) / 1e6 })
  // The port goes first, so that the next server can take it while this one says goodbye.
  server.close()
  process.send?.({ released: true })
  await voice.drain({ deadlineMs: 20_000 })
  process.exit(0)
})
process.on('disconnect', () => process.exit(0))

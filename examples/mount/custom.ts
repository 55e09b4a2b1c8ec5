import { type MessagePort, parentPort } from 'node:worker_threads'
import { servePort } from './message-port.js'
import { voice } from './voice.js'

// In a worker thread: every port that the main thread posts is a call.
parentPort?.on('message', (port: MessagePort) => {
  void servePort(voice, port)
})

import express from 'express'
import { describe, expect, it } from 'vitest'
import { transportSuite } from '../../adapters/testing/node.js'
import { attachVoice } from '../../adapters/ws.js'
import { running, wsTraits } from './fixtures/http.js'

transportSuite(
  { describe, it, expect },
  {
    name: 'Express 5',
    traits: wsTraits,
    async start(mount) {
      const app = express()
      app.get('/voice', (_request, response) => {
        response.status(426).end()
      })
      const server = app.listen(0, '127.0.0.1')
      const { detach } = attachVoice(server, mount)
      return running(server, detach)
    },
  },
)

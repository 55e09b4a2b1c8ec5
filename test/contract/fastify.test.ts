import fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { transportSuite } from '../../adapters/testing/node.js'
import { attachVoice } from '../../adapters/ws.js'
import { running, wsTraits } from './fixtures/http.js'

transportSuite(
  { describe, it, expect },
  {
    name: 'Fastify 5',
    traits: wsTraits,
    async start(mount) {
      const app = fastify()
      attachVoice(app.server, mount)
      await app.listen({ port: 0, host: '127.0.0.1' })
      return running(app.server)
    },
  },
)

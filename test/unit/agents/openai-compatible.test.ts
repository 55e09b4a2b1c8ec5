import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { chatAgent, chatAgentFromEnv } from '../../../examples/agents/openai-compatible.js'
import { serverSentData } from '../../../examples/agents/server-sent-data.js'
import type { AgentPart, HistoryItem } from '../../../src/index.js'

interface Asked {
  readonly url: string | undefined
  readonly authorization: string | undefined
  readonly body: { readonly model: string; readonly stream: boolean; readonly messages: unknown }
}

type Answer = (response: ServerResponse) => void

const servers: Server[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
})

/** A chat server that answers everything alike. */
async function chatServer(answer: Answer) {
  const asked: Asked[] = []
  let hungUp: () => void = () => {}
  const closed = new Promise<void>(resolve => {
    hungUp = resolve
  })
  const server = createServer((request: IncomingMessage, response) => {
    let text = ''
    request.on('data', chunk => (text += chunk))
    request.on('end', () => {
      asked.push({ url: request.url, authorization: request.headers.authorization, body: JSON.parse(text) })
      answer(response)
    })
    response.on('close', () => hungUp())
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { asked, closed, baseUrl: `http://127.0.0.1:${port}/v1` }
}

function delta(content: string): string {
  return `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`
}

function turnOf(history: readonly HistoryItem[], signal = new AbortController().signal) {
  return { id: 't', text: 'hi', startMs: 0, endMs: 0, trigger: 'speech' as const, history, session: undefined, signal }
}

const hello: HistoryItem = { id: '1', role: 'user', text: 'hello', atMs: 0 }

async function collect(parts: unknown): Promise<AgentPart[]> {
  const all: AgentPart[] = []
  for await (const part of parts as AsyncIterable<AgentPart>) all.push(part)
  return all
}

describe('the chat agent', () => {
  test('asks with the conversation so far and yields the answer in its pieces', async () => {
    const server = await chatServer(response => {
      response.write(': a comment\r\n\r\n')
      response.write(delta('Good '))
      response.write(delta('morning.') + delta(''))
      response.end('data: {"choices":[]}\n\ndata: [DONE]\n\n')
    })
    const agent = chatAgent({ baseUrl: `${server.baseUrl}/`, apiKey: 'key', model: 'm', instructions: 'Be brief.' })
    const history: HistoryItem[] = [
      hello,
      { id: '2', role: 'assistant', text: 'I was about to', interrupted: true, atMs: 1 },
      { id: '3', role: 'tool_call', text: '', data: {}, atMs: 2 },
    ]
    expect(await collect(agent(turnOf(history)))).toEqual(['Good ', 'morning.'])
    expect(server.asked).toEqual([
      {
        url: '/v1/chat/completions',
        authorization: 'Bearer key',
        body: {
          model: 'm',
          stream: true,
          messages: [
            { role: 'system', content: 'Be brief.' },
            { role: 'user', content: 'hello' },
            { role: 'assistant', content: 'I was about to [interrupted by the user]' },
          ],
        },
      },
    ])
  })

  test('hangs up when nobody wants the answer any more', async () => {
    const server = await chatServer(response => void response.write(delta('Once upon a time')))
    const controller = new AbortController()
    const parts = chatAgent({ baseUrl: server.baseUrl, model: 'm' })(turnOf([hello], controller.signal))
    const iterator = (parts as AsyncIterable<AgentPart>)[Symbol.asyncIterator]()
    expect(await iterator.next()).toMatchObject({ value: 'Once upon a time' })
    const next = iterator.next()
    controller.abort('barge_in')
    await expect(next).rejects.toBe('barge_in')
    await server.closed
    expect(server.asked[0]!.authorization).toBeUndefined()
  })

  test.each<[string, Answer, RegExp]>([
    ['a status', response => response.writeHead(401).end('{}'), /status 401/],
    ['an error in the stream', response => response.end('data: {"error":{"message":"overloaded"}}\n\n'), /overloaded/],
    ['no JSON', response => response.end('data: {oops\n\n'), /JSON/],
  ])('fails with %s', async (_name, answer, message) => {
    const server = await chatServer(answer)
    await expect(collect(chatAgent({ baseUrl: server.baseUrl, model: 'm' })(turnOf([hello])))).rejects.toThrow(message)
  })

  test('is described by the environment', async () => {
    expect(chatAgentFromEnv({ OPENAI_API_KEY: 'key' })).toBeUndefined()
    const server = await chatServer(response => response.end(delta('Hi.')))
    const env = { OPENAI_MODEL: 'small', OPENAI_BASE_URL: server.baseUrl }
    expect(await collect(chatAgentFromEnv(env)!(turnOf([hello])))).toEqual(['Hi.'])
    expect(server.asked[0]!.body.model).toBe('small')
  })
})

test('events are found however the bytes are cut', async () => {
  const bytes = new TextEncoder().encode('data: grüße\r\ndata: zwei\r\n\r\n: no\n\nevent: x\ndata:drei\n\ndata: [DONE]')
  for (let size = 1; size <= bytes.length; size++) {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size))
        controller.close()
      },
    })
    const found: string[] = []
    for await (const data of serverSentData(body)) found.push(data)
    expect(found).toEqual(['grüße\nzwei', 'drei', '[DONE]'])
  }
})

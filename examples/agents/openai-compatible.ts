import type { Agent, HistoryItem } from '../../src/index.js'
import { serverSentData } from './server-sent-data.js'

export interface ChatOptions {
  /** Up to and including the version: `https://api.openai.com/v1`, `http://localhost:11434/v1`. */
  readonly baseUrl: string
  /** Default: none is sent, as local servers want it. */
  readonly apiKey?: string | undefined
  readonly model: string
  /** What the model is told about itself. Default: to speak in short sentences, as it will be heard. */
  readonly instructions?: string | undefined
}

const defaultInstructions =
  'You are on the phone. Answer in one to three short spoken sentences, without lists, markup or emoji. ' +
  'The user is heard by a speech recogniser, so words may be wrong; ask when something makes no sense.'

interface ChatChunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[]
  readonly error?: { readonly message?: string }
}

/** An agent that asks any server with OpenAI's chat completions API, and speaks the answer while it is being written. */
export function chatAgent(options: ChatOptions): Agent {
  const url = `${options.baseUrl.replace(/\/+$/, '')}/chat/completions`
  return async function* ({ history, signal }) {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {}),
      },
      body: JSON.stringify({ model: options.model, stream: true, messages: messagesOf(history, options) }),
      // Whoever interrupts should not pay for the rest of the answer.
      signal,
    })
    if (!response.ok || !response.body) throw new Error(`the chat server answered with status ${response.status}`)
    for await (const data of serverSentData(response.body)) {
      if (data === '[DONE]') return
      const chunk = JSON.parse(data) as ChatChunk
      if (chunk.error) throw new Error(`the chat server reported: ${chunk.error.message ?? 'an error'}`)
      const text = chunk.choices?.[0]?.delta?.content
      if (text) yield text
    }
  }
}

/**
 * The agent that the environment describes by `OPENAI_MODEL`, `OPENAI_BASE_URL` (default OpenAI's own) and
 * `OPENAI_API_KEY`; undefined when it names no model.
 */
export function chatAgentFromEnv(env: Readonly<Record<string, string | undefined>>): Agent | undefined {
  const model = env.OPENAI_MODEL
  if (!model) return undefined
  return chatAgent({ model, baseUrl: env.OPENAI_BASE_URL ?? 'https://api.openai.com/v1', apiKey: env.OPENAI_API_KEY })
}

function messagesOf(history: readonly HistoryItem[], { instructions = defaultInstructions }: ChatOptions) {
  const said = history
    .filter(({ role, text }) => (role === 'user' || role === 'assistant') && text !== '')
    // The model should know that the user did not hear more than this.
    .map(({ role, text, interrupted }) => ({ role, content: interrupted ? `${text} [interrupted by the user]` : text }))
  return [{ role: 'system', content: instructions }, ...said]
}

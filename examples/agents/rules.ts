import type { Agent, AgentPart, Turn, VoiceSession } from '../../src/index.js'
import { durationOf } from './durations.js'

type Answer = string | AsyncIterable<AgentPart>

interface Rule {
  readonly pattern: RegExp
  answer(match: RegExpMatchArray, turn: Turn<VoiceSession>): Answer
}

/** The part of the day, for greetings. */
function partOfDay(hour: number): string {
  if (hour < 12) return 'morning'
  return hour < 18 ? 'afternoon' : 'evening'
}

/** Words after which a name is over: "my name is ada and I ...". */
const notNames = /\b(and|but|so|what|who|how|can|could|please|thank|thanks|the|by|from|nice|not)\b.*$/

function nameIn(text: string): string | undefined {
  const said = /\b(?:my name is|call me|i am called|i'm called)\s+([a-z' -]+)/i.exec(text)?.[1]
  const words = said?.toLowerCase().replace(notNames, '').trim().split(/\s+/).slice(0, 2) ?? []
  const name = words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join(' ')
  return name === '' ? undefined : name
}

/** What the user said their name is, the last time they did. */
function rememberedName({ history }: Turn<VoiceSession>): string | undefined {
  for (const { role, text } of [...history].reverse()) {
    const name = role === 'user' ? nameIn(text) : undefined
    if (name) return name
  }
  return undefined
}

function setTimer(text: string, { session }: Turn<VoiceSession>): string {
  const duration = durationOf(text)
  if (!duration) return 'For how long? Say, for example, set a timer for five minutes.'
  const timer = setTimeout(() => session.say(`Your timer of ${duration.words} is over.`), duration.ms)
  session.on('closed', () => clearTimeout(timer))
  return `Okay, ${duration.words}, starting now.`
}

async function* goodbye(name: string | undefined): AsyncIterable<AgentPart> {
  yield name ? `Goodbye, ${name}. It was nice talking to you.` : 'Goodbye. It was nice talking to you.'
  yield { type: 'end' }
}

/** The most specific first: "set a timer" must not be taken for a question about the time. */
function rulesFor(now: () => Date): readonly Rule[] {
  return [
    {
      pattern: /\b(goodbye|good bye|bye|see you|hang up|that is all|that's all)\b/,
      answer: (_, turn) => goodbye(rememberedName(turn)),
    },
    { pattern: /\btimer\b|\bremind me in\b/, answer: (match, turn) => setTimer(match.input ?? '', turn) },
    {
      pattern: /\b(?:what is|what's|do you know|do you remember) my name\b|\bwho am i\b/,
      answer: (_, turn) => {
        const name = rememberedName(turn)
        return name ? `Your name is ${name}.` : 'You have not told me your name yet.'
      },
    },
    {
      pattern: /\b(?:my name is|call me|i am called|i'm called)\s+\w+/,
      answer: match => `Nice to meet you, ${nameIn(match.input ?? '') ?? 'whoever you are'}.`,
    },
    {
      pattern: /\bspell(?: the word| the name)?\s+([a-z']+)/,
      answer: ([, word = '']) => `${word} is spelled ${[...word.toUpperCase()].join(', ')}.`,
    },
    {
      pattern: /\bwhat time\b|\bthe time\b|\btime is it\b/,
      answer: () => `It is ${now().toLocaleTimeString('en-US', { hour: 'numeric', minute: '2-digit' })}.`,
    },
    {
      pattern: /\bwhat day\b|\bwhat date\b|\bthe date\b|\bday is it\b/,
      answer: () => `It is ${now().toLocaleDateString('en-US', { weekday: 'long', month: 'long', day: 'numeric' })}.`,
    },
    {
      pattern: /\b(weather|rain|raining|sunny|snow|snowing)\b/,
      answer: () => "I can't look outside, so I really don't know. A window is your best source.",
    },
    {
      pattern: /\b(who are you|what are you|your name|what can you do|help)\b/,
      answer: () =>
        'I am a small program that follows rules. Ask me for the time or the date, tell me your name, ' +
        'have me spell a word or set a timer. Everything else I repeat.',
    },
    { pattern: /\b(thank you|thanks)\b/, answer: () => 'You are welcome.' },
    { pattern: /\bhow are you\b/, answer: () => 'I am fine, thank you. What can I do for you?' },
    {
      pattern: /\b(hello|hi|hey|good (?:morning|afternoon|evening|day))\b/,
      answer: (_, turn) => {
        const name = rememberedName(turn)
        return `Good ${partOfDay(now().getHours())}${name ? `, ${name}` : ''}. What can I do for you?`
      },
    },
  ]
}

/**
 * An agent without a language model: it knows a few intents and repeats everything else. It needs neither a key nor a
 * network, and takes the lower case without punctuation that the embedded recogniser gives.
 *
 * @param now for tests. Default: the time of the server.
 */
export function createRulesAgent(now: () => Date = () => new Date()): Agent<VoiceSession> {
  const rules = rulesFor(now)
  return turn => {
    const text = turn.text.toLowerCase().replaceAll('’', "'")
    for (const { pattern, answer } of rules) {
      const match = pattern.exec(text)
      if (match) return answer(match, turn)
    }
    return `You said ${turn.text.replace(/[.!?\s]+$/, '')}.`
  }
}

export const rulesAgent: Agent<VoiceSession> = createRulesAgent()

import type { TalkEvent, TalkResult } from './stream.js'

/** The part of a process's output that is written to. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
}

export interface Printer {
  event(event: TalkEvent): void
  progress(saidMs: number): void
  summary(result: TalkResult): void
}

/** One JSON object a line, the summary last. */
export function jsonPrinter(out: Output): Printer {
  const line = (value: object) => out.write(`${JSON.stringify(value)}\n`)
  return {
    event: line,
    progress: () => {},
    summary: ({ turns, replyMs, session, failure }) =>
      line({ type: 'summary', turns, reply_ms: replyMs, session, ...(failure && { failure }) }),
  }
}

const PLAIN_PROGRESS_MS = 2000

/** For people. On a terminal the last line shows how far the recording is and what is being recognised. */
export function textPrinter(out: Output, totalMs: number): Printer {
  let interim = ''
  let plainAtMs = PLAIN_PROGRESS_MS
  let said = ''
  const live = (text: string) => out.isTTY && out.write(`\r\u001b[K${text}`)
  const line = (text: string) => {
    live('')
    out.write(`${text}\n`)
  }

  return {
    event(event) {
      if (event.type === 'transcript') interim = event.final ? '' : event.text
      const text = describe(event)
      if (text) line(text)
    },

    progress(saidMs) {
      said = `${seconds(saidMs)} of ${seconds(totalMs)} s said`
      live(interim ? `${said} | ${interim}` : said)
      if (out.isTTY || saidMs < plainAtMs) return
      plainAtMs += PLAIN_PROGRESS_MS
      line(said)
    },

    summary({ turns, replyMs, session }) {
      line('')
      turns.forEach((turn, i) => {
        line(
          `Turn ${i + 1}: "${turn.user}" -> "${turn.agent}"${turn.latency_ms === null ? '' : `, ${turn.latency_ms} ms`}`,
        )
      })
      if (turns.length === 0) line('No turn: nothing was recognised.')
      line(`${seconds(replyMs)} s of reply, round trip ${session.rtt_ms} ms, session ${session.id ?? 'never opened'}`)
    },
  }
}

function describe(event: TalkEvent): string | null {
  switch (event.type) {
    case 'ready':
      return `Session ${event.session_id}`
    case 'transcript':
      return event.final ? `You:   ${event.text}` : null
    case 'reply':
      return `Agent: ${event.text}`
    case 'reply_audio':
      return event.latency_ms === null ? null : `       (first reply audio ${event.latency_ms} ms after you stopped)`
    case 'interrupted':
      return `       (interrupted after ${Math.round(event.played_ms)} ms: "${event.text}")`
    case 'state':
      return event.reason === 'ready' || event.state === 'closing' ? null : `       (${event.state}: ${event.reason})`
    case 'error':
      return `Error: ${event.message} (${event.code})`
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CloseCode, classifyClose } from '../../../src/protocol/close-codes.js'
import { errorCodes } from '../../../src/protocol/error-codes.js'
import { decodeServerMessage } from '../../../src/protocol/server-messages.js'
import { decodeClientMessage, plainClientMessages, v1ClientMessages } from '../../../src/protocol/validate.js'
import { clientMessages, serverMessages } from './examples.js'

const document = readFileSync(new URL('../../../PROTOCOL.md', import.meta.url), 'utf8')

/** The text from a `## ` heading to the next. */
function chapter(title: string): string {
  const found = document.split(/^## /m).find(part => part.startsWith(title))
  if (found === undefined) throw new Error(`no chapter ${title}`)
  return found
}

/** The cells of every table row, without the ticks of code. */
function rows(text: string): string[][] {
  const lines = text.split('\n').filter(line => line.startsWith('| ') && !line.startsWith('|---'))
  return lines.map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim().replaceAll('`', '')),
  )
}

/** Everything under the headings of a chapter that name the type. */
function sectionOf(title: string, type: string): string {
  const sections = chapter(title).split(/^### /m)
  return sections.filter(section => section.split('\n')[0]!.includes(`\`${type}\``)).join('\n')
}

/** The names of all fields, however deep, apart from application data. */
function fieldNames(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(fieldNames)
  return Object.entries(value).flatMap(([key, child]) =>
    ['metadata', 'auth', 'data', 'config'].includes(key) ? [key] : [key, ...fieldNames(child)],
  )
}

describe('PROTOCOL.md', () => {
  it('lists every error code with its meaning', () => {
    const listed = rows(chapter('13.')).slice(1)
    const documented = listed.map(([code, errorClass, retryable]) => [
      code,
      { class: errorClass, retryable: retryable === 'yes' },
    ])
    expect(Object.fromEntries(documented)).toEqual(errorCodes)
    expect(listed).toHaveLength(Object.keys(errorCodes).length)
  })

  it('lists every close code with what a client does', () => {
    const count = { '-': 0, any: Number.POSITIVE_INFINITY } as Readonly<Record<string, number>>
    const listed = rows(chapter('12.')).slice(1)
    const codes = listed.map(([code]) => Number(code))
    expect(codes).toEqual(expect.arrayContaining(Object.values(CloseCode)))
    for (const [code, , errorClass, action, inARow] of listed) {
      const maxInARow = count[inARow!] ?? Number(inARow)
      expect(classifyClose(Number(code), ''), code).toEqual({ class: errorClass, action, maxInARow })
    }
  })

  it.each(Object.values(clientMessages))('describes every field of a client $type', message => {
    const { type, ...fields } = message
    const text = sectionOf('4.', type) + (JSON.stringify(message).includes('playback') ? chapter('7.') : '')
    for (const name of fieldNames(fields)) expect(text).toMatch(new RegExp(`\\b${name}\\b`))
  })

  it.each(Object.values(serverMessages))('describes every field of a server $type', message => {
    const { type, ...fields } = message
    const text = ['ping', 'pong'].includes(type) ? sectionOf('4.', type) : sectionOf('5.', type)
    for (const name of fieldNames(fields)) expect(text).toMatch(new RegExp(`\\b${name}\\b`))
  })

  it('links only to its own headings', () => {
    const anchors = new Map<string, number>()
    const slugs = [...document.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => {
      const slug = heading!
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-')
      const before = anchors.get(slug) ?? 0
      anchors.set(slug, before + 1)
      return before === 0 ? slug : `${slug}-${before}`
    })
    for (const [, anchor] of document.matchAll(/\]\(#([^)]+)\)/g)) expect(slugs).toContain(anchor)
  })
})

describe('the transcripts of PROTOCOL.md', () => {
  const transcripts = chapter('17.')
    .split(/^### /m)
    .slice(1)
    .map(text => ({ title: text.split('\n')[0]!, lines: text.split('\n').filter(line => /^[CS]: \{/.test(line)) }))

  it.each(transcripts)('$title: every message is a valid one', ({ title, lines }) => {
    const plain = title === 'Plain mode'
    const checks = plain ? plainClientMessages : v1ClientMessages
    let lastSeq = 0
    let lastError = ''
    expect(lines.length).toBeGreaterThan(2)
    for (const line of lines) {
      const text = line.slice(3)
      if (line.startsWith('C')) {
        const message = decodeClientMessage(text, checks)
        lastError = 'code' in message ? message.message : ''
        if (!plain) expect(lastError, line).toBe('')
      } else if (plain) {
        const message = JSON.parse(text) as { readonly type: string; readonly message?: string }
        expect(['ready', 'stt_result', 'tts_playback_complete', 'error']).toContain(message.type)
        if (message.type === 'error') expect(message.message).toBe(lastError)
      } else {
        const message = decodeServerMessage(text)
        expect(message, line).not.toBeNull()
        if (message?.seq !== undefined) {
          expect(message.seq).toBeGreaterThan(lastSeq)
          lastSeq = message.seq
        }
      }
    }
  })
})

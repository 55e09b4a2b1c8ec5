import type { Transcript, Word } from '../../../src/providers/contracts.js'
import { listOf, numberOf, recordOf, textOf, type VendorMessage } from '../../internal/vendor-message.js'

/** One of the results of a response. */
export interface GoogleResult {
  readonly text: string
  readonly isFinal: boolean
  readonly endMs: number | undefined
  readonly confidence: number | undefined
  readonly language: string | undefined
  readonly words: readonly Word[] | undefined
}

/** What both versions of the API mean by a response. They call the same things differently. */
export interface GoogleResponse {
  readonly results: readonly GoogleResult[]
  readonly event: 'begin' | 'end' | undefined
  readonly eventMs: number | undefined
  readonly requestId: string | undefined
}

export function responseOf(message: VendorMessage): GoogleResponse {
  const { speechEventType, speechEventTime, speechEventOffset, requestId } = message
  const named = textOf(recordOf(message.metadata)?.requestId) ?? integerOf(requestId)
  return {
    results: listOf(message.results).map(result => resultOf(recordOf(result) ?? {})),
    event: eventOf(speechEventType),
    eventMs: durationOf(speechEventTime ?? speechEventOffset),
    requestId: named === '' || named === '0' ? undefined : named,
  }
}

/** A duration has seconds of 64 bits, which are a number, a text or an object, by the client's configuration. */
export function durationMs({ seconds, nanos }: VendorMessage): number {
  return Number(integerOf(seconds) ?? 0) * 1000 + (numberOf(nanos) ?? 0) / 1e6
}

/** The transcript of a result that continues where `startMs` says, unless it has the times of its words. */
export function transcriptOf(result: GoogleResult, kind: Transcript['kind'], startMs: number): Transcript {
  const { text, words, confidence, language } = result
  const from = words?.[0]?.startMs ?? startMs
  const endMs = Math.max(from, result.endMs ?? words?.at(-1)?.endMs ?? from)
  return { kind, text, startMs: from, endMs, confidence, language, words }
}

function resultOf(result: VendorMessage): GoogleResult {
  const best = recordOf(listOf(result.alternatives)[0]) ?? {}
  const words = listOf(best.words).map(word => wordOf(recordOf(word) ?? {}))
  const isTimed = words.some(({ endMs }) => endMs > 0)
  return {
    text: (textOf(best.transcript) ?? '').trim(),
    isFinal: result.isFinal === true,
    endMs: durationOf(result.resultEndTime ?? result.resultEndOffset),
    // 0 is how the messages write "not said".
    confidence: numberOf(best.confidence) || undefined,
    language: textOf(result.languageCode) || undefined,
    words: isTimed ? words : undefined,
  }
}

function wordOf({ word, startTime, endTime, startOffset, endOffset, confidence }: VendorMessage): Word {
  return {
    text: textOf(word) ?? '',
    startMs: durationOf(startTime ?? startOffset) ?? 0,
    endMs: durationOf(endTime ?? endOffset) ?? 0,
    confidence: numberOf(confidence) || undefined,
  }
}

function durationOf(value: unknown): number | undefined {
  const duration = recordOf(value)
  return duration && durationMs(duration)
}

function integerOf(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value)
}

/** By name or by number, by the client's configuration. */
function eventOf(type: unknown): 'begin' | 'end' | undefined {
  if (type === 'SPEECH_ACTIVITY_BEGIN' || type === 2) return 'begin'
  if (type === 'SPEECH_ACTIVITY_END' || type === 3) return 'end'
  return undefined
}

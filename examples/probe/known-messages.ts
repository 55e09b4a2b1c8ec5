/** The fields of a vendor's messages by type, as its own client declares them. */
export type KnownMessages = Readonly<Record<string, readonly string[]>>

export const deepgramMessages: KnownMessages = {
  Results: [
    ...['channel_index', 'duration', 'start', 'is_final', 'speech_final', 'channel', 'metadata', 'from_finalize'],
    'entities',
  ],
  SpeechStarted: ['channel', 'timestamp'],
  UtteranceEnd: ['channel', 'last_word_end'],
  Metadata: [
    ...['transaction_key', 'request_id', 'sha256', 'created', 'duration', 'channels'],
    ...['model_name', 'model_version', 'model_uuid', 'additional_model_uuids'],
  ],
  Flushed: ['sequence_id'],
  Cleared: ['sequence_id'],
}

export const elevenLabsMessages: KnownMessages = {
  session_started: ['session_id', 'config'],
  partial_transcript: ['text'],
  final_transcript: ['text'],
  committed_transcript: ['text'],
  committed_transcript_with_timestamps: ['text', 'language_code', 'words'],
  // Synthesis has no types.
  untyped: ['audio', 'isFinal', 'is_final', 'contextId', 'context_id', 'alignment', 'normalizedAlignment'],
}

export const cartesiaMessages: KnownMessages = {
  connected: ['request_id'],
  'turn.start': ['request_id'],
  'turn.update': ['request_id', 'transcript'],
  'turn.eager_end': ['request_id', 'transcript'],
  'turn.resume': ['request_id'],
  'turn.end': ['request_id', 'transcript'],
  transcript: ['request_id', 'is_final', 'text', 'duration', 'language', 'words'],
  flush_done: ['request_id', 'context_id', 'done', 'flush_done', 'flush_id', 'status_code'],
  chunk: ['context_id', 'data', 'done', 'status_code', 'step_time', 'flush_id'],
  timestamps: ['context_id', 'done', 'status_code', 'word_timestamps'],
  done: ['request_id', 'context_id', 'done', 'status_code'],
}

export const assemblyAiMessages: KnownMessages = {
  Begin: ['id', 'expires_at'],
  SpeechStarted: ['timestamp', 'confidence'],
  Turn: [
    ...['turn_order', 'turn_is_formatted', 'end_of_turn', 'transcript', 'end_of_turn_confidence', 'words'],
    ...['language_code', 'language_confidence', 'speaker_label', 'utterance'],
  ],
  Termination: ['audio_duration_seconds', 'session_duration_seconds'],
}

const transcription = ['event_id', 'item_id', 'content_index']

export const openAiMessages: KnownMessages = {
  'session.created': ['event_id', 'session'],
  'session.updated': ['event_id', 'session'],
  'input_audio_buffer.speech_started': ['event_id', 'audio_start_ms', 'item_id'],
  'input_audio_buffer.speech_stopped': ['event_id', 'audio_end_ms', 'item_id'],
  'input_audio_buffer.committed': ['event_id', 'previous_item_id', 'item_id'],
  'input_audio_buffer.cleared': ['event_id'],
  'conversation.item.created': ['event_id', 'item', 'previous_item_id'],
  'conversation.item.added': ['event_id', 'item', 'previous_item_id'],
  'conversation.item.done': ['event_id', 'item', 'previous_item_id'],
  'conversation.item.input_audio_transcription.delta': [...transcription, 'delta', 'logprobs'],
  'conversation.item.input_audio_transcription.completed': [
    ...transcription,
    ...['transcript', 'usage', 'logprobs', 'languages'],
  ],
  'rate_limits.updated': ['event_id', 'rate_limits'],
}

export const googleMessages: KnownMessages = {
  untyped: [
    ...['results', 'error', 'speechEventType', 'speechEventTime', 'speechEventOffset', 'totalBilledTime'],
    ...['speechAdaptationInfo', 'requestId', 'metadata', 'audioContent', 'timepoints', 'audioConfig'],
  ],
}

/** Collects what a vendor says that its own client did not announce. */
export class UnknownFields {
  readonly #known: KnownMessages
  readonly #found: Set<string> = new Set()

  constructor(known: KnownMessages) {
    this.#known = known
  }

  get found(): readonly string[] {
    return [...this.#found].sort()
  }

  see(message: Readonly<Record<string, unknown>>): void {
    const { type: tag, message_type: otherTag, ...fields } = message
    const type = String(tag ?? otherTag ?? 'untyped')
    const known = this.#known[type]
    if (!known) this.#found.add(type)
    else for (const field of Object.keys(fields)) if (!known.includes(field)) this.#found.add(`${type}.${field}`)
  }
}

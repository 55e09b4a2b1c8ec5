/** The subprotocol of voice-ws's own wire. Clients offer it first. */
export const VOICE_V1 = 'voice.v1'

/** The subprotocol to answer an upgrade with; `''`: answer with none and speak the plain dialect. */
export function selectProtocol(offered: readonly string[]): '' | typeof VOICE_V1 {
  return offered.includes(VOICE_V1) ? VOICE_V1 : ''
}

export { systemClock } from '../util/clock.js'
export { ManualClock } from './manual-clock.js'
export {
  type MemoryPeer,
  type MemorySocketOptions,
  memorySocketPair,
  type PeerClosed,
} from './memory-socket.js'
export { ScriptedStt, type ScriptedSttOptions, ScriptedSttStream, type SttFault } from './scripted-stt.js'
export { ScriptedTts, type ScriptedTtsOptions, type TtsFault } from './scripted-tts.js'
export { speechOf, textOf } from './spoken-text.js'
export { type SpeakOptions, silence, speak, speakPackets } from './spoken-words.js'
export { type SttSuiteOptions, sttProviderSuite } from './stt-provider-suite.js'
export type { SuiteApi } from './suite-api.js'
export { startTestCall, type TestCall, type TestCallOptions } from './test-call.js'
export { type TtsSuiteOptions, ttsProviderSuite } from './tts-provider-suite.js'

/**
 * Microphone and loudspeaker of a browser for `voice-ws/client`.
 *
 * @module
 */
export { type AudioAttachment, type AudioParts, attachAudio } from './attach.js'
export { AudioError, type AudioErrorCode } from './audio-error.js'
export {
  createMicrophone,
  type Microphone,
  type MicrophoneDevice,
  type MicrophoneEvents,
  type MicrophoneOptions,
} from './microphone.js'
export { createPlayer, type PlayerOptions, type SpeechPlayer } from './speech-player.js'

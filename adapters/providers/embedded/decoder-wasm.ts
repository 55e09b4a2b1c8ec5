import { derivedFile } from './derived-file.js'
import { assets, cacheFolder, readAsset } from './packages.js'
import { rewriteSections } from './wasm-binary.js'
import { widenMemoryImport } from './wasm-memory.js'
import { saturateTruncations } from './wasm-truncation.js'

const IMPORT_SECTION = 2
const CODE_SECTION = 10
const PAGE_BYTES = 65_536

/**
 * Memory given to the decoder. As shipped it may use 96 MiB, which 15 s of loud speech with the large language
 * model exceeds (measured: 61 MB loaded, 95 MB peak, then abort). Untouched pages cost no memory.
 */
export const DECODER_MEMORY_BYTES: number = 256 * 1024 * 1024

/** Names the rewriting below in the cache; raise it when the rewriting changes. */
const REVISION = 1

/** Makes the shipped decoder usable: no trap on silence (log 0 to integer), more memory. */
export function repairDecoder(shipped: Uint8Array): Uint8Array<ArrayBuffer> {
  return rewriteSections(shipped, {
    [IMPORT_SECTION]: imports => widenMemoryImport(imports, DECODER_MEMORY_BYTES / PAGE_BYTES),
    [CODE_SECTION]: saturateTruncations,
  })
}

/** The repaired decoder, from the cache when it was built before. */
export function loadDecoderWasm(): Uint8Array<ArrayBuffer> {
  const name = `pocketsphinx-${assets.decoderWasm.sha256.slice(0, 16)}-${REVISION}.wasm`
  return derivedFile(cacheFolder(), name, () => repairDecoder(readAsset(assets.decoderWasm)))
}

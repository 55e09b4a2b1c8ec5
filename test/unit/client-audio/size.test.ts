import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

async function gzippedBytes(...entries: readonly string[]): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: entries.map(entry => fileURLToPath(new URL(`../../../src/client/audio/${entry}`, import.meta.url))),
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    outdir: 'unused',
    splitting: true,
    write: false,
  })
  return outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0)
}

describe('the size of voice-ws/client/audio', () => {
  it('is at most 7 KB gzipped, and its two worklets together at most 5.5 KB', async () => {
    const page = await gzippedBytes('index.ts')
    const worklets = await gzippedBytes('worklets/capture.ts', 'worklets/player.ts')
    console.info(`client/audio: ${page} bytes, worklets: ${worklets} bytes`)
    expect(page).toBeLessThanOrEqual(7 * 1024)
    expect(worklets).toBeLessThanOrEqual(5.5 * 1024)
  })
})

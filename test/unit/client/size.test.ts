import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

it('voice-ws/client with all it imports is at most 8 KB gzipped, and needs no package', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL('../../../src/client/index.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
  })
  const bytes = gzipSync(outputFiles[0]!.contents, { level: 9 }).length
  console.info(`client: ${bytes} bytes`)
  expect(bytes).toBeLessThanOrEqual(8 * 1024)
  expect(Object.keys(metafile.inputs).filter(input => !input.includes('src/'))).toEqual([])
})

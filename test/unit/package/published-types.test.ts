import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const tsc = join(createRequire(import.meta.url).resolve('typescript/package.json'), '../bin/tsc')

let project: string

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'voice-ws-types-'))
  await mkdir(join(project, 'node_modules'))
  await symlink(root, join(project, 'node_modules/voice-ws'))
})
afterEach(() => rm(project, { recursive: true }))

it('compile in a project that has none of the peers, checks its libraries and knows no newer JavaScript than es2022', async () => {
  const { exports: subpaths } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const vendors = (await readdir(join(root, 'dist/adapters/providers'))).filter(file => file.endsWith('.d.ts'))
  const modules = [
    ...Object.keys(subpaths).filter(path => !path.includes('*') && !path.endsWith('.json')),
    ...vendors.map(file => `./providers/${file.slice(0, -'.d.ts'.length)}`),
  ]
  expect(modules.length).toBeGreaterThan(12)
  await writeFile(join(project, 'uses.ts'), modules.map(path => `import 'voice-ws${path.slice(1)}'`).join('\n'))
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    preserveSymlinks: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2022', 'dom'],
    types: [],
  }
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['uses.ts'] }))
  const errors = await promisify(execFile)(process.execPath, [tsc, '-p', project]).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  )
  expect(errors).toBe('')
})

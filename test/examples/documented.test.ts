import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

const linesOfCode = (source: string) =>
  source.split('\n').filter(line => line.trim() !== '' && !/^\s*(\/\/|\/\*\*.*\*\/$)/.test(line)).length

describe('the mounting examples', () => {
  it.each(['voice', 'ws', 'express', 'fastify', 'hono', 'uws', 'custom'])('%s is at most 15 lines', name => {
    expect(linesOfCode(read(`examples/mount/${name}.ts`))).toBeLessThanOrEqual(15)
  })

  it('wrap a transport of one`s own in at most 30', () => {
    expect(linesOfCode(read('examples/mount/message-port.ts'))).toBeLessThanOrEqual(30)
  })

  it('are all started by a test', () => {
    const started = read('test/examples/mount.test.ts')
    const files = readdirSync(new URL('../../examples/mount', import.meta.url)).map(file => file.replace('.ts', ''))
    for (const file of files.filter(name => !['voice', 'message-port'].includes(name)))
      expect(started).toContain(`${file}`)
  })
})

describe('docs/adapters.md', () => {
  const page = read('docs/adapters.md')

  it('shows the files as they are', () => {
    const shown = [...page.matchAll(/<!-- (\S+) -->\n```ts\n(.*?)```/gs)]
    expect(shown.length).toBeGreaterThan(0)
    for (const [, path, code] of shown) expect(code).toBe(read(path!))
  })

  it('links to what exists', () => {
    for (const [, path] of page.matchAll(/\]\(\.\.\/([^)]+)\)/g)) readdirSync(new URL(`../../${path}`, import.meta.url))
  })
})

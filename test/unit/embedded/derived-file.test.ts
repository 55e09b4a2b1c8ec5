import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { derivedFile } from '../../../adapters/providers/embedded/derived-file.js'

let folder: string
let builds: number
const build = () => {
  builds++
  return Uint8Array.of(1, 2, 3, 4)
}
const derive = (into = join(folder, 'cache')) => derivedFile(into, 'thing', build)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'voice-ws-'))
  builds = 0
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a derived file', () => {
  it('is built once, in bytes of its own', () => {
    for (let i = 0; i < 3; i++) {
      const bytes = derive()
      expect([...bytes]).toEqual([1, 2, 3, 4])
      expect(bytes.buffer.byteLength).toBe(4)
    }
    expect(builds).toBe(1)
    expect(readdirSync(join(folder, 'cache'))).toEqual(['thing'])
  })

  it.each([
    ['changed', (path: string) => writeFileSync(path, readFileSync(path).fill(9, 35))],
    ['cut short', (path: string) => truncateSync(path, 33)],
    ['emptied', (path: string) => truncateSync(path, 0)],
  ])('is built again when it was %s', (_how, damage) => {
    derive()
    damage(join(folder, 'cache', 'thing'))
    expect([...derive()]).toEqual([1, 2, 3, 4])
    expect(builds).toBe(2)
    derive()
    expect(builds).toBe(2)
  })

  it('is built every time where it cannot be kept', () => {
    writeFileSync(join(folder, 'file'), '')
    const nowhere = join(folder, 'file', 'cache')
    for (let i = 0; i < 2; i++) expect([...derive(nowhere)]).toEqual([1, 2, 3, 4])
    expect(builds).toBe(2)
  })

  it('is not kept when building it fails', () => {
    expect(() =>
      derivedFile(folder, 'thing', () => {
        throw new Error('no engine')
      }),
    ).toThrow('no engine')
    expect(readdirSync(folder)).toEqual([])
  })
})

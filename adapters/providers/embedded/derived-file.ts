import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const DIGEST_BYTES = 32

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

/**
 * What `build` returns, kept in `folder` between runs. `name` must change with the inputs of `build`. The file starts
 * with the SHA-256 of the rest, so a damaged one is built again, and it is renamed into place, so processes that
 * start together never see half of it. A folder that cannot be written costs only the time to build again.
 */
export function derivedFile(
  folder: string,
  name: string,
  build: () => Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const path = join(folder, name)
  const kept = read(path)
  if (kept) return kept
  const bytes = build()
  write(folder, path, bytes)
  return bytes
}

function read(path: string): Uint8Array<ArrayBuffer> | undefined {
  let file: Uint8Array<ArrayBuffer>
  try {
    file = readFileSync(path)
  } catch {
    return undefined
  }
  // A copy in a buffer of its own: what Node reads may sit anywhere in a larger one.
  const bytes = new Uint8Array(file.subarray(DIGEST_BYTES))
  return digest(bytes).equals(file.subarray(0, DIGEST_BYTES)) ? bytes : undefined
}

function write(folder: string, path: string, bytes: Uint8Array): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(draft, Buffer.concat([digest(bytes), bytes]), { flag: 'wx' })
    renameSync(draft, path)
  } catch {
    remove(draft)
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // Where nothing could be written there is nothing to remove.
  }
}

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** From `dist/bench`. */
const folder = fileURLToPath(new URL('../../bench', import.meta.url))

/** Installs what is only measured beside, once. */
export function installPeers(): void {
  if (existsSync(`${folder}/node_modules/socket.io`)) return
  execFileSync('npm', ['--prefix', folder, 'install', '--silent'], { stdio: 'inherit' })
}

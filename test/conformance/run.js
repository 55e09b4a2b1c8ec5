// Installs the vendors' own clients beside this file and lets them, and then our adapters, talk to our fakes.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const here = import.meta.dirname

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: here, stdio: ['ignore', 'inherit', 'inherit'], ...options })
  if (error) console.error(`${command}: ${error.message}`)
  return status ?? 1
}

/** Some clients speak TLS only, and trust what is named when their process begins. */
function makeCertificate(folder) {
  const files = { CONFORMANCE_KEY: join(folder, 'key.pem'), NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') }
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1'
  const made = run(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', names],
      ...['-keyout', files.CONFORMANCE_KEY, '-out', files.NODE_EXTRA_CA_CERTS],
    ],
    { stdio: ['ignore', 'ignore', 'ignore'] },
  )
  if (made !== 0) throw new Error('openssl made no certificate; install openssl')
  return files
}

const folder = mkdtempSync(join(tmpdir(), 'voice-ws-conformance-'))
try {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const quiet = ['--no-audit', '--no-fund', '--loglevel', 'error']
  const installed = run(npm, ['install', ...quiet], { stdio: ['ignore', 'ignore', 'inherit'] })
  if (installed !== 0) throw new Error("the vendors' clients could not be installed")
  const env = { ...process.env, ...makeCertificate(folder) }
  const vitest = join(here, '../../node_modules/vitest/vitest.mjs')
  process.exitCode = run(process.execPath, [vitest, 'run', '--config', 'vitest.config.ts'], { env })
} finally {
  rmSync(folder, { recursive: true })
}

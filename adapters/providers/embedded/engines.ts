import { recognisers, synthesisers } from './pools.js'

/**
 * Loads the engines ahead of the first call, one recogniser and one synthesiser; about 2 s. They stay loaded without
 * holding the process open.
 *
 * @throws EngineInstallError, with the command to run, when an engine package is missing; Error when one does not load.
 */
export async function warmUp(): Promise<void> {
  await Promise.all([recognisers.warmUp(), synthesisers.warmUp()])
}

/** Ends the workers that serve streams now, as a crash would: for demonstrations and tests of recovery. Returns how many. */
export function killEmbeddedWorkers(kind: 'stt' | 'tts'): number {
  return kind === 'stt' ? recognisers.kill() : synthesisers.kill()
}

/** Ends all workers and waits until they are gone. Open streams fail; the next `connect` starts new ones. */
export async function shutdownEmbedded(): Promise<void> {
  await Promise.all([recognisers.shutdown(), synthesisers.shutdown()])
}

import type { VoiceMount } from '../src/index.js'

/** The handler without its load probe: on a machine that other work keeps busy it would send clients away. */
export function unhurried(voice: VoiceMount): VoiceMount {
  return {
    limits: voice.limits,
    logger: voice.logger,
    admit: (request, options) => voice.admit(request, options),
    open: (socket, accept) => voice.open(socket, accept),
  }
}

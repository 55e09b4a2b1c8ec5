import type { Cancel } from '../../util/clock.js'
import { insecureError } from './audio-error.js'

/** A device that gives nothing for so long is lost; shorter pauses happen when devices change by themselves. */
const MUTED_MS = 2000

/** What `getUserMedia` says about a device that is not there. */
const absent = ['OverconstrainedError', 'NotFoundError']

/**
 * Asks for a microphone. A device that has gone must not silence the user: the system's choice takes its place. So the
 * wanted one is insisted on and given up, because chromium does not listen to a wish (`ideal`).
 */
export async function openMicrophone(
  deviceId: string | undefined,
  constraints: { readonly [name: string]: unknown } | undefined,
): Promise<MediaStream> {
  const { mediaDevices } = navigator
  if (!mediaDevices) throw insecureError()
  const audio: MediaTrackConstraints = {
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    channelCount: { ideal: 1 },
    ...constraints,
  }
  if (deviceId === undefined) return mediaDevices.getUserMedia({ audio })
  try {
    return await mediaDevices.getUserMedia({ audio: { ...audio, deviceId: { exact: deviceId } } })
  } catch (error) {
    // iOS refuses ids of an earlier visit in this way too.
    if (!absent.includes((error as Error).name)) throw error
    return mediaDevices.getUserMedia({ audio })
  }
}

/**
 * Tells when another device should be heard: this one ended or fell silent, the wanted one is there again, or the
 * system's choice has changed.
 */
export function watchTrack(track: MediaStreamTrack, wantedId: string | undefined, lost: () => void): Cancel {
  const { mediaDevices } = navigator
  const { deviceId, groupId } = track.getSettings()
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false

  async function check(): Promise<void> {
    const inputs = (await mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'audioinput')
    if (stopped) return
    const here = inputs.some(input => input.deviceId === deviceId)
    const wantedIsBack = wantedId !== deviceId && inputs.some(input => input.deviceId === wantedId)
    const choice = wantedId === undefined ? inputs.find(input => input.deviceId === 'default') : undefined
    const choiceMoved = choice !== undefined && groupId !== undefined && choice.groupId !== groupId
    if (!here || wantedIsBack || choiceMoved) lost()
  }

  const changed = () => void check()
  const muted = () => {
    timer = setTimeout(lost, MUTED_MS)
  }
  const unmuted = () => clearTimeout(timer)
  track.addEventListener('ended', lost)
  track.addEventListener('mute', muted)
  track.addEventListener('unmute', unmuted)
  mediaDevices.addEventListener('devicechange', changed)
  return () => {
    stopped = true
    clearTimeout(timer)
    track.removeEventListener('ended', lost)
    track.removeEventListener('mute', muted)
    track.removeEventListener('unmute', unmuted)
    mediaDevices.removeEventListener('devicechange', changed)
  }
}

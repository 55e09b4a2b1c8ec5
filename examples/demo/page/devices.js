import { byId } from './elements.js'

/** Lets the user choose among the microphones that are there. Their names are known once one was allowed. */
export function offerDevices(microphone) {
  const select = byId('device')
  select.disabled = false
  select.onchange = () => void microphone.setDevice(select.value || undefined)
  navigator.mediaDevices.ondevicechange = list
  void list()

  async function list() {
    const devices = await navigator.mediaDevices.enumerateDevices()
    const inputs = devices.filter(({ kind, deviceId }) => kind === 'audioinput' && deviceId && deviceId !== 'default')
    const chosen = select.value
    select.replaceChildren(
      new Option('System default', ''),
      ...inputs.map(({ deviceId, label }) => new Option(label || 'Microphone', deviceId)),
    )
    select.value = inputs.some(({ deviceId }) => deviceId === chosen) ? chosen : ''
  }
}

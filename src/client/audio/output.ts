/** Newer browsers only. */
type Selectable = { setSinkId?(sinkId: string): Promise<void> }

const elements = new WeakMap<AudioContext, HTMLAudioElement>()

/**
 * Leads `node` to a loudspeaker. Where a context cannot choose one an audio element does; otherwise there is none,
 * because it adds latency.
 */
export async function routeOutput(context: AudioContext, node: AudioNode, sinkId: string | undefined): Promise<void> {
  const selectable = context as AudioContext & Selectable
  const element = elements.get(context)
  if (selectable.setSinkId) {
    node.connect(context.destination)
    await selectable.setSinkId(sinkId ?? '')
  } else if (sinkId === undefined && !element) node.connect(context.destination)
  else await (element ?? createElement(context, node)).setSinkId(sinkId ?? '')
}

function createElement(context: AudioContext, node: AudioNode): HTMLAudioElement {
  const outlet = context.createMediaStreamDestination()
  const element = new Audio()
  elements.set(context, element)
  node.disconnect()
  node.connect(outlet)
  element.srcObject = outlet.stream
  void element.play()
  return element
}

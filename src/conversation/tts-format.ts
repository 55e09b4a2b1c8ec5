import type { AudioFormat } from '../audio/format.js'
import type { TtsCapabilities } from '../providers/contracts.js'

/** Whether anything it produces can be decoded. */
export function isUsable({ formats }: TtsCapabilities): boolean {
  return formats.some(isDecodable)
}

/**
 * What to ask of a usable synthesiser whose listener gets `sampleRate`: the least that is not below it, in mono and
 * uncompressed where possible, else the most there is. Without a wish, what the synthesiser prefers.
 */
export function chooseFormat({ formats }: TtsCapabilities, sampleRate: number | undefined): AudioFormat {
  const usable = formats.filter(isDecodable)
  const plain = usable.filter(format => format.encoding === 'linear16' && format.channels === 1)
  const choices = plain.length > 0 ? plain : usable
  if (sampleRate === undefined) return choices[0]!
  const enough = choices.filter(format => format.sampleRate >= sampleRate)
  return enough.length > 0
    ? enough.reduce((a, b) => (b.sampleRate < a.sampleRate ? b : a))
    : choices.reduce((a, b) => (b.sampleRate > a.sampleRate ? b : a))
}

function isDecodable(format: AudioFormat): boolean {
  return format.encoding !== 'opus'
}

/** The format audio has in the lane. */
export function laneFormat(sampleRate: number): AudioFormat {
  return { encoding: 'linear16', sampleRate, channels: 1 }
}

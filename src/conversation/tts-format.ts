import type { AudioFormat } from '../audio/format.js'
import type { TtsCapabilities } from '../providers/contracts.js'

/** Whether anything it produces can be decoded. */
export function isUsable({ formats }: TtsCapabilities): boolean {
  return formats.some(isDecodable)
}

/**
 * What to ask of a usable synthesiser whose listener gets at most `sampleRate`: what the synthesiser prefers, unless that
 * is more. Then the least that is not below it, in mono and uncompressed where possible.
 */
export function chooseFormat({ formats }: TtsCapabilities, sampleRate: number | undefined): AudioFormat {
  const usable = formats.filter(isDecodable)
  const plain = usable.filter(format => format.encoding === 'linear16' && format.channels === 1)
  const choices = plain.length > 0 ? plain : usable
  const preferred = choices[0]!
  if (sampleRate === undefined || preferred.sampleRate <= sampleRate) return preferred
  return choices
    .filter(format => format.sampleRate >= sampleRate)
    .reduce((a, b) => (b.sampleRate < a.sampleRate ? b : a))
}

function isDecodable(format: AudioFormat): boolean {
  return format.encoding !== 'opus'
}

/** The format audio has in the lane. */
export function laneFormat(sampleRate: number): AudioFormat {
  return { encoding: 'linear16', sampleRate, channels: 1 }
}

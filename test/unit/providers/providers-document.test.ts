import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { assemblyAiLimits } from '../../../adapters/providers/assemblyai/limits.js'
import { azureLimits } from '../../../adapters/providers/azure/limits.js'
import { cartesiaLimits } from '../../../adapters/providers/cartesia/limits.js'
import { deepgramLimits } from '../../../adapters/providers/deepgram/limits.js'
import { elevenLabsLimits } from '../../../adapters/providers/elevenlabs/limits.js'
import { googleLimits } from '../../../adapters/providers/google/limits.js'
import { openAiLimits } from '../../../adapters/providers/openai/limits.js'

const text = readFileSync(new URL('../../../docs/providers.md', import.meta.url), 'utf8')

it.each([
  ['Deepgram', deepgramLimits],
  ['ElevenLabs', elevenLabsLimits],
  ['Cartesia', cartesiaLimits],
  ['AssemblyAI', assemblyAiLimits],
  ['OpenAI', openAiLimits],
  ['Google', googleLimits],
  ['Azure', azureLimits],
])('docs/providers.md names every limit of %s with its default', (vendor, limits) => {
  const rows = text.split('\n').filter(line => line.startsWith(`| ${vendor} \``))
  const told = rows.flatMap(row => {
    const [, names = '', values = ''] = row.split('|')
    const defaults = values.match(/[\d.]+/g) ?? []
    return [...names.matchAll(/`(\w+)`/g)].map(([, name], index) => [name, Number(defaults[index])])
  })
  expect(Object.fromEntries(told)).toEqual(limits)
})

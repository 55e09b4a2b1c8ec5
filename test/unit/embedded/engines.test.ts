import { describe, expect, it } from 'vitest'
import { Flite } from '../../../adapters/providers/embedded/flite.js'
import { FRAME_SAMPLES, FrameCutter } from '../../../adapters/providers/embedded/frames.js'
import { assets, EngineInstallError, readAsset } from '../../../adapters/providers/embedded/packages.js'
import { Speaker } from '../../../adapters/providers/embedded/speaker.js'
import { VoiceDetector } from '../../../adapters/providers/embedded/voice-detector.js'
import { runProgram } from '../../../adapters/providers/embedded/wasi.js'
import { webAssembly } from '../../../adapters/providers/embedded/web-assembly.js'

const program = new webAssembly.Module(readAsset(assets.fliteWasm))

describe('a WASI program in memory', () => {
  it('gets its arguments and gives its output, its file and its exit code', () => {
    const text = 'naïve text with spaces'
    const result = runProgram(program, ['flite', '-voice', 'kal', '-pw', '-t', text, '-o', 'out.wav'])
    expect(result).toMatchObject({ exitCode: 0, stderr: '' })
    expect(result.stdout.trim()).toMatch(/text with spaces$/)
    const header = Buffer.from(result.file.subarray(0, 44))
    expect(header.toString('latin1', 0, 4)).toBe('RIFF')
    expect(header.readUInt32LE(40)).toBe(result.file.length - 44)
  })

  it('ends with the code it chose', () => {
    expect(runProgram(program, ['flite', '--version'])).toMatchObject({ exitCode: 1, file: new Uint8Array(0) })
  })

  it('finds no file to read, and nothing on its standard input', () => {
    const { stderr } = runProgram(program, ['flite', '-f', 'absent.txt', '-o', 'out.wav'])
    expect(stderr).toBe('failed to open file "absent.txt" for reading\n')
    expect(runProgram(program, ['flite', '-f', '-', '-o', 'out.wav']).file).toHaveLength(44)
  })

  it('does the same thing every time', () => {
    const args = ['flite', '-voice', 'slt', '-t', 'hello', '-o', 'out.wav']
    expect(Buffer.compare(runProgram(program, args).file, runProgram(program, args).file)).toBe(0)
  })
})

describe('Flite', () => {
  const flite = new Flite()

  it('tells when each phone ends, up to the end of its sound', () => {
    const { pcm, phones } = flite.speak('hello', 'slt', 1)
    expect(phones.map(({ name }) => name)).toEqual(['pau', 'hh', 'ax', 'l', 'ow', 'pau'])
    expect(phones.at(-1)!.endMs).toBeCloseTo(pcm.length / 32, -2)
  })

  it.each(['', '...', '😀', '-t', '--help', 'a\0b', '<b>&amp;</b>', 'x'.repeat(500)])('bears %j', text => {
    expect(() => flite.speak(text, 'kal', 1)).not.toThrow()
  })

  it('reads accents and curly quotes as plain letters', () => {
    expect(flite.pronounce('café')).toEqual(flite.pronounce('cafe'))
    expect(flite.pronounce('it’s')).toEqual(flite.pronounce("it's"))
  })
})

describe('the speaker', () => {
  const speaker = new Speaker()

  it('begins at once and says nothing where nothing is pronounced', () => {
    const spoken = speaker.speak('hello there', 'slt', 1)!
    expect(spoken.words()[0]).toMatchObject({ text: 'hello', startMs: 20 })
    expect(spoken.durationMs).toBe(spoken.audio.length / 32)
    expect(speaker.speak('...', 'slt', 1)).toBe(undefined)
  })
})

describe('the voice detector', () => {
  it('hears speech and no silence, also after a reset', async () => {
    const detector = await VoiceDetector.load()
    const { audio } = new Speaker().speak('how long does it take to drive to the airport', 'rms', 1)!
    const voicedShare = () => {
      let voiced = 0
      let frames = 0
      new FrameCutter().push(audio, samples => {
        frames++
        if (detector.isVoice(samples)) voiced++
      })
      return voiced / frames
    }
    for (let i = 0; i < 50; i++) expect(detector.isVoice(new Int16Array(FRAME_SAMPLES))).toBe(false)
    const share = voicedShare()
    expect(share).toBeGreaterThan(0.7)
    detector.reset()
    expect(voicedShare()).toBeCloseTo(share, 1)
  })
})

describe('an engine file', () => {
  it('is refused when it is not the one that was checked', () => {
    const other = { ...assets.fvadWasm, sha256: '0'.repeat(64) }
    expect(() => readAsset(other)).toThrow(EngineInstallError)
    expect(() => readAsset(other)).toThrow('@echogarden/fvad-wasm/fvad.wasm is not the file of 0.2.0. Run: npm install')
    expect(() => readAsset({ ...other, path: 'absent' })).toThrow('@echogarden/fvad-wasm has no absent')
  })
})

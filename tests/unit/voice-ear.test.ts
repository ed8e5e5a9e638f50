// What listens: pieces of speech, "stop", the search of the decoder, sound files, the microphone's process.

import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { spokenGrammar } from '../../src/control/goal/spoken/grammar.js'
import { denoised } from '../../src/io/voice/denoise.js'
import { Ear } from '../../src/io/voice/ear.js'
import { openMicrophone } from '../../src/io/voice/microphone.js'
import { search } from '../../src/io/voice/moonshine/search.js'
import { MoonshineTokenizer } from '../../src/io/voice/moonshine/tokenizer.js'
import { frameSamples, Segmenter } from '../../src/io/voice/segmenter.js'
import { type StopFrame, StopSpotter, saysStop } from '../../src/io/voice/stop-spotter.js'
import { readWav, wavBytes } from '../../src/io/voice/wav.js'
import type { EarReply } from '../../src/io/voice/worker-protocol.js'
import { lexicon } from '../fixtures/lexicon.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cliport-voice-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

const stop: StopFrame = { text: 'Stop.', score: -0.1, isWhole: true, gap: 9 }

test('one frame of sound is no speech, and a short pause does not end it', () => {
  const segmenter = new Segmenter()
  const events = (probability: number, times: number) =>
    Array.from({ length: times }, () => segmenter.next(probability)).filter((event) => event !== null)
  expect(events(0.9, 1)).toEqual([])
  expect(events(0.1, 1)).toEqual([])
  expect(events(0.9, 10)).toEqual(['begin'])
  expect(events(0.1, 15)).toEqual([])
  expect(events(0.9, 5)).toEqual([])
  expect(events(0.1, 30)).toEqual(['end'])
})

test('a piece of speech that does not end is cut', () => {
  const segmenter = new Segmenter()
  const events = Array.from({ length: 1300 }, () => segmenter.next(0.9))
  expect(events.filter((event) => event === 'end').length).toBe(2)
})

test('stop is what ends in stop and is said to its end', () => {
  const says = (text: string, more: Partial<StopFrame> = {}) => saysStop({ ...stop, text, ...more })
  expect(['Stop.', 'No, no, stop!', 'stop it', 'Stop, please.'].map((text) => says(text))).toEqual([
    true,
    true,
    true,
    true,
  ])
  expect(['Stopping.', 'Stop the', 'Top.', 'A stop sign.', ''].map((text) => says(text))).toEqual(Array(5).fill(false))
  expect([says('Stop.', { isWhole: false }), says('Stop.', { score: -3 })]).toEqual([false, false])
})

test('what sounds nearly as much like stop is taken for it, where nothing more was said', () => {
  expect(saysStop({ text: 'Step.', score: -0.5, isWhole: true, gap: 0.9 })).toBe(true)
  expect(saysStop({ text: 'Step.', score: -0.5, isWhole: true, gap: 4 })).toBe(false)
  expect(saysStop({ text: 'Step into the', score: -0.5, isWhole: false, gap: 0.9 })).toBe(false)
})

test('two looks have to agree, and one piece of speech stops once', () => {
  const spotter = new StopSpotter()
  const other = { ...stop, text: 'Store.' }
  expect([stop, other, stop, stop, stop, stop].map((frame) => spotter.look(frame))).toEqual([
    false,
    false,
    false,
    true,
    false,
    false,
  ])
  spotter.reset()
  expect([spotter.look(stop), spotter.look(stop)]).toEqual([false, true])
})

/** An ear that takes loud frames for speech and reads this at their ends. */
function anEar(text: string | null) {
  const replies: EarReply[] = []
  const ear = new Ear(
    {
      probability: async (frame) => (Math.abs(frame[0]!) > 0.1 ? 0.9 : 0.05),
      look: text === null ? null : async () => ({ ...stop, text }),
    },
    (reply) => replies.push(reply),
  )
  const hear = async (level: number, frames: number) => {
    // In pieces that are no whole frames, as a socket brings them.
    const samples = new Float32Array(frames * frameSamples).fill(level)
    for (let at = 0; at < samples.length; at += 700) await ear.hear(samples.slice(at, at + 700))
    await ear.settled()
  }
  const of = (kind: EarReply['kind']) => replies.filter((reply) => reply.kind === kind)
  return { ear, hear, of }
}

test('speech between silences is one piece with its beginning, and the level is told', async () => {
  const { hear, of } = anEar(null)
  await hear(0.001, 20)
  await hear(0.5, 30)
  await hear(0.001, 40)
  const pieces = of('utterance') as Extract<EarReply, { kind: 'utterance' }>[]
  expect(pieces).toHaveLength(1)
  const { audio } = pieces[0]!
  expect(audio.filter((sample) => sample > 0.1).length).toBe(30 * frameSamples)
  expect(audio[0]).toBeLessThan(0.1)
  const levels = of('level') as Extract<EarReply, { kind: 'level' }>[]
  expect(levels.map(({ levelDb }) => Math.round(levelDb))).toEqual(expect.arrayContaining([-60, -6]))
  expect(of('stop')).toEqual([])
})

test('stop is spotted while it is said, once, and other words are not', async () => {
  const said = anEar('Stop.')
  await said.hear(0.001, 10)
  await said.hear(0.5, 14)
  await said.hear(0.001, 40)
  expect(said.of('stop')).toHaveLength(1)
  const other = anEar('Put the red block in the bowl.')
  await other.hear(0.5, 30)
  await other.hear(0.001, 40)
  expect(other.of('stop')).toEqual([])
})

test('another stream of sound begins with nothing of the one before', async () => {
  const { ear, hear, of } = anEar('Stop.')
  await hear(0.5, 8)
  ear.begin()
  ear.hold(true)
  await hear(0.001, 20)
  ear.hold(false)
  expect(of('utterance')).toEqual([])
  expect(of('silence')).toMatchObject([{ seconds: expect.closeTo(0.64, 2) }])
})

test('a held button makes one piece of all that was said, and silence says so', async () => {
  const { ear, hear, of } = anEar(null)
  ear.hold(true)
  await hear(0.5, 10)
  await hear(0.001, 60)
  await hear(0.5, 10)
  expect(of('utterance')).toEqual([])
  ear.hold(false)
  const [piece] = of('utterance') as Extract<EarReply, { kind: 'utterance' }>[]
  expect(piece!.audio.length).toBeGreaterThanOrEqual(79 * frameSamples)
  ear.hold(true)
  await hear(0, 20)
  ear.hold(false)
  expect(of('utterance')).toHaveLength(1)
  expect(of('silence')).toMatchObject([{ levelDb: -100 }])
  // The silence of the hold is not the beginning of what is said next.
  await hear(0.5, 10)
  await hear(0.001, 40)
  const next = of('utterance').at(-1) as Extract<EarReply, { kind: 'utterance' }>
  expect(next.audio.findIndex((sample) => sample > 0.1)).toBeLessThanOrEqual(12 * frameSamples)
})

// The decoder's search ---------------------------------------------------------------------------------------------

/** A vocabulary of these texts, as tokenizer.bin has it. */
function tokenizerOf(texts: readonly string[]): MoonshineTokenizer {
  return new MoonshineTokenizer(
    Buffer.concat(texts.map((text) => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]))),
  )
}

test('words become the tokens of the vocabulary by merges in its order, and what it lacks becomes none', () => {
  const tokenizer = tokenizerOf(['?', '<s>', '</s>', '\u2581', 'r', 'e', 'd', '.', 're', '\u2581re', '\u2581red'])
  expect(tokenizer.encode('red')).toEqual([10])
  expect(tokenizer.encode('.')).toEqual([7])
  expect(tokenizer.encode('blue')).toEqual([])
  expect(tokenizer.decode([1, 10, 7, 2])).toBe('red.')
  expect(() => new MoonshineTokenizer(Buffer.from([5, 97]))).toThrow(RangeError)
})

test('the beam keeps to the grammar where the free path leaves it, and says how much worse that is', async () => {
  const letters = [...'abcdefghijklmnopqrstuvwxyz', 'P', "'", '\u2581', ',']
  const words = [
    'Put',
    'Put'.slice(0, 2),
    'but',
    'the',
    'th',
    'red',
    're',
    'lock',
    'lo',
    'ck',
    'block',
    'bl',
    'in',
    'bowl',
    'bo',
    'wl',
    'green',
    'gr',
    'ee',
    'gree',
  ]
  const tokenizer = tokenizerOf([
    '?',
    '<s>',
    '</s>',
    '.',
    ...letters,
    ...words,
    ...words.map((word) => `\u2581${word}`),
  ])
  // What is likeliest at each step: "Put the red lock in the green bowl." A block is nearly as likely.
  const said = ['Put', 'the', 'red', 'lock', 'in', 'the', 'green', 'bowl', '.'].flatMap((word) =>
    tokenizer.encode(word),
  )
  const block = tokenizer.encode('block')
  expect(block).toHaveLength(1)
  let at = 0
  const step = async (tokens: readonly number[]) => {
    const logits = new Float32Array(tokens.length * tokenizer.size).fill(-20)
    const next = said[at] ?? 2
    for (let row = 0; row < tokens.length; row++) {
      logits[row * tokenizer.size + next] = 0
      if (next === tokenizer.encode('lock')[0]) logits[row * tokenizer.size + block[0]!] = -1
    }
    at++
    return logits
  }
  const { free, bound } = await search(step, tokenizer, spokenGrammar(lexicon), {
    width: 6,
    alike: 6,
    same: 2,
    widestGap: 8,
    longest: 20,
  })
  expect(free.text).toBe('Put the red lock in the green bowl.')
  expect(bound[0]!.text).toBe('put the red block in the green bowl')
  expect(free.logProbability - bound[0]!.logProbability).toBeCloseTo(1, 3)
})

test('what says the same does not fill the beam: a likelier beginning in six words leaves room for another one', async () => {
  const verbs = ['Put', 'Place', 'Move', 'Drop', 'Set', 'Lay']
  const words = [...verbs, 'Fill', 'the', 'bowl', 'with', 'blocks'].map((word) => `\u2581${word}`)
  const beginnings = new Set(words.flatMap((word) => [...word].slice(1).map((_, i) => word.slice(0, i + 2))))
  const tokenizer = tokenizerOf(['?', '<s>', '</s>', '.', ...new Set([...words.join('')]), ...beginnings])
  const token = (word: string) => {
    const tokens = tokenizer.encode(word)
    expect(tokens).toHaveLength(1)
    return tokens[0]!
  }
  const fill = ['Fill', 'the', 'bowl', 'with', 'the', 'blocks', '.'].map(token)
  const bestOf = async (same: number) => {
    let at = 0
    const step = async (tokens: readonly number[]) => {
      const logits = new Float32Array(tokens.length * tokenizer.size).fill(-20)
      for (let row = 0; row < tokens.length; row++) {
        logits[row * tokenizer.size + (fill[at] ?? 2)] = 0
        if (at === 0) for (const word of verbs) logits[row * tokenizer.size + token(word)] = 1
      }
      at++
      return logits
    }
    const options = { width: 6, alike: 6, same, widestGap: 8, longest: 12 }
    return (await search(step, tokenizer, spokenGrammar(lexicon), options)).bound[0]?.text
  }
  expect(await bestOf(6)).not.toBe('fill the bowl with the blocks')
  expect(await bestOf(2)).toBe('fill the bowl with the blocks')
})

test('steady noise is taken out, speech without noise and silence are left as they are', () => {
  const power = (samples: Float32Array) => samples.reduce((sum, x) => sum + x * x, 0) / samples.length
  // A second of tone between half seconds of silence; noise by a fixed linear congruence.
  const tone = Float32Array.from({ length: 32_000 }, (_, i) =>
    i < 8000 || i >= 24_000 ? 0 : 0.3 * Math.sin((2 * Math.PI * 500 * i) / 16_000),
  )
  let state = 1
  const noisy = tone.map((x) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return x + 0.1 * (state / 2 ** 32 - 0.5)
  })
  const error = (samples: Float32Array, from: number, to: number) =>
    power(samples.map((x, i) => x - tone[i]!).subarray(from, to))
  const filtered = denoised(noisy)
  expect(filtered).toHaveLength(noisy.length)
  // In silence what is left is a tenth of its power; under the tone it is less than before too.
  expect(10 * Math.log10(error(filtered, 1000, 6000) / error(noisy, 1000, 6000))).toBeLessThan(-9)
  expect(error(filtered, 10_000, 22_000)).toBeLessThan(error(noisy, 10_000, 22_000) / 2)
  expect(denoised(tone)).toBe(tone)
  const short = noisy.slice(0, 1000)
  expect(denoised(short)).toBe(short)
})

// Files, microphone, score --------------------------------------------------------------------------------------------

test('a WAV file comes back as it was written, and another format says what it is', async () => {
  const [path, other] = [join(folder, 'a.wav'), join(folder, 'b.wav')]
  const samples = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i / 10) / 2)
  await writeFile(path, wavBytes(samples))
  const read = await readWav(path)
  expect(Math.max(...read.map((sample, i) => Math.abs(sample - samples[i]!)))).toBeLessThan(1e-4)
  const file = Buffer.from(wavBytes(samples))
  file.writeUInt32LE(44_100, 24)
  await writeFile(other, file)
  await expect(readWav(other)).rejects.toMatchObject({
    code: 'VOICE_AUDIO_INVALID',
    message: expect.stringContaining('44100 Hz'),
  })
  file.writeUInt16LE(3, 20)
  await writeFile(other, file)
  await expect(readWav(other)).rejects.toMatchObject({ message: expect.stringContaining('no PCM (format 3)') })
  await expect(readWav(join(folder, 'none.wav'))).rejects.toMatchObject({
    code: 'VOICE_AUDIO_INVALID',
    message: expect.stringContaining('there is no such file'),
  })
})

test('a WAV file that was cut off, or has no sound, is told; one of unknown size ends where the file does', async () => {
  const path = join(folder, 'cut.wav')
  const file = Buffer.from(wavBytes(new Float32Array(1000)))
  await writeFile(path, file.subarray(0, 1044))
  await expect(readWav(path)).rejects.toMatchObject({ message: expect.stringContaining('1000 of 2000 bytes') })
  await writeFile(path, wavBytes(new Float32Array(0)))
  await expect(readWav(path)).rejects.toMatchObject({ message: expect.stringContaining('no samples') })
  for (const size of [0x7fffffff, 0x80000000, 0xffffffff]) {
    file.writeUInt32LE(size, 40)
    await writeFile(path, file)
    expect(await readWav(path)).toHaveLength(1000)
  }
})

test("a microphone's sound comes as it is captured, and a device that fails says why", async () => {
  const [good, bad] = [join(folder, 'good'), join(folder, 'bad')]
  await writeFile(good, '#!/bin/sh\nprintf "\\000\\100\\000\\300"\nexec sleep 60\n')
  await writeFile(bad, '#!/bin/sh\necho "arecord: main: audio open error: No such device" >&2\nexit 1\n')
  await Promise.all([good, bad].map((path) => chmod(path, 0o700)))
  const microphone = openMicrophone('default', good)
  const heard: number[] = []
  for await (const samples of microphone.sound) {
    heard.push(...samples)
    if (heard.length >= 2) await microphone.close()
  }
  expect(heard).toEqual([0.5, -0.5])
  const read = async (program: string) => {
    for await (const _ of openMicrophone('plughw:9', program).sound);
  }
  await expect(read(bad)).rejects.toMatchObject({
    code: 'VOICE_MICROPHONE',
    message: expect.stringContaining('No such device'),
  })
  await expect(read(join(folder, 'none'))).rejects.toMatchObject({ code: 'VOICE_MICROPHONE' })
})

// Makes spoken test sets of benchmarks/voice/sentences.json by espeak-ng and flite (Debian), with white noise:
//
//   node benchmarks/voice/make-set.mjs development|test FOLDER
//
// One folder for each synthesizer and noise, for `cliport voice eval`: goals in each of its voices, what is no goal and what
// forbids one in a voice each, by turns. Everything but the synthesizers' own output is the same each time.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { wavBytes } from '../../dist/io/voice/wav.js'

const rateHz = 16_000
/** flite has few voices: those of the test set speak the development set slower, "*1.2". */
const voices = {
  development: { espeak: ['en-us+f4', 'en-029', 'en-gb'], flite: ['kal16', 'slt*1.2', 'rms*1.2'] },
  test: { espeak: ['en-us', 'en-gb-x-rp', 'en-gb-scotland'], flite: ['slt', 'rms', 'awb'] },
}
const noises = { clean: null, '20dB': 20, '10dB': 10 }

/** Speech of a sentence, 16 kHz mono, -1..1, with 0.3 s of silence around it. */
export function speak(synthesizer, voice, sentence) {
  const folder = mkdtempSync(join(tmpdir(), 'cliport-voice-'))
  const file = join(folder, 'speech.wav')
  const [name, stretch = '1'] = voice.split('*')
  const [program, args] =
    synthesizer === 'espeak'
      ? ['espeak-ng', ['-v', name, '-w', file, sentence]]
      : ['flite', ['-voice', name, '--setf', `duration_stretch=${stretch}`, '-t', sentence, '-o', file]]
  const { error, status } = spawnSync(program, args)
  if (error || status !== 0) {
    throw new Error(`${program} cannot be run (apt-get install espeak-ng flite): ${error ?? status}`)
  }
  const wav = readFileSync(file)
  rmSync(folder, { recursive: true })
  const sourceHz = wav.readUInt32LE(24)
  const at = wav.indexOf('data') + 8
  const samples = Float32Array.from({ length: (wav.length - at) >> 1 }, (_, i) => wav.readInt16LE(at + 2 * i) / 32768)
  const speech = trimmed(resampled(samples, sourceHz))
  const margin = 0.3 * rateHz
  const whole = new Float32Array(speech.length + 2 * margin)
  whole.set(speech, margin)
  return whole
}

/** Windowed-sinc interpolation; sound above the lower half rate is left out. */
function resampled(samples, sourceHz) {
  if (sourceHz === rateHz) return samples
  const step = sourceHz / rateHz
  const cut = Math.min(1, 1 / step) * 0.95
  const half = 24
  return Float32Array.from({ length: Math.floor(samples.length / step) }, (_, i) => {
    let sum = 0
    for (let k = Math.ceil(i * step - half); k <= i * step + half; k++) {
      const x = k - i * step
      const sinc = x === 0 ? cut : Math.sin(Math.PI * cut * x) / (Math.PI * x)
      sum += (samples[k] ?? 0) * sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / half))
    }
    return sum
  })
}

function trimmed(samples) {
  const loud = (x) => Math.abs(x) > 0.004
  const [first, last] = [samples.findIndex(loud), samples.findLastIndex(loud)]
  return samples.subarray(Math.max(0, first), last + 1)
}

/** White noise at this ratio to the power of the speech between its silences; the same for the same seed. */
export function withNoise(samples, ratioDb, seed) {
  if (ratioDb === null) return samples
  const speech = trimmed(samples)
  const power = speech.reduce((sum, x) => sum + x * x, 0) / speech.length
  const sigma = Math.sqrt(power / 10 ** (ratioDb / 10))
  const random = generator(seed)
  return samples.map((x) => x + sigma * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()))
}

/** mulberry32 (T. Ettinger, public domain): uniform in 0..1. */
function generator(seed) {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

function makeSet(set, folder) {
  const { goals, negations, no_goal } = JSON.parse(readFileSync(new URL('sentences.json', import.meta.url), 'utf8'))[
    set
  ]
  for (const [synthesizer, names] of Object.entries(voices[set])) {
    const clips = [
      ...goals.flatMap((sentence) => names.map((voice) => ({ voice, sentence, goal: sentence }))),
      ...negations.map((sentence, i) => ({ voice: names[i % names.length], sentence, goal: sentence })),
      ...no_goal.map((sentence, i) => ({ voice: names[i % names.length], sentence, goal: null })),
    ].map((clip) => ({ ...clip, samples: speak(synthesizer, clip.voice, clip.sentence) }))
    for (const [noise, ratioDb] of Object.entries(noises)) {
      const out = join(folder, `${synthesizer}-${noise}`)
      mkdirSync(out, { recursive: true })
      const rows = clips.map(({ voice, goal, samples }, i) => {
        const file = `${String(i).padStart(3, '0')}-${voice}.wav`
        writeFileSync(join(out, file), wavBytes(withNoise(samples, ratioDb, i + 1)))
        return { file, goal }
      })
      writeFileSync(join(out, 'goals.json'), `${JSON.stringify(rows, null, 1)}\n`)
    }
  }
}

const [, , set, folder] = process.argv
if (import.meta.filename === process.argv[1]) {
  if (!(set in voices) || folder === undefined) {
    console.error('Usage: node benchmarks/voice/make-set.mjs development|test FOLDER')
    process.exit(2)
  }
  makeSet(set, folder)
}

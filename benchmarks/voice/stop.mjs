// How soon "stop" is spotted, and how often where nobody said it:
//
//   node benchmarks/voice/stop.mjs [--minutes M] [--part K/N] [--seconds S]
//
// --minutes: so much other speech; --seconds: each of the two ends after so long, and counts what it has.
// Sound is heard as fast as the machine can, and time is the sound's: to what a look found its own processor time is added.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import '../../dist/io/policy/telemetry.js'
import { Ear } from '../../dist/io/voice/ear.js'
import { voiceFiles } from '../../dist/io/voice/files.js'
import { Moonshine } from '../../dist/io/voice/moonshine/moonshine.js'
import { VoiceActivity } from '../../dist/io/voice/vad.js'
import { speak, withNoise } from './make-set.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    part: { type: 'string', default: '1/1' },
    seconds: { type: 'string', default: '1e9' },
  },
})
const deadline = () => performance.now() + 1000 * Number(values.seconds)
const [part, parts] = values.part.split('/').map(Number)
const rateHz = 16_000
const marginS = 0.3
const voices = [
  ...['en-us', 'en-gb-x-rp', 'en-gb-scotland'].map((voice) => ['espeak', voice]),
  ...['slt', 'rms', 'awb'].map((voice) => ['flite', voice]),
]
const { vadFile, moonshineFolder } = await voiceFiles('models/voice')
const moonshine = await Moonshine.open(moonshineFolder, 1)
const vad = await VoiceActivity.open(vadFile)

/** Seconds of sound at which "stop" was spotted, each with the processor time of its look. */
async function stopsIn(sound) {
  let [heardS, lookS] = [0, 0]
  const stops = []
  vad.reset()
  const look = async (audio) => {
    const started = process.cpuUsage()
    const frame = await moonshine.look(audio)
    const { user, system } = process.cpuUsage(started)
    lookS = (user + system) / 1e6
    return frame
  }
  const ear = new Ear({ probability: (frame) => vad.probability(frame), look }, ({ kind }) => {
    if (kind === 'stop') stops.push({ atS: heardS, lookS })
  })
  for (let at = 0; at < sound.length; at += 512) {
    heardS = (at + 512) / rateHz
    await ear.hear(sound.slice(at, at + 512))
    await ear.settled()
  }
  return stops
}

function withSilence(speech, seconds) {
  const sound = new Float32Array(speech.length + seconds * rateHz)
  sound.set(speech)
  return sound
}

const delays = []
let [said, spotted] = [0, 0]
if (part === 1) {
  const until = deadline()
  const clips = ['stop', 'no, stop', 'stop it', 'stop!'].flatMap((sentence) =>
    [null, 20, 10].flatMap((ratioDb) =>
      voices.map(([synthesizer, voice]) => ({ sentence, ratioDb, synthesizer, voice })),
    ),
  )
  for (const { sentence, ratioDb, synthesizer, voice } of clips) {
    if (performance.now() > until) break
    const speech = speak(synthesizer, voice, sentence)
    const endS = speech.length / rateHz - marginS
    const stops = await stopsIn(withNoise(withSilence(speech, 1), ratioDb, ++said))
    if (stops.length > 0) {
      spotted++
      delays.push(Math.max(0, stops[0].atS - endS) + stops[0].lookS)
    } else console.log(`missed: "${sentence}" by ${voice}, ${ratioDb ?? 'no noise'}`)
  }
  delays.sort((a, b) => a - b)
  const within = delays.filter((delay) => delay <= 0.5).length
  console.log(
    `"stop": ${spotted} of ${said} spotted, ${within} within 0.5 s; median ${delays[delays.length >> 1]?.toFixed(2)} s, slowest ${delays.at(-1)?.toFixed(2)} s`,
  )
}

const sentences = JSON.parse(readFileSync(new URL('sentences.json', import.meta.url), 'utf8'))
const others = [
  ...sentences.test.no_goal,
  ...sentences.test.goals,
  ...sentences.development.no_goal,
  ...sentences.development.goals,
]
let [seconds, falseStops, cpuS] = [0, 0, 0]
const end = deadline()
for (let i = part - 1; seconds < 60 * Number(values.minutes) && performance.now() < end; i += parts) {
  const [synthesizer, voice] = voices[i % voices.length]
  const sentence = others[(i * 7) % others.length]
  const sound = withNoise(withSilence(speak(synthesizer, voice, sentence), 0.7), [null, 20, 10][i % 3], i)
  const started = process.cpuUsage()
  const stops = await stopsIn(sound)
  const { user, system } = process.cpuUsage(started)
  cpuS += (user + system) / 1e6
  seconds += sound.length / rateHz
  for (const { atS } of stops) console.log(`false stop: "${sentence}" by ${voice} at ${atS.toFixed(2)} s`)
  falseStops += stops.length
}
if (seconds > 0)
  console.log(
    `other speech: ${falseStops} false stops in ${(seconds / 60).toFixed(1)} min (${((3600 * falseStops) / seconds).toFixed(1)} an hour); processor share ${(cpuS / seconds).toFixed(2)}`,
  )
console.log(`resident memory ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`)

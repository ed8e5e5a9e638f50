// Scores an engine on the sets of make-set.mjs, goes on where it was ended, and prints a table:
//
//   node benchmarks/voice/measure.mjs SETS HEARINGS.jsonl [--engine moonshine] [--seconds S] [--clips N] [--part K/N]
//
// SETS: the folder that make-set.mjs filled. HEARINGS: what the engine heard, a line a clip, kept so that a long measurement
// can be done in pieces (--seconds: ends after so long; 0: only the table; --clips: the first so many) and by several processes (--part, each with a file
// of its own; HEARINGS may be a list with commas for the table). Clips are taken in an order that is the same each time and
// spreads over voices, noises and sentences.
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { interpret } from '../../dist/control/goal/spoken/interpret.js'
import { reportOf } from '../../dist/evaluation/voice/evaluate-voice.js'
import { judgeSpoken } from '../../dist/evaluation/voice/judge-spoken.js'
import { readWav, sampleRateHz } from '../../dist/io/voice/wav.js'
import { openVoice } from '../../dist/runtime/voice.js'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: 'string', default: 'moonshine' },
    seconds: { type: 'string', default: '1e9' },
    clips: { type: 'string', default: '1e9' },
    part: { type: 'string', default: '1/1' },
    wrong: { type: 'boolean', default: false },
  },
})
const [sets, hearings] = positionals
const files = hearings.split(',')
const { lexicon } = JSON.parse(readFileSync(new URL('../../models/edge/manifest.json', import.meta.url), 'utf8'))
const linesOf = (file) =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : []
const nameOf = ({ set, file }) => `${set}/${file}`

/** FNV-1a: an order without meaning. */
function orderOf(name) {
  let hash = 2166136261
  for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619)
  return hash >>> 0
}

async function measure(until) {
  const [part, parts] = values.part.split('/').map(Number)
  const done = new Set(files.flatMap(linesOf).map(nameOf))
  const clips = readdirSync(sets)
    .flatMap((set) => JSON.parse(readFileSync(join(sets, set, 'goals.json'), 'utf8')).map((row) => ({ set, ...row })))
    .sort((a, b) => orderOf(nameOf(a)) - orderOf(nameOf(b)))
    .slice(0, Number(values.clips))
    .filter((clip, i) => i % parts === part - 1 && !done.has(nameOf(clip)))
  if (clips.length === 0 || Date.now() > until) return
  const settings = { engine: values.engine, models: 'models/voice', threads: 1, sherpa_config: null }
  const { speech, close } = await openVoice(settings, lexicon)
  for (const clip of clips) {
    if (Date.now() > until) break
    const audio = await readWav(join(sets, clip.set, clip.file))
    const [started, cpu] = [performance.now(), process.cpuUsage()]
    const hearing = await speech.hear(audio)
    const { user, system } = process.cpuUsage(cpu)
    const times = {
      tookMs: performance.now() - started,
      cpuMs: (user + system) / 1000,
      audioS: audio.length / sampleRateHz,
    }
    appendFileSync(files[0], `${JSON.stringify({ ...clip, ...times, hearing })}\n`)
  }
  await close()
}

function table() {
  const heard = files.flatMap(linesOf)
  const lines = heard.map((line) => {
    const spoken = interpret(line.hearing, lexicon)
    return { ...line, spoken, ...judgeSpoken(spoken, line.goal, lexicon) }
  })
  const row = (name, some) => {
    const {
      sentences,
      goals_right,
      wer,
      doubted,
      wrong_without_doubt,
      negations,
      negations_lost,
      no_goal,
      no_goal_offered,
      no_goal_offered_with_doubt,
    } = reportOf(values.engine, some)
    const median = (key) => some.map((line) => line[key] / line.audioS).sort((a, b) => a - b)[some.length >> 1] / 1000
    const share = sentences === 0 ? 0 : goals_right / sentences
    return `| ${name} | ${goals_right} of ${sentences} (${share.toFixed(3)}) | ${wer.toFixed(3)} | ${doubted} | ${wrong_without_doubt} | ${negations_lost} of ${negations} | ${no_goal_offered} (+${no_goal_offered_with_doubt}) of ${no_goal} | ${median('cpuMs').toFixed(2)} |`
  }
  console.log(
    '| set | goals right | word error rate | with a doubt | wrong without doubt | negations lost | no goal, offered without (+ with) doubt | processor time of the sound |',
  )
  console.log('|---|---|---|---|---|---|---|---|')
  const sets = [...new Set(lines.map(({ set }) => set))].sort()
  for (const set of sets)
    console.log(
      row(
        set,
        lines.filter((line) => line.set === set),
      ),
    )
  for (const noise of ['clean', '20dB', '10dB']) {
    const some = lines.filter(({ set }) => set.endsWith(`-${noise}`))
    if (some.length > 0) console.log(row(`both, ${noise}`, some))
  }
  if (!values.wrong) return
  for (const { set, file, goal, verdict, isDoubted, spoken, hearing } of lines.filter(
    ({ verdict }) => verdict !== 'right',
  )) {
    const best = hearing.bound[0]
    const gap = best && hearing.free ? (hearing.free.logProbability - best.logProbability).toFixed(1) : '-'
    console.log(
      `${verdict}${isDoubted ? '?' : ''} ${set}/${file} | said ${goal} | heard ${spoken.heard} | offered ${spoken.sentence} | best ${best?.text} ${best?.score.toFixed(2)} gap ${gap}`,
    )
  }
}

await measure(Date.now() + 1000 * Number(values.seconds))
table()

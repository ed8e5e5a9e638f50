// docs/tasks.md from what the tasks declare, the oracle's results and the pictures of scripts/task-sheet.mjs:
//   node scripts/document-tasks.mjs

import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { suctionTool } from '../dist/sim/arm.js'
import { laidScene } from '../dist/sim/scene.js'
import { declarations, taskNamed } from '../dist/sim/tasks/index.js'

const root = new URL('..', import.meta.url)
const seed = 10001
const mostWords = 12

/** The comment at the head of a task's file, as one line. */
async function headOf(name) {
  const lines = (await readFile(new URL(`src/sim/tasks/${name}.ts`, root), 'utf8')).split('\n')
  const end = lines.findIndex((line) => !line.startsWith('//'))
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^\/\/ ?/, ''))
    .join(' ')
}

async function oracleOf(variant) {
  const file = new URL(`benchmarks/oracle/${variant}.json`, root)
  if (!existsSync(file)) return '-'
  const { mean_score, episodes } = JSON.parse(await readFile(file, 'utf8'))
  return `${(100 * mean_score).toFixed(1)} (${episodes})`
}

const counted = (kinds) =>
  [...new Set(kinds)]
    .map((kind) => [kind, kinds.filter((other) => other === kind).length])
    .map(([kind, n]) => `${n} ${kind}`)

const centimetres = (lengthM) => `${(100 * lengthM).toFixed(lengthM < 0.01 ? 2 : 1).replace(/\.0$/, '')} cm`

function whatIsDone(scene) {
  const { goals, maxSteps, tool } = scene
  if (goals.length === 0) return ['- Nothing is done: scenes are only looked at and talked about.']
  const { primitive: how = 'pick_place' } = goals[0]
  const said = goals.length === 1 ? 'one sentence' : `${goals.length} sentences, one after the other`
  const steps = maxSteps === 1 ? 'one step' : `at most ${maxSteps} steps`
  return [
    `- Score: ${doneWhen(scene)}; ${said}; ${steps} in this scene.`,
    `- Moved by ${how === 'pick_place' ? 'pick and place' : how}, with ${tool === 'spatula' ? 'a spatula' : 'the suction cup'}.`,
  ]
}

/** What one goal of a scene asks for, in words. */
function doneWhen({ goals: [goal] }) {
  const { zone, toleranceM, rotations, moves } = goal
  if (zone) {
    const size = zone.sizeM.map(centimetres).join(' x ')
    return `share of the sample points of what is named that lie in the zone (${size} in this scene, up to ${centimetres(zone.topM)} above the table)`
  }
  const yaw =
    rotations && moves.some(({ symmetryRad }) => symmetryRad > 0) ? ', yaw within 15 degrees (by its symmetry)' : ''
  return `share of the objects whose middle is within ${centimetres(toleranceM)} of a target${yaw}`
}

const published = (percent) => (percent === undefined ? '-' : percent.toFixed(1))

async function row({ name, split, publishedPercent }) {
  const { scene } = laidScene(taskNamed(name), seed, suctionTool)
  const sentence = scene.sentence === '' ? '-' : scene.sentence
  return `| ${name} | ${split} | ${sentence} | ${await oracleOf(name)} | ${published(publishedPercent)} |`
}

function pictures(name) {
  const at = `images/tasks/${name}`
  if (!existsSync(new URL(`docs/${at}.webp`, root))) return ''
  return `
![${name}: the table before and after an episode of the oracle](${at}.webp)

![${name}: film of the first line, in simulated time](${at}-film.webp)
`
}

async function section(task) {
  const { name, variants, nouns, forms, deviations } = task
  const first = laidScene(taskNamed(variants[0].name), seed, suctionTool)
  const { scene, objects } = first
  const words = Object.values(nouns).map((names) => names.join(' / '))
  const rest = words.length > mostWords ? ` and ${words.length - mostWords} more` : ''
  const lines = [
    `## ${name}`,
    '',
    await headOf(name),
    '',
    `| row | colours | sentence of scene ${seed} | oracle, per cent (scenes) | published |`,
    '|---|---|---|---|---|',
    ...(await Promise.all(variants.map(row))),
    '',
    `- On the table in scene ${seed}: ${counted(objects.map(({ kind }) => kind)).join(', ')}.`,
    `- Nouns: ${words.slice(0, mostWords).join(', ')}${rest}.`,
    ...(forms.length > 0 ? [`- Forms of its sentences: ${forms.map((form) => `\`${form}\``).join(', ')}.`] : []),
    ...whatIsDone(scene),
    ...(deviations === undefined
      ? []
      : ['- Differs from the publication:', ...deviations.map((text) => `  - ${text}`)]),
  ]
  return `${lines.join('\n')}\n${pictures(name)}`
}

const tasks = [...declarations.values()]
const head = `# Tasks

Made by \`node scripts/document-tasks.mjs\` from what each file of src/sim/tasks declares, docs/oracle.md's results and the pictures of \`node scripts/task-sheet.mjs\`. *Published*: best published policy at 100 demonstrations a task, per cent (CLIPort, Shridhar et al., CoRL 2021), in the publication's own simulator. Rows *as published* draw colours, distractors and targets as the publication's own code does where the cell's own scenes differ, so that scores can be compared; what still differs there is listed with each task. In all tasks the arm is a Franka with a suction cup or a spatula instead of a UR5, things lie where it reaches, and things are put down within the tolerance of a controller with limited jerk.
`
await writeFile(new URL('docs/tasks.md', root), [head, ...(await Promise.all(tasks.map(section)))].join('\n'))

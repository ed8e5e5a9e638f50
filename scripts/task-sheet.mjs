// Pictures of tasks, for people: the table before and after an episode of the oracle, and a film of it.
//
//   node scripts/task-sheet.mjs                       every published task, into docs/images/tasks
//   node scripts/task-sheet.mjs NAME --out FOLDER     of some tasks: NAME.webp and NAME-film.webp
//   --seed 10001                                      the first scene
//
// A sheet has a line for each of the task's published variants, or for two scenes where there are fewer. The film is of
// the first line, in simulated time.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { loadConfig } from '../dist/runtime/config/load.js'
import { runGoal } from '../dist/runtime/run-goal.js'
import { openSession } from '../dist/runtime/session.js'
import { declarations } from '../dist/sim/tasks/index.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: new URL('../docs/images/tasks', import.meta.url).pathname },
    seed: { type: 'string', default: '10001' },
  },
})
const viewPx = { width: 800, height: 600 }
/** The table without most of the room. */
const cutPx = { left: 80, top: 170, width: 640, height: 430 }
const sizePx = { width: 480, height: 322, caption: 30 }
const filmPx = { width: 320, height: 240 }
const mostFrames = 72
const filmMs = 9000

const picture = (rgb, { width, height }) => sharp(rgb, { raw: { width, height, channels: 3 } })

/** Frames at even simulated times; when there are too many, every second one is dropped. */
class Film {
  #frames = []
  #gapS = 0.2

  watch = (timeS, take) => {
    const last = this.#frames.at(-1)
    if (timeS <= 0 || (last !== undefined && timeS - last.timeS < this.#gapS - 1e-6)) return
    this.#frames.push({ timeS, rgb: take(filmPx.width, filmPx.height) })
    if (this.#frames.length <= mostFrames) return
    this.#frames = this.#frames.filter((_, i) => i % 2 === 0)
    this.#gapS *= 2
  }

  async write(file) {
    const frames = await Promise.all(
      this.#frames.map(async ({ rgb }) =>
        picture(await rgb, filmPx)
          .png({ compressionLevel: 1 })
          .toBuffer(),
      ),
    )
    const delay = frames.map((_, i) => (i + 1 < frames.length ? Math.round(filmMs / frames.length) : 1500))
    await sharp(frames, { join: { animated: true } })
      .webp({ loop: 0, delay, quality: 50, effort: 4 })
      .toFile(file)
    return this.#frames.at(-1).timeS
  }
}

/** An episode of the oracle. @returns what the table looked like, and what came of it */
async function episode(session, task, seed, film) {
  const { cell, ports, settings } = session
  cell.onStep = null
  const ready = await session.reset({ task, seed, clock: 'free', link: 'in-process' })
  const before = await cell.observe(viewPx.width, viewPx.height)
  cell.onStep = film === undefined ? null : film.watch
  const goal = async () => (await cell.truth()).goal
  const budget = { ...settings.budget, steps: ready.maxSteps }
  const result = await runGoal(goal, { ...ports, ...ready.ports }, { ...settings, budget })
  const after = await cell.observe(viewPx.width, viewPx.height)
  const { score } = await cell.truth()
  return { task, seed, sentence: ready.goal, before, after, score, steps: result.steps }
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

function caption({ task, seed, sentence, score, steps }) {
  const text = `${task}, scene ${seed}: &quot;${escaped(sentence)}&quot;, score ${score.toFixed(2)} after ${steps} steps`
  const width = 2 * sizePx.width
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${sizePx.caption}"><rect width="100%" height="100%" fill="white"/><text x="8" y="20" font-family="sans-serif" font-size="15">${text}</text></svg>`,
  )
}

async function writeSheet(file, episodes) {
  const lineHeight = sizePx.height + sizePx.caption
  const tiles = await Promise.all(
    episodes
      .flatMap((one, i) => [
        { input: caption(one), left: 0, top: i * lineHeight },
        ...[one.before, one.after].map((rgb, column) => ({
          rgb,
          left: column * sizePx.width,
          top: i * lineHeight + sizePx.caption,
        })),
      ])
      .map(async ({ rgb, input, ...at }) => ({
        input:
          input ?? (await picture(rgb, viewPx).extract(cutPx).resize(sizePx.width, sizePx.height).png().toBuffer()),
        ...at,
      })),
  )
  const sheet = { width: 2 * sizePx.width, height: episodes.length * lineHeight, channels: 3, background: 'white' }
  await sharp({ create: sheet }).composite(tiles).webp({ quality: 72, effort: 4 }).toFile(file)
}

/** Scenes of a sheet: the published variants, or two scenes. */
function scenesOf({ variants }) {
  const seed = Number(values.seed)
  const rows = variants.filter((variant) => variant.publishedPercent !== undefined && !variant.asPublished)
  const names = (rows.length > 0 ? rows : variants).map(({ name }) => name).slice(0, 2)
  return names.length > 1
    ? names.map((name) => [name, seed])
    : [
        [names[0], seed],
        [names[0], seed + 2],
      ]
}

const isPublished = ({ variants }) => variants.some(({ publishedPercent }) => publishedPercent !== undefined)
const published = [...declarations.values()].filter(isPublished).map(({ name }) => name)
await mkdir(values.out, { recursive: true })
const tell = () => {}
const session = await openSession(await loadConfig({}), { cell: { thread: 'caller', policy: 'oracle' }, tell })
try {
  for (const name of positionals.length > 0 ? positionals : published) {
    const task = declarations.get(name)
    if (task === undefined)
      throw new Error(`Expected a task but received ${name}: ${[...declarations.keys()].join(', ')}`)
    const film = new Film()
    const episodes = []
    for (const [i, [variant, seed]] of scenesOf(task).entries()) {
      episodes.push(await episode(session, variant, seed, i === 0 ? film : undefined))
    }
    await writeSheet(join(values.out, `${name}.webp`), episodes)
    const lastS = await film.write(join(values.out, `${name}-film.webp`))
    const scores = episodes.map(({ score }) => score.toFixed(2)).join(', ')
    console.log(`${name}: scores ${scores}; film of ${lastS.toFixed(0)} simulated seconds`)
  }
} finally {
  await session.close()
}

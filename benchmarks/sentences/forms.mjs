// What the program does with forms of one sentence, each on the same scenes: first looks, nothing moves.
//
//   node benchmarks/sentences/forms.mjs [--scenes 40] [--seed 16001] [--out FILE] [--before FILE]
//
// --out writes the counts as JSON; --before prints such counts beside the new ones. X is the scene's colour of blocks, Y
// that of bowls, scene i of put-block-in-bowl-seen-colors has seed + 2i. Needs the compiled project (make setup).

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createCell } from '../../dist/sim/index.js'

const task = 'put-block-in-bowl-seen-colors'
const { values: options } = parseArgs({
  options: {
    scenes: { type: 'string', default: '40' },
    seed: { type: 'string', default: '16001' },
    out: { type: 'string' },
    before: { type: 'string' },
  },
})

const otherNames = {
  red: ['crimson', 'scarlet'],
  blue: ['navy', 'azure'],
  green: ['emerald', 'lime'],
  yellow: ['golden', 'lemon'],
  brown: ['chocolate', 'mocha'],
  gray: ['silver', 'grey'],
  cyan: ['turquoise', 'teal'],
}
const turned = (word) => `${word[0]}${word[2]}${word[1]}${word.slice(3)}`
const byTurns = (words, i) => words[i % words.length]

const move = { action: 'move' }
const refuse = { action: 'refuse', also: ['ask'] }

/** A form's sentence for the colours x of blocks and y of bowls in scene i, and what it should lead to. */
const forms = [
  ['put the X blocks in a Y bowl', move, (x, y) => `put the ${x} blocks in a ${y} bowl`],
  [
    'unknown verb',
    move,
    (x, y, i) => `${byTurns(['shove', 'plop', 'pop', 'bung'], i)} the ${x} block in the ${y} bowl`,
  ],
  ['X block into Y bowl', move, (x, y) => `${x} block into ${y} bowl`],
  ['X block -> Y bowl', move, (x, y) => `${x} block -> ${y} bowl`],
  ['fill Y with X', move, (x, y) => `fill the ${y} bowl with the ${x} block`],
  ['Y should get X', move, (x, y) => `the ${y} bowl should get the ${x} block`],
  ['Y is where X goes', move, (x, y) => `the ${y} bowl is where the ${x} block goes`],
  ["typo in the block's colour", move, (x, y) => `put the ${turned(x)} block in the ${y} bowl`],
  ["typo in the bowl's colour", move, (x, y) => `put the ${x} block in the ${turned(y)} bowl`],
  ['the X one in the Y one', move, (x, y) => `put the ${x} one in the ${y} one`],
  [
    'within, inside of, at, towards',
    move,
    (x, y, i) => `put the ${x} block ${byTurns(['within', 'inside of', 'at', 'towards'], i)} the ${y} bowl`,
  ],
  [
    'colours of another name',
    move,
    (x, y, i) => `put the ${byTurns(otherNames[x], i)} block in the ${byTurns(otherNames[y], i)} bowl`,
  ],
  ['put two X in a Y bowl', { ...move, least: 2 }, (x, y) => `put two ${x} blocks in a ${y} bowl`],
  ['put a block in a bowl', { ...move, any: true }, () => 'put a block in a bowl'],
  ['put the block in the bowl', { action: 'ask', also: ['refuse'], any: true }, () => 'put the block in the bowl'],
  ['do not put X in Y', refuse, (x, y) => `do not put the ${x} block in the ${y} bowl`],
  ['take X out of Y', refuse, (x, y) => `take the ${x} block out of the ${y} bowl`],
  [
    'anything but X',
    { action: 'move', also: ['ask', 'refuse'], others: true },
    (x, y) => `put anything but the ${x} block in the ${y} bowl`,
  ],
  ['X ball in Y', refuse, (x, y) => `put the ${x} ball in the ${y} bowl`],
  ['X banana in Y', refuse, (x, y) => `put the ${x} banana in the ${y} bowl`],
  ['X in the Y box', refuse, (x, y) => `put the ${x} block in the ${y} box`],
  ['X is in Y', refuse, (x, y) => `the ${x} block is in the ${y} bowl`],
  ['pick up X', refuse, (x) => `pick up the ${x} block`],
  ['make me a coffee', refuse, () => 'make me a coffee'],
  ['put the dog in the bowl', refuse, () => 'put the dog in the bowl'],
  ['where is X', refuse, (x) => `where is the ${x} block`],
  ['leave X where it is', refuse, (x) => `leave the ${x} block where it is`],
  ['take a picture', refuse, () => 'take a picture'],
]

const folder = mkdtempSync(join(tmpdir(), 'cliport-forms-'))
try {
  const file = join(folder, 'forms.json')
  writeFileSync(file, JSON.stringify(await rowsOf(Number(options.seed), Number(options.scenes))))
  const result = evaluate(file)
  if (options.out !== undefined) writeFileSync(options.out, `${JSON.stringify(result, null, 1)}\n`)
  console.log(tableOf(result, options.before === undefined ? null : JSON.parse(readFileSync(options.before, 'utf8'))))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** A row for each form on each scene. */
async function rowsOf(seed, scenes) {
  const cell = createCell('caller')
  const rows = []
  for (let i = 0; i < scenes; i++) {
    await cell.reset({ task, seed: seed + 2 * i, clock: 'free' })
    const { objects, validPicks, validPlaces } = await cell.truth()
    const of = (label) => objects.find((object) => object.label === label)
    const [x, y] = [of(validPicks[0]).color, of(validPlaces[0].target).color]
    const labels = (kind, color) =>
      objects.filter((o) => o.kind === kind && (color === null || o.color === color)).map(({ label }) => label)
    for (const [kind, { any, others, least = 1, ...expect }, sentence] of forms) {
      const pick = others
        ? labels('block', null).filter((label) => of(label).color !== x)
        : labels('block', any ? null : x)
      const right = { ...expect, pick, place: labels('bowl', any ? null : y) }
      // Where there are fewer than are asked for, or no others, it may say so or do what it can.
      const isThere = pick.length >= least
      rows.push({
        scene: `${task}+${seed + 2 * i}`,
        kind,
        sentence: sentence(x, y, i),
        expect:
          expect.action !== 'move' ? expect : isThere ? right : { ...right, also: ['ask', 'refuse'], pick: undefined },
      })
    }
  }
  await cell.close()
  return rows
}

function evaluate(file) {
  const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [cli, 'eval', '--sentences', file, '--out', join(folder, 'out'), '--json'],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  )
  if (status !== 0) throw new Error(stderr || stdout)
  const { policy, sentences, by_kind } = JSON.parse(stdout.trim().split('\n').at(-1))
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim()
  return {
    policy,
    task,
    seed: Number(options.seed),
    scenes: Number(options.scenes),
    sentences,
    forms: Object.fromEntries(
      Object.entries(by_kind).map(([form, { n, right, wrong, refused, asked }]) => [
        form,
        { n, moved: n - refused - asked, moved_right: n - refused - asked - wrong, refused, asked, right },
      ]),
    ),
    commit,
    machine: {
      cpu: cpus()[0].model,
      cores: cpus().length,
      load_1min: loadavg()[0],
      node: process.version,
      date: new Date().toISOString(),
      command: `node benchmarks/sentences/forms.mjs --scenes ${options.scenes} --seed ${options.seed}`,
    },
  }
}

/** A Markdown table; with earlier counts beside the new ones. */
function tableOf({ forms: now }, before) {
  const cells = ({ moved, moved_right: right, refused, asked }) => [`${moved} (${right} right)`, refused, asked]
  const counts = ['moves', 'refuses', 'asks']
  const columns =
    before === null ? counts : [...counts.map((what) => `before: ${what}`), ...counts.map((what) => `after: ${what}`)]
  const lines = forms.map(([form, { action }]) => [
    form,
    action,
    ...(before === null ? [] : cells(before.forms[form])),
    ...cells(now[form]),
  ])
  const head = ['form', 'should', ...columns]
  return [head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n')
}

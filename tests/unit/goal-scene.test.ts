// What is on the table, as far as colour and height say it; and what a policy is asked about it.

import { expect, test } from 'vitest'
import { decideAnswer } from '../../src/control/decide.js'
import { proposeFor, understandFor } from '../../src/control/goal/ask-policy.js'
import { seeScene } from '../../src/control/goal/scene.js'
import { SentenceInForce } from '../../src/control/goal/sentence-in-force.js'
import type { NotUnderstood, Understood } from '../../src/control/goal/types.js'
import type { Policy, ProposeOptions } from '../../src/control/ports.js'
import type { Heightmap, Proposal } from '../../src/control/types.js'
import { suppressMask } from '../../src/io/policy/onnx-policy.js'
import { lexicon } from '../fixtures/lexicon.js'
import { aProposal, emptyMap, thresholds } from '../fixtures/table.js'

type Rgb = readonly [number, number, number]
const colors = { red: [242, 82, 84], green: [84, 160, 75], gray: [176, 167, 163], brown: [148, 111, 90] } as const
const table: Rgb = [48, 48, 48]

/** A dark table on which `heightOf` says how high what is there is, and `null` that nothing is. */
function mapOf(
  ...things: readonly {
    rgb: Rgb
    heightOf: (du: number, dv: number) => number | null
    at: readonly [u: number, v: number]
  }[]
): Heightmap {
  const map = emptyMap()
  for (let i = 0; i < map.heightM.length; i++) {
    const [u, v] = [Math.floor(i / map.cols), i % map.cols]
    map.color.set(table, 3 * i)
    for (const { rgb, heightOf, at } of things) {
      const height = heightOf(u - at[0], v - at[1])
      if (height === null) continue
      map.heightM[i] = height
      map.color.set(rgb, 3 * i)
    }
  }
  return map
}

/** 4 cm, as the cell's. */
const block = (du: number, dv: number) => (Math.abs(du) <= 6 && Math.abs(dv) <= 6 ? 0.04 : null)
/** 12 cm across, its floor 5 mm above the table. */
const bowl = (du: number, dv: number) => {
  const radius = Math.hypot(du, dv)
  return radius > 19 ? null : radius > 16 ? 0.04 : radius > 12 ? 0.02 : 0.005
}
const box = (du: number, dv: number) => {
  const far = Math.max(Math.abs(du), Math.abs(dv))
  return far > 30 ? null : far > 28 ? 0.05 : 0.0039
}

const scene = mapOf(
  { rgb: colors.green, heightOf: bowl, at: [220, 80] },
  { rgb: colors.gray, heightOf: bowl, at: [280, 40] },
  { rgb: colors.brown, heightOf: box, at: [60, 100] },
  { rgb: colors.red, heightOf: block, at: [140, 40] },
  { rgb: colors.red, heightOf: block, at: [140, 120] },
  { rgb: colors.gray, heightOf: block, at: [220, 80] },
)

test('things are told apart by colour and by whether they are hollow and round', () => {
  const seen = seeScene(scene, lexicon).objects.map(({ color, kinds, pixel, inside }) => [
    color,
    kinds[0],
    pixel,
    inside,
  ])
  expect(seen).toEqual(
    expect.arrayContaining([
      ['brown', 'box', [60, 100], null],
      ['gray', 'bowl', [280, 40], null],
      ['green', 'bowl', [220, 80], null],
      ['red', 'block', [140, 40], null],
      ['red', 'block', [140, 120], null],
    ]),
  )
  expect(seen).toHaveLength(6)
})

test('what lies in a bowl is known to', () => {
  const { objects } = seeScene(scene, lexicon)
  const gray = objects.find(({ color, kinds }) => color === 'gray' && kinds[0] === 'block')!
  expect(objects.find(({ id }) => id === gray.inside)).toMatchObject({ color: 'green' })
})

test('a bowl in light and shade is one thing, and its edges are none', () => {
  const shaded = mapOf({ rgb: colors.red, heightOf: bowl, at: [160, 80] })
  for (let i = 0; i < shaded.heightM.length; i++) {
    const isEdge = shaded.heightM[i]! > 0.03 && Math.floor(i / shaded.cols) < 160
    if (isEdge) shaded.color.set([121, 52, 53], 3 * i)
  }
  expect(seeScene(shaded, lexicon).objects.map(({ color, kinds }) => [color, kinds[0]])).toEqual([['red', 'bowl']])
})

test('heights count from the bottom of the map: on a real cell it lies below the table', () => {
  const spec = { ...scene.spec, zMinM: -0.02 }
  const lifted = { ...scene, spec, heightM: scene.heightM.map((height) => height + 0.02) }
  const looks = (map: Heightmap) => seeScene(map, lexicon).objects.map(({ color, kinds }) => `${color} ${kinds[0]}`)
  expect(looks(lifted)).toEqual(looks(scene))
})

/** A policy that answers each sentence with a proposal, and what it was asked. */
function policyOf(answers: Readonly<Record<string, Partial<Proposal>>>) {
  const asked: { sentence: string; options: ProposeOptions }[] = []
  const info = { name: 'p', architecture: 'p', workspace: scene.spec, rotations: 36, thresholds, lexicon }
  const policy: Policy = {
    info,
    async propose(map, sentence, options = {}) {
      asked.push({ sentence, options })
      return aProposal(map, answers[sentence] ?? {})
    },
    async close() {},
  }
  const ask = async (sentence: string, options = {}) => {
    const understanding = understandFor(policy, scene, sentence, options)
    return { understanding, proposal: await proposeFor(policy, scene, sentence, understanding) }
  }
  return { asked, ask, info }
}

const nothing = { steps: 0, placed: 0, placedForSentence: 0, failures: [], suppressed: 0 }
const budget = { steps: 12, failuresInARow: 4 }

test('a sentence that is no command never reaches the policy, and ends without a move', async () => {
  const { ask, asked } = policyOf({})
  const answer = await ask('do not put the red block in the green bowl')
  expect(asked).toEqual([])
  expect(decideAnswer(answer, nothing, thresholds, budget)).toMatchObject({ kind: 'conclude', outcome: 'unsupported' })
})

test('of several questions the first on which the policy would act counts', async () => {
  const { ask, asked } = policyOf({ 'put the red blocks in a gray bowl': { found: 0 } })
  const { proposal } = await ask('put a block in a bowl')
  expect(asked.map(({ sentence }) => sentence)).toEqual([
    'put the red blocks in a gray bowl',
    'put the red blocks in a green bowl',
  ])
  expect(proposal!.found).toBeGreaterThan(0.5)
})

test('a person is asked which one until it is clear, once for a sentence, and what was placed counts for it alone', async () => {
  const questions: string[] = []
  const clarify = async ({ reason, candidates }: NotUnderstood) => {
    questions.push(reason)
    return candidates.find(({ name }) => /red|green/.test(name))?.sentence ?? null
  }
  const goal = new SentenceInForce({ info: policyOf({}).info }, 'robot', clarify)
  const signal = new AbortController().signal
  const understood = await goal.understand('put the block in the bowl', scene, signal)
  expect(understood).toMatchObject({ canonical: 'put the red blocks in a green bowl' })
  expect(questions).toEqual([expect.stringContaining('which block'), expect.stringContaining('which bowl')])
  goal.placed++
  expect(await goal.understand('put the block in the bowl', scene, signal)).toMatchObject({ kind: 'command' })
  expect(questions).toHaveLength(2)
  await goal.understand('put the red blocks in a gray bowl', scene, signal)
  expect(goal.placed).toBe(0)
})

test('nobody to ask, or nobody who answers, leaves it ambiguous', async () => {
  const { info } = policyOf({})
  for (const clarify of [undefined, async () => null]) {
    const goal = new SentenceInForce({ info }, 'robot', clarify)
    const understood = await goal.understand('put the block in the bowl', scene, new AbortController().signal)
    expect(understood).toMatchObject({ kind: 'ambiguous' })
  }
})

test('which one is meant is a mask over the pick: everything else is suppressed', async () => {
  const { ask, asked } = policyOf({})
  await ask('put the nearest red block in the gray bowl')
  const mask = suppressMask(scene, [], asked[0]!.options.pickCells)
  expect([mask[140 * scene.cols + 40], mask[140 * scene.cols + 120]]).toEqual([0, 1])
})

test('a place outside of what is meant moves to the best cell of the map inside it, or is none without a map', async () => {
  const place = new Float32Array(scene.rows * scene.cols).fill(0.1)
  place[220 * scene.cols + 82] = 0.4
  place[10] = 0.8
  const elsewhere = { place: { ...aProposal(scene).place, pixel: [280, 40] as const, probability: 0.9 } }
  const sentence = 'put the red blocks in a green bowl'
  const twoGreen = mapOf(
    { rgb: colors.green, heightOf: bowl, at: [220, 80] },
    { rgb: colors.green, heightOf: bowl, at: [280, 40] },
    { rgb: colors.red, heightOf: block, at: [140, 40] },
  )
  const proposed = async (answer: Partial<Proposal>) => {
    const { info } = {
      info: { name: 'p', architecture: 'p', workspace: scene.spec, rotations: 36, thresholds, lexicon },
    }
    const policy: Policy = { info, close: async () => {}, propose: async (map) => aProposal(map, answer) }
    const understanding = understandFor(policy, twoGreen, 'put the red block in the rightmost green bowl') as Understood
    expect(understanding.canonical).toBe(sentence)
    return (await proposeFor(policy, twoGreen, sentence, understanding))!.place
  }
  const moved = await proposed({ ...elsewhere, maps: { pick: place, place } })
  expect(moved).toMatchObject({ pixel: [220, 82], probability: expect.closeTo(0.45) })
  expect(await proposed(elsewhere)).toMatchObject({ probability: 0 })
})

test('a count ends the run when it is reached, and everything that lies where it should is achieved', () => {
  const understood = { kind: 'command', count: 2, done: false } as Understood
  const answer = { understanding: understood, proposal: aProposal(scene) }
  const decided = (placedForSentence: number, over = {}) =>
    decideAnswer(
      { ...answer, understanding: { ...understood, ...over } },
      { ...nothing, placed: 2, placedForSentence },
      thresholds,
      budget,
    )
  expect(decided(1)).toEqual({ kind: 'act' })
  expect(decided(2)).toMatchObject({ kind: 'conclude', outcome: 'achieved' })
  expect(decided(0, { count: null, done: true })).toMatchObject({ kind: 'conclude', outcome: 'achieved' })
})

test('what was placed may hide what the sentence names: then the policy says what remains', async () => {
  const { ask, asked } = policyOf({})
  expect((await ask('put the purple blocks in a green bowl')).understanding).toMatchObject({ kind: 'not_found' })
  expect(asked).toHaveLength(0)
  await ask('put the purple blocks in a green bowl', { underWay: true })
  expect(asked.map(({ sentence }) => sentence)).toEqual(['put the purple blocks in a green bowl'])
})

test('where colours run into one another the policy says what is there, and where they do not the scene does', () => {
  const side = 60
  const isIn = (du: number, dv: number) => Math.abs(du) < side && Math.abs(dv) < side / 2
  const printed = mapOf({ rgb: colors.red, at: [100, 80], heightOf: (du, dv) => (isIn(du, dv) ? 0.05 : null) })
  // A print: from red to blue in steps that no edge shows, and specks of white all over it.
  for (let i = 0; i < printed.heightM.length; i++) {
    if (printed.heightM[i] === 0) continue
    const [u, v] = [Math.floor(i / printed.cols), i % printed.cols]
    const share = (u - 100 + side) / (2 * side)
    printed.color.set((2 * u + v) % 5 === 0 ? [250, 250, 250] : [220 - 160 * share, 60, 60 + 160 * share], 3 * i)
  }
  const plain = mapOf({ rgb: colors.red, at: [100, 80], heightOf: (du, dv) => (isIn(du, dv) ? 0.05 : null) })
  expect([seeScene(printed, lexicon).isPlain, seeScene(plain, lexicon).isPlain]).toEqual([false, true])
  const policy = { info: { lexicon } as never }
  const asked = (map: Heightmap) => understandFor(policy, map, 'put the green block in the yellow bowl')?.kind
  expect([asked(printed), asked(plain)]).toEqual(['command', 'not_found'])
})

// The published tasks beside those of cell-tasks.test.ts: what their scenes and sentences are.

import { expect, test } from 'vitest'
import type { CliportError } from '../../src/control/errors.js'
import { translationOf, turnedAbout } from '../../src/control/geometry.js'
import { publishedWorkspace } from '../../src/control/published-workspace.js'
import { kinematics } from '../../src/native/kinematics.js'
import { suctionTool } from '../../src/sim/arm.js'
import { heldOutObjects, trainObjects } from '../../src/sim/household-objects.js'
import { evaluationShapes, kitShapes, trainShapes } from '../../src/sim/kit-shapes.js'
import { stepS } from '../../src/sim/physics/mjcf.js'
import { loadPhysics, Physics } from '../../src/sim/physics/physics.js'
import { isReachable } from '../../src/sim/reach.js'
import { laidScene } from '../../src/sim/scene.js'
import { nounsOf, publishedPercent, taskNamed, taskNames } from '../../src/sim/tasks/index.js'

const scene = (name: string, seed: number, goal?: string) => laidScene(taskNamed(name), seed, suctionTool, goal)
const seeds = [1, 2, 3, 4, 5, 6]

test('the table of the publication has eighteen rows, and each is a task here', () => {
  const rows = taskNames.filter((name) => publishedPercent(name) !== null && !name.endsWith('-as-published'))
  expect(rows).toHaveLength(18)
})

test.each(taskNames)('every object of %s lies in the workspace, at one place for one seed', (name) => {
  const { xMinM, xMaxM, yMinM, yMaxM } = publishedWorkspace
  for (const seed of [11, 12]) {
    const { scene: built, objects } = scene(name, seed)
    expect(objects.length).toBeLessThan(256)
    for (const {
      p_base_m: [x, y],
    } of objects) {
      expect(Math.min(x - xMinM, xMaxM - x, y - yMinM, yMaxM - y)).toBeGreaterThan(0)
    }
    for (const { moves } of built.goals) {
      for (const { object } of moves) {
        const [x, y] = objects.find(({ label }) => label === object)!.p_base_m
        expect(isReachable(x, y, suctionTool)).toBe(true)
      }
    }
    const rewards = built.goals.reduce((sum, { maxReward }) => sum + maxReward, 0)
    expect(rewards).toBeCloseTo(built.goals.length === 0 ? 0 : 1)
    const again = scene(name, seed)
    expect(again.objects.map(({ p_base_m, color }) => [p_base_m, color])).toEqual(
      objects.map(({ p_base_m, color }) => [p_base_m, color]),
    )
    expect(again.scene.sentence).toBe(built.sentence)
  }
})

test('a task that does not exist is answered with the nearest names', () => {
  const hintFor = (name: string) => {
    try {
      taskNamed(name)
    } catch (error) {
      return (error as CliportError).hint
    }
    throw new Error(`${name} exists`)
  }
  expect(hintFor('put-block-in-bowl')).toMatch(/colours.*: put-block-in-bowl-seen-colors, /)
  expect(hintFor('put-blok-in-bowl-seen-colors')).toMatch(/^Did you mean 'put-block-in-bowl-seen-colors'\?/)
  expect(hintFor('make-coffee')).toMatch(/^Tasks.*: align-rope; .*put-block-in-bowl \(-seen-colors, /)
})

test('two tasks with sentences call one kind of thing by the same names, or none of them loads', () => {
  const task = (name: string, names: readonly string[], forms: readonly string[]) => ({
    name,
    nouns: { lid: names },
    forms,
  })
  const first = task('first', ['lid'], ['move the <pick>'])
  expect(() => nounsOf([first, task('second', ['lid', 'cover'], ['lift the <pick>'])])).toThrow(/'lid'.*first.*second/)
  expect(nounsOf([first, task('third', ['lid', 'cover'], [])]).get('lid')).toEqual(['lid', 'cover'])
})

test('a sentence that a task cannot make leaves nothing to do', () => {
  for (const name of taskNames.filter((name) => publishedPercent(name) !== null)) {
    expect(scene(name, 3, 'pour me a coffee').scene.goals, name).toEqual([])
  }
})

test.each([
  ['towers-of-hanoi-seq-seen-colors', 'move the pink ring to the middle of the stand'],
  ['packing-shapes', 'pack the star in the brown box'],
  ['assembling-kits-seq-seen-colors', 'put the white letter R shape in the letter R shape hole'],
  ['align-rope', 'align the rope from front left tip to back left corner'],
  ['separating-piles-seen-colors', 'push the pile of pink blocks into the white square'],
  ['packing-seen-household-objects-seq', 'pack the hammer in the brown box'],
  ['packing-seen-household-objects-group', 'pack all the hammer objects in the brown box'],
])('a scene of %s is made round "%s"', (name, sentence) => {
  for (const seed of seeds) {
    const { scene: built, objects } = scene(name, seed, sentence)
    expect(built.sentence).toBe(sentence)
    expect(built.goals).toHaveLength(1)
    const moved = objects.find(({ label }) => label === built.goals[0]!.moves[0]!.object)!
    expect(['rope', 'block'].includes(moved.kind) || sentence.includes(moved.kind), moved.kind).toBe(true)
    const [, color] = /\b(pink|white)\b/.exec(sentence) ?? []
    if (color !== undefined) expect(moved.color).toBe(color)
  }
})

test('seven moves bring the tower from the first rod to the last, never a larger ring onto a smaller one', () => {
  for (const seed of seeds) {
    const { scene: built, objects } = scene('towers-of-hanoi-seq-full-colors', seed)
    const rings = objects.filter(({ kind }) => kind === 'ring')
    const towers: number[][] = [[2, 1, 0], [], []]
    const rods = ['lighter brown side', 'middle of the stand', 'darker brown side']
    for (const { sentence, moves } of built.goals) {
      const ring = rings.findIndex(({ label }) => label === moves[0]!.object)
      const to = towers[rods.findIndex((rod) => sentence.endsWith(rod))]!
      const from = towers.find((tower) => tower.at(-1) === ring)
      expect(from).toBeDefined()
      expect(ring).toBeLessThan(to.at(-1) ?? 3)
      to.push(from!.pop()!)
    }
    expect(built.goals).toHaveLength(7)
    expect(towers).toEqual([[], [], [2, 1, 0]])
  }
})

test('holes of one shape in a kit have names that differ, and their shapes have colours that differ', () => {
  for (let seed = 0; seed < 30; seed++) {
    const { scene: built } = scene('assembling-kits-seq-full-colors', seed)
    const sentences = built.goals.map(({ sentence }) => sentence)
    const holes = sentences.map((sentence) => sentence.split(' in the ')[1])
    expect(new Set(holes).size).toBe(5)
    expect(new Set(sentences.map((sentence) => sentence.split(' in the ')[0])).size).toBe(5)
  }
})

test('shapes and things that are held out appear in evaluation only', () => {
  const kindsOf = (name: string, seed: number) => new Set(scene(name, seed).objects.map(({ kind }) => kind))
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name)
  for (let seed = 0; seed < 12; seed++) {
    const held = seed % 2 === 0 ? evaluationShapes : trainShapes
    for (const name of names(held)) expect(kindsOf('packing-shapes', seed)).not.toContain(name)
    const heldThings = seed % 2 === 0 ? heldOutObjects : trainObjects
    for (const name of names(heldThings)) {
      expect(kindsOf('packing-unseen-household-objects-seq', seed)).not.toContain(name)
    }
  }
  expect([kitShapes.length, trainObjects.length, heldOutObjects.length]).toEqual([20, 37, 19])
  expect(new Set(names([...trainObjects, ...heldOutObjects])).size).toBe(56)
})

test('a rope that is drawn along by its end at 6 cm/s does not stretch', async () => {
  const { scene: built, objects } = scene('align-rope', 1)
  const end = built.joints![0]!.label
  const [endX, endY] = objects.find(({ label }) => label === end)!.p_base_m
  const qRad = new Float64Array(7)
  expect(kinematics().inverse(endX, endY, 0.0095, 0, suctionTool, 0.1, qRad)).toBe(true)
  const physics = new Physics(await loadPhysics(), objects, suctionTool, qRad, built)
  const at = (label: number) => translationOf(physics.objectPose(label))
  const links = (): number[] =>
    built.joints!.map(({ label, otherLabel }) => {
      const [a, b] = [at(label), at(otherLabel)]
      return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
    })
  const restM = Math.max(...links())
  for (let i = 0; i < 10; i++) physics.step()
  expect(physics.seal()).toBe(true)
  const speedRadps = 0.06 / Math.hypot(endX, endY)
  let longestM = 0
  for (let i = 0; i < 500; i++) {
    qRad[0]! += speedRadps * stepS
    physics.drive(qRad, Float64Array.of(speedRadps, 0, 0, 0, 0, 0, 0))
    physics.step()
    longestM = Math.max(longestM, ...links())
  }
  const [x, y] = at(end)
  physics.close()
  expect(Math.hypot(x - endX, y - endY)).toBeCloseTo(0.06, 2)
  expect(longestM).toBeLessThan(1.05 * restM)
})

test('the beads of a rope lie a link apart, and either end may be the first', () => {
  for (const seed of seeds) {
    const { scene: built, objects } = scene('align-rope', seed)
    const beads = objects.filter(({ kind }) => kind === 'rope')
    expect(beads).toHaveLength(20)
    expect(built.joints).toHaveLength(19)
    for (const { label, otherLabel } of built.joints!) {
      const [a, b] = [label, otherLabel].map((wanted) => beads.find((bead) => bead.label === wanted)!.p_base_m)
      expect(Math.hypot(a![0] - b![0], a![1] - b![1])).toBeCloseTo(0.01 * Math.SQRT2, 6)
    }
    const { moves } = built.goals[0]!
    expect(moves[0]!.targets).toEqual([...moves[19]!.targets].reverse())
  }
})

test("as published, some sentences of packing name a colour that no block has; the cell's own never do", () => {
  const absent = (name: string) =>
    Array.from({ length: 40 }, (_, i) => scene(name, 2 * i + 1)).filter(({ scene: { sentence }, objects }) => {
      const [, ...colors] = /^pack all the (\w+)(?: and (\w+))? blocks/.exec(sentence)!
      const present = objects.filter(({ kind }) => kind === 'block').map(({ color }) => color)
      return colors.some((color) => color !== undefined && !present.includes(color))
    }).length
  expect(absent('packing-boxes-pairs-seen-colors')).toBe(0)
  expect(absent('packing-boxes-pairs-seen-colors-as-published')).toBeGreaterThan(5)
})

test('rows as published draw distractors, colours and numbers as the publication does', () => {
  for (let seed = 10_001; seed < 10_021; seed += 2) {
    const bowls = scene('put-block-in-bowl-seen-colors-as-published', seed)
    const [, block, bowl] = /put the (\w+) blocks in a (\w+) bowl/.exec(bowls.scene.sentence)!
    const wrong = bowls.objects.filter(({ kind, color }) => color === (kind === 'block' ? bowl : block))
    expect(wrong).toEqual([])

    const kit = scene('assembling-kits-seq-unseen-colors-as-published', seed)
    expect(new Set(kit.objects.filter(({ kind }) => kind !== 'kit').map(({ color }) => color)).size).toBe(5)

    const packed = scene('packing-unseen-household-objects-seq-as-published', seed)
    const things = packed.objects.length - 1
    expect(packed.scene.goals.length).toBeLessThanOrEqual(Math.max(1, things - 1))
    expect(packed.scene.maxSteps).toBe(packed.scene.goals.length + 1)
  }
})

test('of two holes of one shape the published rule calls the one nearer to the robot the top one', () => {
  let told = 0
  for (let seed = 1; seed < 400 && told < 5; seed += 2) {
    const { scene: built, objects } = scene('assembling-kits-seq-seen-colors-as-published', seed)
    const kit = objects.find(({ kind }) => kind === 'kit')!
    const xOf = (place: string) => {
      const goal = built.goals.find(({ sentence }) => sentence.includes(`in the ${place} `))
      const [x, y] = goal === undefined ? [] : goal.moves[0]!.targets[0]!.p_object_m
      return x === undefined ? undefined : turnedAbout(kit.p_base_m, kit.yawRad, [x, y!])[0]
    }
    const [top, bottom] = [xOf('top'), xOf('bottom')]
    if (top === undefined || bottom === undefined) continue
    told++
    expect(top).toBeLessThan(bottom)
  }
  expect(told).toBe(5)
})

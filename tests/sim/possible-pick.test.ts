// Picks on a map as a real cell's single depth camera makes it: noise, holes, and mugs whose hollows it does not see.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { indexOf, pixelOf, pointOf } from '../../src/control/geometry.js'
import { pickableCells, pickProblem } from '../../src/control/possible-pick.js'
import { publishedWorkspace } from '../../src/control/published-workspace.js'
import type { Heightmap } from '../../src/control/types.js'
import { createProjector } from '../../src/io/projector.js'
import { type LabelMap, labelMap } from '../../src/sim/cell-renderer.js'
import { type Cell, createCell, type Truth } from '../../src/sim/index.js'

const seed = 22
/** Begins below the table, so that noise below its plane is not lost. */
const spec = { ...publishedWorkspace, zMinM: -0.02 }
const tableZM = 0

let cell: Cell
let truth: Truth
let map: Heightmap
let labels: LabelMap
beforeAll(async () => {
  cell = createCell('caller')
  await cell.reset({ task: 'captioned-scenes-full-colors', seed, clock: 'free', sensor: 'real' })
  const [front] = await cell.capture()
  truth = await cell.truth()
  map = await createProjector({ threads: 1 }).project([front!], spec)
  labels = await labelMap([front!], spec)
})
afterAll(() => cell.close())

test('the hollow of a mug is no pick, and its rim is one', () => {
  const mugs = truth.objects.filter(({ kind }) => kind === 'cup')
  expect(mugs).toHaveLength(2)
  for (const { label, p_base_m } of mugs) {
    const middle = pixelOf(map, p_base_m[0], p_base_m[1])
    const pick = { pixel: middle, p_base_m: pointOf(map, middle), yawRad: 0, probability: 1 }
    expect(pickProblem(map, pick, tableZM)).toMatch(/no camera sees anything/)
    const may = pickableCells(map, tableZM)
    expect(may[indexOf(map, middle)]).toBe(0)
    const rim = [...labels.labels.keys()].filter((at) => labels.labels[at] === label)
    expect(rim.length).toBeGreaterThan(100)
    expect(rim.filter((at) => may[at] === 1).length).toBeGreaterThan(0.9 * rim.length)
  }
})

test('hardly a cell of the bare table can be picked, and nearly every cell that shows a thing can', () => {
  const may = pickableCells(map, tableZM)
  let [table, tablePicks, things, thingPicks] = [0, 0, 0, 0]
  for (const [at, label] of labels.labels.entries()) {
    if (label === 0) {
      table++
      tablePicks += may[at]!
    } else {
      things++
      thingPicks += may[at]!
    }
  }
  expect(tablePicks).toBeLessThan(0.01 * table)
  expect(thingPicks).toBeGreaterThan(0.9 * things)
})

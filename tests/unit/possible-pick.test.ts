// A pick on something: what the map shows of the cell, and what a policy is asked when its best pick is on nothing.

import { describe, expect, test } from 'vitest'
import { decideAtFirst } from '../../src/control/decide.js'
import { indexOf, pixelAt, pointOf } from '../../src/control/geometry.js'
import type { Policy, ProposeOptions } from '../../src/control/ports.js'
import { pickableCells, pickProblem, tableHeightM, withPossiblePicks } from '../../src/control/possible-pick.js'
import type { Affordance, Heightmap, Pixel, Proposal } from '../../src/control/types.js'
import { aHeightmap } from '../fixtures/policy.js'

/** Above the base everywhere, with noise of a millimetre, as a depth camera has it. */
function table(tableZM = 0): Heightmap {
  const spec = { ...aHeightmap().spec, zMinM: -0.02 }
  const heightM = new Float32Array(320 * 160)
  for (let i = 0; i < heightM.length; i++) heightM[i] = 0.02 + tableZM + 0.001 * (((i * 7) % 3) - 1)
  return aHeightmap({ spec, heightM, color: new Uint8Array(3 * 320 * 160).fill(60) })
}

/** Sets the height of every cell within `cells` of a pixel; null: no camera sees it. */
function raise(map: Heightmap, [u, v]: Pixel, cells: number, zM: number | null): Heightmap {
  for (let row = u - cells; row <= u + cells; row++) {
    for (let col = v - cells; col <= v + cells; col++) {
      const at = indexOf(map, [row, col])
      map.heightM[at] = zM === null ? 0 : zM + 0.02
      map.color.fill(zM === null ? 0 : 200, 3 * at, 3 * at + 3)
    }
  }
  return map
}

function at(map: Heightmap, pixel: Pixel): Affordance {
  return { pixel, p_base_m: pointOf(map, pixel), yawRad: 0, probability: 0.9 }
}

const blockAt: Pixel = [100, 80]
const mugAt: Pixel = [200, 60]
/** A block of 4 cm, and a mug of 9 cm whose hollow no camera sees. */
function scene(): Heightmap {
  return raise(raise(raise(table(), blockAt, 6, 0.04), mugAt, 13, 0.09), mugAt, 8, null)
}

describe('a pick', () => {
  test('on a thing is one, on a hole in the map and on the table it is none, and the reason says which and where', () => {
    const map = scene()
    expect(pickProblem(map, at(map, blockAt), 0)).toBeNull()
    expect(pickProblem(map, at(map, [200, 70]), 0)).toBeNull() // the mug's rim
    expect(pickProblem(map, at(map, mugAt), 0)).toMatch(/x 0\.44, y 0\.1[23] m, is where no camera sees anything/)
    expect(pickProblem(map, at(map, [20, 20]), 0)).toMatch(/is the table: nothing rises there/)
  })

  test('on a flat thing is one, however little it rises above the noise', () => {
    const map = raise(table(), [50, 50], 10, 0.005)
    expect(pickProblem(map, at(map, [50, 50]), 0)).toBeNull()
  })

  test('on one cell that flickers up is none, and a hole of one cell in a thing is none either', () => {
    const map = raise(raise(scene(), [20, 20], 0, 0.05), [102, 82], 0, null)
    expect(pickProblem(map, at(map, [20, 20]), 0)).toMatch(/is the table/)
    expect(pickProblem(map, at(map, [102, 82]), 0)).toMatch(/no camera/)
    expect(pickProblem(map, at(map, [102, 81]), 0)).toBeNull()
  })

  test('counts from the table where the map has it, up to a centimetre beside the settings', () => {
    expect(tableHeightM(table(0.006), 0)).toBeCloseTo(0.006)
    const map = table(0.006)
    expect(pickProblem(map, at(map, [20, 20]), 0)).toMatch(/is the table/)
    // The lid of a box that fills the map is no table.
    expect(tableHeightM(table(0.1), 0)).toBe(0)
    const lid = table(0.1)
    expect(pickProblem(lid, at(lid, [20, 20]), 0)).toBeNull()
  })
})

describe('a policy', () => {
  /** Answers with the first of these cells that it may pick, and writes down what it was asked. */
  function policyFor(cells: readonly Pixel[]): { policy: Policy; asked: ProposeOptions[] } {
    const asked: ProposeOptions[] = []
    const policy: Policy = {
      info: {
        name: 'listed',
        architecture: 'list',
        workspace: table().spec,
        rotations: 36,
        thresholds: { pick: 0.1, place: 0.1, remaining: 0.5, found: 0.5 },
      },
      async propose(map, _goal, options = {}) {
        asked.push(options)
        const may = (pixel: Pixel) => options.pickCells === undefined || options.pickCells[indexOf(map, pixel)] === 1
        const pick = at(map, cells.find(may) ?? cells[0]!)
        return { pick, place: pick, remaining: 1, found: 1, knownWords: 4, timingMs: { decide: 2 } }
      },
      async close() {},
    }
    return { policy: withPossiblePicks(policy, 0), asked }
  }

  const decisionOn = (proposal: Proposal, { info }: Policy) => decideAtFirst(proposal, info.thresholds)

  test('whose pick is on a thing is asked once', async () => {
    const { policy, asked } = policyFor([blockAt, mugAt])
    const proposal = await policy.propose(scene(), 'pick up the block')
    expect(asked).toHaveLength(1)
    expect(proposal.pick.pixel).toEqual(blockAt)
    expect(decisionOn(proposal, policy)).toEqual({ kind: 'act' })
  })

  test('whose pick is in a hole is asked for the next best, among what it may pick', async () => {
    const { policy, asked } = policyFor([mugAt, blockAt, [200, 70]])
    const pickCells = new Uint8Array(320 * 160).fill(1).fill(0, 0, indexOf(table(), [150, 0]))
    const proposal = await policy.propose(scene(), 'pick up the mug', { pickCells })
    expect(proposal.pick.pixel).toEqual([200, 70])
    expect(proposal.pickProblem).toBeUndefined()
    expect(proposal.timingMs).toEqual({ decide: 4 })
    expect(asked).toHaveLength(2)
    expect(decisionOn(proposal, policy)).toEqual({ kind: 'act' })
  })

  test('that finds nothing else is unsure, with the reason', async () => {
    const { policy } = policyFor([mugAt, [20, 20]])
    const proposal = await policy.propose(scene(), 'pick up the mug')
    expect(decisionOn(proposal, policy)).toMatchObject({
      kind: 'conclude',
      outcome: 'unsure',
      reason: expect.stringMatching(/the best pick, at x 0\.44, y 0\.1[23] m, is where no camera sees anything/),
    })
  })

  test('on an empty table is not asked a second time', async () => {
    const { policy, asked } = policyFor([[20, 20]])
    const proposal = await policy.propose(table(), 'pick up the block')
    expect(asked).toHaveLength(1)
    expect(proposal.pickProblem).toMatch(/is the table/)
  })
})

test('what can be picked is the things, without their holes', () => {
  const map = scene()
  const cells = [...pickableCells(map, 0).entries()].filter(([, may]) => may === 1).map(([cell]) => pixelAt(map, cell))
  const inside = ([u, v]: Pixel, [a, b]: Pixel, reach: number) => Math.max(Math.abs(u - a), Math.abs(v - b)) <= reach
  expect(cells.every((cell) => inside(cell, blockAt, 7) || inside(cell, mugAt, 14))).toBe(true)
  expect(cells.some((cell) => inside(cell, mugAt, 8))).toBe(false)
  const outerCorners = 8 // of their neighbours most are table
  expect(cells.length).toBe(13 * 13 + (27 * 27 - 17 * 17) - outerCorners)
})

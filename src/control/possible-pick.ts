// A pick that can be one. A policy answers with a cell of the map, whatever is there: where no camera saw anything (a
// mug's hollow is a hole in a map from one camera), or where the map shows the table itself, there is nothing to pick.

import { indexOf } from './geometry.js'
import type { Policy } from './ports.js'
import { isSeen } from './surface.js'
import type { Affordance, Heightmap, Proposal } from './types.js'

/** What rises less above the table is the table: about twice the noise of a depth camera at the far end of a cell. */
const leastRiseM = 0.003
/** How far the table may lie from where the settings have it: an error of the camera's pose. */
const tableErrorM = 0.01

/**
 * The same policy, whose pick is on something: where its best is not, it is asked for the best of what can be picked, and
 * where that is none either, the proposal says so (`Proposal.pickProblem`). Costs nothing while picks are what they should be.
 *
 * @param tableZM height of the table as the settings have it, base frame
 */
export function withPossiblePicks(policy: Policy, tableZM: number): Policy {
  return {
    info: policy.info,
    close: () => policy.close(),
    async propose(heightmap, goal, options = {}) {
      const first = await policy.propose(heightmap, goal, options)
      const problem = pickProblem(heightmap, first.pick, tableZM)
      if (problem === null) return first
      const pickCells = pickableCells(heightmap, tableZM, options.pickCells)
      if (!pickCells.includes(1)) return { ...first, pickProblem: problem }
      const next = await policy.propose(heightmap, goal, { ...options, pickCells })
      const isBetter = pickProblem(heightmap, next.pick, tableZM) === null
      return isBetter ? withTimesOf(first, next) : { ...withTimesOf(next, first), pickProblem: problem }
    },
  }
}

/** The proposal with what both have taken. */
function withTimesOf(other: Proposal, proposal: Proposal): Proposal {
  const timingMs = { ...proposal.timingMs }
  for (const [part, ms] of Object.entries(other.timingMs)) timingMs[part] = (timingMs[part] ?? 0) + ms
  return { ...proposal, timingMs }
}

/** Why nothing can be picked there, for a person; null: something can. */
export function pickProblem(heightmap: Heightmap, { pixel, p_base_m }: Affordance, tableZM: number): string | null {
  const at = `x ${p_base_m[0].toFixed(2)}, y ${p_base_m[1].toFixed(2)} m`
  const cell = indexOf(heightmap, pixel)
  if (!isSeen(heightmap, cell)) return `the best pick, at ${at}, is where no camera sees anything`
  // Far above any table: its height need not be known.
  if (rises(heightmap, cell, tableZM + tableErrorM + leastRiseM)) return null
  return rises(heightmap, cell, tableHeightM(heightmap, tableZM) + leastRiseM)
    ? null
    : `the best pick, at ${at}, is the table: nothing rises there`
}

/** rows x cols: 1 where something can be picked. @param within 1 where a pick may be at all */
export function pickableCells(heightmap: Heightmap, tableZM: number, within?: Uint8Array): Uint8Array {
  const leastM = tableHeightM(heightmap, tableZM) + leastRiseM
  const cells = new Uint8Array(heightmap.heightM.length)
  for (let cell = 0; cell < cells.length; cell++) {
    const may = within === undefined || within[cell] === 1
    if (may && isSeen(heightmap, cell) && rises(heightmap, cell, leastM)) cells[cell] = 1
  }
  return cells
}

/** Whether at least half of what is seen of the cell and its eight neighbours lies higher: single cells flicker. */
function rises(map: Heightmap, cell: number, zM: number): boolean {
  const { rows, cols } = map
  const leastM = zM - map.spec.zMinM
  const u = Math.floor(cell / cols)
  const v = cell - u * cols
  let seen = 0
  let higher = 0
  for (let row = Math.max(0, u - 1); row <= Math.min(rows - 1, u + 1); row++) {
    for (let col = Math.max(0, v - 1); col <= Math.min(cols - 1, v + 1); col++) {
      const at = row * cols + col
      if (!isSeen(map, at)) continue
      seen++
      if (map.heightM[at]! > leastM) higher++
    }
  }
  return 2 * higher >= seen
}

/**
 * Height of the table as the map has it: the commonest within `tableErrorM` of where it should be, in steps of a
 * millimetre; where it should be, when nothing is seen there.
 */
export function tableHeightM(map: Heightmap, tableZM: number): number {
  const stepM = 0.001
  const steps = Math.round(tableErrorM / stepM)
  const counts = new Uint32Array(2 * steps + 1)
  for (let cell = 0; cell < map.heightM.length; cell++) {
    if (!isSeen(map, cell)) continue
    const step = Math.round((map.spec.zMinM + map.heightM[cell]! - tableZM) / stepM)
    if (Math.abs(step) <= steps) counts[step + steps]!++
  }
  const most = Math.max(...counts)
  return most === 0 ? tableZM : tableZM + (counts.indexOf(most) - steps) * stepM
}

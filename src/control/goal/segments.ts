// Segments of the heightmap: neighbouring cells above the table that have one colour, however it is lit.

import type { Heightmap } from '../types.js'
import { labOf } from './color.js'

/** What is lower is table, noise included. Base z. */
const tableTopM = 0.0035
/** Difference of chromaticity (r and g over their sum with b) between cells of two colours. */
const chromaStep = 0.045
/** Least ratio of brightness between cells of one colour; a grey is told from white by nothing else. */
const shadeOfColor = 0.5
const shadeOfGray = 0.8
/** A cell of a colour has channels that differ by more than this share of the brightest. */
const leastSaturation = 0.12

/** Cells of each segment, the largest first; segments of fewer cells than `leastCells` are left out. */
export function segmentsOf(heightmap: Heightmap, leastCells: number): readonly Int32Array[] {
  const { rows, cols, heightM, color, spec } = heightmap
  const cells = rows * cols
  const least = tableTopM - spec.zMinM
  const parent = new Int32Array(cells).fill(-1)
  for (let i = 0; i < cells; i++) if (heightM[i]! > least) parent[i] = i
  const find = (i: number) => {
    let root = i
    while (parent[root] !== root) root = parent[root]!
    while (parent[i] !== root) [i, parent[i]] = [parent[i]!, root]
    return root
  }
  const join = (a: number, b: number) => {
    if (parent[a]! < 0 || parent[b]! < 0 || !isOneColor(color, a, b)) return
    const [x, y] = [find(a), find(b)]
    if (x !== y) parent[Math.max(x, y)] = Math.min(x, y)
  }
  for (let u = 0; u < rows; u++) {
    for (let v = 0; v < cols; v++) {
      const i = u * cols + v
      if (parent[i]! < 0) continue
      if (v + 1 < cols) join(i, i + 1)
      if (u + 1 < rows) join(i, i + cols)
    }
  }
  return gather(cells, parent, find, leastCells)
}

/** Mean difference in a and b (CIE Lab) from the segment's middle colour, and share of what is above the table in segments. */
const mostSpread = 3.5
const leastShare = 0.85
/** Cells that are looked at. */
const sampledCells = 2000

/**
 * Whether colours tell the segments apart. In a camera's picture of printed and glossy things, one colour runs into the next,
 * and much belongs to no segment at all: what is seen there says little about what is not.
 */
export function areColorsPlain({ heightM, color, spec }: Heightmap, segments: readonly Int32Array[]): boolean {
  const inSegments = segments.reduce((sum, { length }) => sum + length, 0)
  const above = heightM.reduce((sum, z) => sum + (z > tableTopM - spec.zMinM ? 1 : 0), 0)
  if (inSegments >= leastShare * above) return true
  const every = Math.max(1, Math.floor(inSegments / sampledCells))
  let [sum, count] = [0, 0]
  for (const cells of segments) {
    const sampled = cells.filter((_, i) => i % every === 0)
    const labs = Array.from(sampled, (i) => labOf([color[3 * i]!, color[3 * i + 1]!, color[3 * i + 2]!]))
    const middle = (axis: 1 | 2) => labs.map((lab) => lab[axis]).sort((a, b) => a - b)[labs.length >> 1]!
    const [a, b] = [middle(1), middle(2)]
    for (const lab of labs) sum += Math.hypot(lab[1] - a, lab[2] - b)
    count += labs.length
  }
  return count === 0 || sum / count <= mostSpread
}

function gather(cells: number, parent: Int32Array, find: (i: number) => number, leastCells: number): Int32Array[] {
  // A root is the first cell of its segment.
  const counts = new Int32Array(cells)
  for (let i = 0; i < cells; i++) if (parent[i]! >= 0) counts[find(i)]!++
  const segments = new Map<number, { cells: Int32Array; filled: number }>()
  for (let i = 0; i < cells; i++) {
    if (parent[i]! < 0) continue
    const root = find(i)
    if (counts[root]! < leastCells) continue
    if (root === i) segments.set(root, { cells: new Int32Array(counts[root]!), filled: 0 })
    const segment = segments.get(root)!
    segment.cells[segment.filled++] = i
  }
  return [...segments.values()].map((segment) => segment.cells).sort((a, b) => b.length - a.length)
}

function isOneColor(color: Uint8Array, a: number, b: number): boolean {
  const [ra, ga, ba] = [color[3 * a]!, color[3 * a + 1]!, color[3 * a + 2]!]
  const [rb, gb, bb] = [color[3 * b]!, color[3 * b + 1]!, color[3 * b + 2]!]
  const [sa, sb] = [ra + ga + ba + 1, rb + gb + bb + 1]
  if (Math.abs(ra / sa - rb / sb) + Math.abs(ga / sa - gb / sb) > chromaStep) return false
  const isGray = Math.max(ra, ga, ba) - Math.min(ra, ga, ba) < leastSaturation * Math.max(ra, ga, ba)
  return Math.min(sa, sb) / Math.max(sa, sb) > (isGray ? shadeOfGray : shadeOfColor)
}

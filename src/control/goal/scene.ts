// What is on the table, as far as colour and height say it, without a model of any object: enough to say what a sentence
// may mean, not to pick by.

import { xOfColumn, yOfRow } from '../geometry.js'
import type { Lexicon } from '../ports.js'
import type { Heightmap } from '../types.js'
import { labOf, nearestColor, paletteOf, type Rgb } from './color.js'
import { hullOf, type Outline } from './outline.js'
import { areColorsPlain, segmentsOf } from './segments.js'
import type { SceneObject, SceneView } from './types.js'

/** A block of 4 cm covers 160 cells; of half of one this is left when another lies on it. */
const leastAreaM2 = 0.0002
/** What is lower than this share of the top in its middle is hollow. */
const hollowShare = 0.6
/** Of the cells of a thing by brightness: the one that says its colour. */
const lightShare = 0.65
/** Difference of chromaticity between light and shade on one thing. */
const shadeChroma = 0.07
/** Of cells on an edge, whose colour is half the table's. */
const edgeChroma = 0.2
/** Cells over the longer side of the outline: what is thinner is an edge of something. */
const thinCells = 5
/** An edge that is longer than this and belongs to nothing is a thing by itself. */
const mostEdgeCells = 60
/** Parts that are wider together are two things. */
const widestBowlM = 0.24
/** A square covers 0.64 of the circle round it, a circle all of it. */
const roundShare = 0.82

/**
 * Things in view, the largest first.
 * @param heightmap of any workspace; heights count from its zMinM, the table is at base z 0
 */
export function seeScene(heightmap: Heightmap, lexicon: Pick<Lexicon, 'colors'>): SceneView {
  const { rows, cols, spec } = heightmap
  const leastCells = Math.round(leastAreaM2 / spec.pixelM ** 2)
  const palette = paletteOf(lexicon)
  const segments = segmentsOf(heightmap, leastCells)
  const parts = segments.map((cells) => partOf(heightmap, cells))
  const objects = joinedParts(heightmap, parts).map((part, i): SceneObject => {
    const rgb = part.rgb
    const [u, v] = [Math.round(part.outline.middle[0]), Math.round(part.outline.middle[1])]
    return {
      id: i + 1,
      kinds: kindsOf(heightmap, part),
      rgb,
      color: nearestColor(labOf(rgb), palette),
      p_base_m: [xOfColumn(spec, part.outline.middle[1]), yOfRow(spec, part.outline.middle[0]), spec.zMinM + part.topM],
      sizeM: [
        part.outline.widthCells[1] * spec.pixelM,
        part.outline.widthCells[0] * spec.pixelM,
        spec.zMinM + part.topM,
      ],
      pixel: [Math.min(rows - 1, Math.max(0, u)), Math.min(cols - 1, Math.max(0, v))],
      cells: part.cells,
      inside: null,
    }
  })
  const isPlain = areColorsPlain(heightmap, segments)
  return {
    rows,
    cols,
    isPlain,
    objects: objects.map((object) => ({ ...object, inside: containerOf(object, objects) })),
  }
}

interface Part {
  readonly cells: Int32Array
  readonly rgb: Rgb
  /** Height of the highest cells over the map's zMinM, and of the median one. */
  readonly topM: number
  readonly outline: Outline
  /** A level top, and as high as what is picked: a block by itself, however alike its neighbour's colour. */
  readonly isLevel: boolean
  readonly isThin: boolean
}

function partOf(heightmap: Heightmap, cells: Int32Array): Part {
  const { heightM, color } = heightmap
  const heights = new Float32Array(cells.length)
  for (let k = 0; k < cells.length; k++) heights[k] = heightM[cells[k]!]!
  heights.sort()
  const outline = hullOf(heightmap, cells)
  const quantile = (share: number) => heights[Math.floor(share * (heights.length - 1))]!
  return {
    cells,
    rgb: [channelOf(color, 0, cells), channelOf(color, 1, cells), channelOf(color, 2, cells)],
    topM: quantile(0.95),
    outline,
    isThin: cells.length / Math.max(...outline.widthCells) < thinCells,
    isLevel: quantile(0.9) - quantile(0.2) < 0.007 && quantile(0.5) + heightmap.spec.zMinM > 0.015,
  }
}

/** What lies in the light says more of a colour than what lies in the shade. @param channel 0 red, 1 green, 2 blue */
function channelOf(color: Uint8Array, channel: 0 | 1 | 2, cells: Int32Array): number {
  const counts = new Uint32Array(256)
  for (let k = 0; k < cells.length; k++) counts[color[3 * cells[k]! + channel]!]!++
  let below = Math.floor(lightShare * cells.length)
  let value = 0
  while (below >= counts[value]!) below -= counts[value++]!
  return value
}

/** Parts of one hue that lie in one outline are one thing in light and shade: a bowl's rim, wall and floor. */
function joinedParts(heightmap: Heightmap, parts: readonly Part[]): readonly Part[] {
  const joined: Part[] = []
  for (const part of parts) {
    const at = joined.findIndex((other) => isShadeOf(heightmap, part, other))
    if (at < 0) joined.push(part)
    else joined[at] = partOf(heightmap, union(joined[at]!.cells, part.cells))
  }
  return joined.filter(({ isThin, cells }) => !isThin || cells.length > mostEdgeCells)
}

function union(a: Int32Array, b: Int32Array): Int32Array {
  const cells = new Int32Array(a.length + b.length)
  cells.set(a)
  cells.set(b, a.length)
  return cells.sort()
}

function isShadeOf({ spec }: Heightmap, part: Part, other: Part): boolean {
  if (part.isLevel && !part.isThin) return false
  const chroma = ([r, g, b]: Rgb) => [r / (r + g + b + 1), g / (r + g + b + 1)] as const
  const [[r1, g1], [r2, g2]] = [chroma(part.rgb), chroma(other.rgb)]
  if (Math.abs(r1 - r2) + Math.abs(g1 - g2) > (part.isThin ? edgeChroma : shadeChroma)) return false
  const [a, b] = [part.outline, other.outline]
  const apart = (axis: 0 | 1) => Math.abs(a.middle[axis] - b.middle[axis])
  const halves = (axis: 0 | 1) => (a.widthCells[axis] + b.widthCells[axis]) / 2
  // A bowl's outline does not grow by its rim; that of two things that touch grows by the second.
  const grows = part.isThin ? 1.25 : 1.6
  return ([0, 1] as const).every((axis) => {
    const whole = Math.max(apart(axis) + halves(axis), a.widthCells[axis], b.widthCells[axis])
    return (
      apart(axis) - halves(axis) <= 1 && whole * spec.pixelM < widestBowlM && whole < grows * Math.max(...b.widthCells)
    )
  })
}

/** Kinds that are told by their shape. Whether a thing is of any other kind is the policy's to say. */
export const shapeKinds: ReadonlySet<string> = new Set(
  'block bowl box stand carton can tin lid plate cup ball'.split(' '),
)

function kindsOf(heightmap: Heightmap, part: Part): readonly string[] {
  const { spec } = heightmap
  const { outline } = part
  const across = Math.max(...outline.widthCells) * spec.pixelM
  const topM = spec.zMinM + part.topM
  if (isHollow(heightmap, part)) {
    if (outline.roundness < roundShare) return ['box']
    if (topM < 0.025) return ['plate', 'bowl', 'lid']
    return across < 0.1 ? ['cup', 'bowl', 'tin'] : ['bowl', 'cup', 'plate']
  }
  if (topM < 0.02) return outline.roundness < roundShare ? ['stand', 'lid', 'plate'] : ['lid', 'plate']
  if (outline.roundness < roundShare) return ['block', 'carton']
  return ['block', 'can', 'tin', 'ball', 'cup', 'carton']
}

/** Whether the middle lies lower than the rim, or shows something else. */
function isHollow({ heightM, cols, rows, spec }: Heightmap, { cells, topM, outline }: Part): boolean {
  const [mu, mv] = outline.middle
  const radius = Math.min(...outline.widthCells) / 4
  if (radius * spec.pixelM < 0.012) return false
  const own = new Uint8Array(rows * cols)
  for (let k = 0; k < cells.length; k++) own[cells[k]!] = 1
  let [all, low] = [0, 0]
  for (let u = Math.max(0, Math.ceil(mu - radius)); u <= Math.min(rows - 1, mu + radius); u++) {
    for (let v = Math.max(0, Math.ceil(mv - radius)); v <= Math.min(cols - 1, mv + radius); v++) {
      if (Math.hypot(u - mu, v - mv) > radius) continue
      all++
      const i = u * cols + v
      if (own[i] === 0 || heightM[i]! + spec.zMinM < hollowShare * (topM + spec.zMinM)) low++
    }
  }
  return low > all / 2
}

/** The hollow thing in whose outline the middle of a smaller one lies. */
function containerOf(object: SceneObject, objects: readonly SceneObject[]): number | null {
  const isRound = (other: SceneObject) =>
    other.kinds.some((kind) => kind === 'bowl' || kind === 'box' || kind === 'plate' || kind === 'cup')
  const holds = (other: SceneObject) => {
    const [dx, dy] = [object.p_base_m[0] - other.p_base_m[0], object.p_base_m[1] - other.p_base_m[1]]
    return Math.abs(dx) < other.sizeM[0] / 2 - 0.01 && Math.abs(dy) < other.sizeM[1] / 2 - 0.01
  }
  const around = objects.find(
    (other) => other.id !== object.id && other.cells.length > object.cells.length && isRound(other) && holds(other),
  )
  return around?.id ?? null
}

/** rows x cols: 1 on the cells of these things. */
export function cellsOf({ rows, cols }: SceneView, objects: readonly SceneObject[]): Uint8Array {
  const mask = new Uint8Array(rows * cols)
  for (const { cells } of objects) for (const i of cells) mask[i] = 1
  return mask
}

/** rows x cols: 1 in the bounding boxes of these things, what lies in them included. */
export function outlineCellsOf({ rows, cols }: SceneView, objects: readonly SceneObject[]): Uint8Array {
  const mask = new Uint8Array(rows * cols)
  for (const { cells } of objects) {
    let [uMin, uMax, vMin, vMax] = [rows, 0, cols, 0]
    for (const i of cells) {
      const [u, v] = [Math.floor(i / cols), i % cols]
      ;[uMin, uMax, vMin, vMax] = [Math.min(uMin, u), Math.max(uMax, u), Math.min(vMin, v), Math.max(vMax, v)]
    }
    for (let u = uMin; u <= uMax; u++) mask.fill(1, u * cols + vMin, u * cols + vMax + 1)
  }
  return mask
}

// The benchmark's twenty flat shapes (CLIPort, assembling-kits and packing-shapes), by their published names: drawn anew
// from convex outlines in a square of side 1.

import { type Outline, prism } from './prism.js'

export interface KitShape {
  readonly name: string
  /** The shape looks the same after a turn by this, as published; 0: after any turn. */
  readonly symmetryRad: number
  /** In a square of side 1 round the origin. */
  readonly outlines: readonly Outline[]
}

const turn = 2 * Math.PI

type Point = readonly [x: number, y: number]

function regular(corners: number, radius: number, [x, y]: Point = [0, 0]): Outline {
  return Array.from({ length: corners }, (_, i): Point => {
    const angle = Math.PI / 2 + (turn * i) / corners
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)]
  })
}

/** A straight stroke of a letter. */
function stroke([x0, y0]: Point, [x1, y1]: Point, width = 0.24): Outline {
  const length = Math.hypot(x1 - x0, y1 - y0)
  const [dx, dy] = [((y1 - y0) / length) * (width / 2), (-(x1 - x0) / length) * (width / 2)]
  return [
    [x0 + dx, y0 + dy],
    [x1 + dx, y1 + dy],
    [x1 - dx, y1 - dy],
    [x0 - dx, y0 - dy],
  ]
}

function rectangle(width: number, height: number, [x, y]: Point = [0, 0]): Outline {
  return stroke([x - width / 2, y], [x + width / 2, y], height)
}

function star(): Outline[] {
  const tips = regular(5, 0.5)
  const inner = regular(5, 0.24).map(
    ([x, y]): Point => [
      x * Math.cos(turn / 10) - y * Math.sin(turn / 10),
      x * Math.sin(turn / 10) + y * Math.cos(turn / 10),
    ],
  )
  return [inner, ...tips.map((tip, i): Outline => [tip, inner[i]!, inner[(i + 4) % 5]!])]
}

function ring(): Outline[] {
  const [outside, inside] = [regular(20, 0.5), regular(20, 0.24)]
  return outside.map((corner, i): Outline => {
    const next = (i + 1) % outside.length
    return [inside[i]!, corner, outside[next]!, inside[next]!]
  })
}

const heart: readonly Outline[] = [
  regular(16, 0.26, [-0.23, 0.2]),
  regular(16, 0.26, [0.23, 0.2]),
  [
    [0, -0.48],
    [0.46, 0.08],
    [0, 0.3],
    [-0.46, 0.08],
  ],
]

const stem = stroke([-0.3, -0.5], [-0.3, 0.5])
const [top, bottom] = [rectangle(0.84, 0.24, [0, 0.38]), rectangle(0.84, 0.24, [0, -0.38])]

/** In the published order: the first fourteen are those of training, the other six only those of evaluation. */
export const kitShapes: readonly KitShape[] = [
  shape('letter R shape', turn, [
    stem,
    rectangle(0.7, 0.22, [0, 0.39]),
    rectangle(0.7, 0.22, [0, 0]),
    stroke([0.3, -0.11], [0.3, 0.5], 0.22),
    stroke([-0.02, -0.05], [0.32, -0.46], 0.22),
  ]),
  shape('letter A shape', turn, [
    stroke([-0.34, -0.48], [-0.03, 0.48], 0.22),
    stroke([0.34, -0.48], [0.03, 0.48], 0.22),
    rectangle(0.5, 0.18, [0, -0.16]),
  ]),
  shape('triangle', turn / 3, [regular(3, 0.54)]),
  shape('square', turn / 4, [rectangle(0.86, 0.86)]),
  shape('plus', turn / 4, [rectangle(1, 0.34), rectangle(0.34, 1)]),
  shape('letter T shape', turn, [rectangle(1, 0.26, [0, 0.37]), stroke([0, -0.5], [0, 0.5], 0.28)]),
  shape('diamond', turn / 2, [
    [
      [0.34, 0],
      [0, 0.5],
      [-0.34, 0],
      [0, -0.5],
    ],
  ]),
  shape('pentagon', turn / 5, [regular(5, 0.5)]),
  shape('rectangle', turn / 2, [rectangle(1, 0.5)]),
  shape('flower', turn / 4, [
    regular(16, 0.24),
    ...[0, 1, 2, 3].map((i) => {
      const angle = (turn * i) / 4
      return regular(16, 0.22, [0.28 * Math.cos(angle), 0.28 * Math.sin(angle)])
    }),
  ]),
  shape('star', turn / 5, star()),
  shape('circle', 0, [regular(28, 0.46)]),
  shape('letter G shape', turn, [
    stem,
    top,
    bottom,
    stroke([0.31, -0.5], [0.31, 0.02], 0.22),
    rectangle(0.42, 0.2, [0.21, -0.03]),
  ]),
  shape('letter V shape', turn, [stroke([0, -0.42], [-0.34, 0.48]), stroke([0, -0.42], [0.34, 0.48])]),
  shape('letter E shape', turn, [stem, top, bottom, rectangle(0.7, 0.2, [0, 0])]),
  shape('letter L shape', turn, [stem, bottom]),
  shape('ring', 0, ring()),
  shape('hexagon', turn / 6, [regular(6, 0.5)]),
  shape('heart', turn, heart),
  shape('letter M shape', turn, [
    stroke([-0.39, -0.5], [-0.39, 0.5], 0.2),
    stroke([0.39, -0.5], [0.39, 0.5], 0.2),
    stroke([-0.36, 0.42], [0, -0.12], 0.2),
    stroke([0.36, 0.42], [0, -0.12], 0.2),
  ]),
]

export const trainShapes = kitShapes.slice(0, 14)
export const evaluationShapes = kitShapes.slice(14)

function shape(name: string, symmetryRad: number, outlines: readonly Outline[]): KitShape {
  return { name, symmetryRad, outlines }
}

/** The outlines at their size on the table, metres. */
export function outlinesOf({ outlines }: KitShape, sideM: number): Outline[] {
  return outlines.map((outline) => outline.map(([x, y]): Point => [sideM * x, sideM * y]))
}

/** The shape as a body. */
export function bodyOf(kit: KitShape, sideM: number, heightM: number) {
  return prism(`${kit.name.replaceAll(' ', '-')}-${sideM}`, outlinesOf(kit, sideM), heightM)
}

// "align the rope from front left tip to front right tip" (CLIPort, align-rope): a rope of twenty beads along one of four
// lines of a square of three sides. Which end lies where does not matter.

import { turnedAbout } from '../../control/geometry.js'
import { capsuleMesh, merge, prismMesh } from '../mesh.js'
import type { ObjectShape, PlacedObject } from '../objects.js'
import type { Random } from '../random.js'
import type { Goal, Move, SceneRequest, Target, Task, TaskScene } from './task.js'

/** As published. */
const maxSteps = 20
const beads = 20
const beadRadiusM = 0.005
/** Between the middles of two beads, as published; twenty of them are a side of the square. */
const spacingM = 2 * beadRadiusM * Math.SQRT2
const sideM = beads * spacingM
/** A bead within this of its place on the line, as published. */
const toleranceM = 0.02

/**
 * Corners in the square's frame: its open side, the front, lies at -x. As published, left and right are those of the
 * heightmap as it is stored (x to the right, y down), which is the mirror image of the table.
 */
const cornersM = {
  'front left tip': [-sideM / 2, -sideM / 2],
  'front right tip': [-sideM / 2, sideM / 2],
  'back left corner': [sideM / 2, -sideM / 2],
  'back right corner': [sideM / 2, sideM / 2],
} as const
type Corner = keyof typeof cornersM

const lines: readonly (readonly [from: Corner, to: Corner])[] = [
  ['front left tip', 'front right tip'],
  ['front right tip', 'back right corner'],
  ['front left tip', 'back left corner'],
  ['back right corner', 'back left corner'],
]

export const task: Task = {
  name: 'align-rope',
  variants: [{ name: 'align-rope', split: 'full', publishedPercent: 85.6 }],
  nouns: { rope: ['rope'], square: ['square'] },
  forms: [],
  sentences: lines.map(([from, to]) => `align the rope from ${from} to ${to}`),
  primitive: 'drag',
  colored: { pick: [], place: [] },
  deviations: [
    'The rope is laid in a smooth curve; published: dropped in a heap. Beads of 10 g instead of 100 g.',
    'It is carried about 4 cm over the table, as low as the check of plans passes; published: 2 cm.',
  ],
  build,
}

function build({ random, goal, place, put, reserve }: SceneRequest): TaskScene {
  const square = place('square', 'green', squareShape)
  const course = drawCourse(random)
  const { p_base_m: middle, yawRad: turnRad } = reserve(room)
  const rope = course.map(({ xM, yM, headingRad }, i) =>
    // As published, red with white ends.
    put('rope', i === 0 || i === beads - 1 ? 'white' : 'red', bead, {
      p_base_m: turnedAbout(middle, turnRad, [xM, yM]),
      yawRad: turnRad + headingRad,
    }),
  )
  const joints = rope.slice(1).map(({ label }, i) => ({ label: rope[i]!.label, otherLabel: label }))

  const line = goal === undefined ? random.pick(lines) : parseAlignGoal(goal)
  const sentence = goal ?? `align the rope from ${line![0]} to ${line![1]}`
  const goals = line === undefined ? [] : [goalOf(line, rope, square, sentence)]
  return { goals, sentence, maxSteps, joints }
}

/**
 * Each bead may go where it belongs counted from either end of the line. The way round that is nearer to how the rope
 * lies comes first: it is the oracle's, from the first step to the last.
 */
function goalOf(
  [from, to]: (typeof lines)[number],
  rope: readonly PlacedObject[],
  square: PlacedObject,
  sentence: string,
): Goal {
  const targets = rope.map((_, i) => {
    const share = (i + 0.5) / beads
    const at = (axis: 0 | 1) => cornersM[from][axis] + share * (cornersM[to][axis] - cornersM[from][axis])
    return { label: square.label, p_object_m: [at(0), at(1), beadRadiusM] as const, yawRad: 0 }
  })
  const backwards = targets.toReversed()
  const [nearer, other] =
    wayM(rope, targets, square) <= wayM(rope, backwards, square) ? [targets, backwards] : [backwards, targets]
  const moves = rope.map(({ label }, i): Move => ({ object: label, targets: [nearer[i]!, other[i]!], symmetryRad: 0 }))
  return {
    sentence,
    moves,
    toleranceM,
    maxReward: 1,
    rotations: false,
    isOneArrangement: true,
    namedPlace: 'spots',
    primitive: 'drag',
  }
}

/** Sum of the ways of all beads, each to its own target. */
function wayM(rope: readonly PlacedObject[], targets: readonly Target[], square: PlacedObject): number {
  return rope.reduce((sum, { p_base_m: [x, y] }, i) => {
    const [squareX, squareY] = targets[i]!.p_object_m
    const [targetX, targetY] = turnedAbout(square.p_base_m, square.yawRad, [squareX, squareY])
    return sum + Math.hypot(targetX - x, targetY - y)
  }, 0)
}

interface CoursePoint {
  readonly xM: number
  readonly yM: number
  /** To the next bead. */
  readonly headingRad: number
}

/** A rope that was dropped: a smooth curve that turns left and right, round its middle, nowhere across itself. */
function drawCourse(random: Random): CoursePoint[] {
  const [bendRad, waves, phaseRad] = [
    random.uniform(0.1, 0.4),
    random.uniform(0.4, 1.2),
    random.uniform(0, 2 * Math.PI),
  ]
  let [x, y, heading] = [0, 0, 0]
  const points = Array.from({ length: beads }, (_, i): CoursePoint => {
    const point = { xM: x, yM: y, headingRad: heading }
    x += spacingM * Math.cos(heading)
    y += spacingM * Math.sin(heading)
    heading += bendRad * Math.sin((2 * Math.PI * waves * i) / beads + phaseRad)
    return point
  })
  const middle = (of: (point: CoursePoint) => number) => points.reduce((sum, point) => sum + of(point), 0) / beads
  const [middleX, middleY] = [middle(({ xM }) => xM), middle(({ yM }) => yM)]
  const course = points.map((point) => ({ ...point, xM: point.xM - middleX, yM: point.yM - middleY }))
  const isLoose = course.every((a, i) =>
    course.slice(i + 2).every((b) => Math.hypot(a.xM - b.xM, a.yM - b.yM) > 3 * beadRadiusM),
  )
  return isLoose ? course : drawCourse(random)
}

const room = { sizeM: [sideM, sideM, 2 * beadRadiusM], footprintM: sideM / 2, workRadiusM: sideM / 2 - 0.005 } as const

/** It turns and rolls with some resistance, so that the rope comes to rest; drawn with the piece to the next bead. */
const bead: ObjectShape = {
  sizeM: [2 * beadRadiusM, 2 * beadRadiusM, 2 * beadRadiusM],
  restM: beadRadiusM,
  footprintM: beadRadiusM,
  workRadiusM: 0.02,
  massKg: 0.01,
  jointXml: '<joint type="free" damping="0.001"/>',
  geomsXml: `<geom type="sphere" size="${beadRadiusM}" condim="6" friction="1 0.005 0.001"/>`,
  mesh: (color) => capsuleMesh([0, 0, 0], [spacingM, 0, 0], beadRadiusM, color, 12),
}

/** Lines on the table, 1 cm wide: left, back and right side. */
const squareShape: ObjectShape = {
  sizeM: [sideM, sideM, 0.001],
  restM: 0,
  footprintM: sideM / Math.SQRT2,
  // Its corners are where beads go.
  workRadiusM: sideM / Math.SQRT2 + 0.005,
  massKg: 0.1,
  fixed: true,
  geomsXml: '',
  mesh: (color) => {
    const [near, far] = [-sideM / 2, sideM / 2]
    const strip = (x0: number, y0: number, x1: number, y1: number) =>
      prismMesh(
        [
          [x0, y0],
          [x1, y0],
          [x1, y1],
          [x0, y1],
        ],
        -0.001,
        0.0004,
        color,
      )
    const halfM = 0.005
    return merge(
      strip(near, far - halfM, far + halfM, far + halfM),
      strip(near, near - halfM, far + halfM, near + halfM),
      strip(far - halfM, near, far + halfM, far),
    )
  },
}

/** The line that a sentence asks for, or undefined where it is not one of this task's. */
function parseAlignGoal(sentence: string): (typeof lines)[number] | undefined {
  const pattern = /^align\s+the\s+rope\s+from\s+(?:the\s+)?(.+?)\s+to\s+(?:the\s+)?(.+?)\W*$/i
  const [, from, to] = pattern.exec(sentence.trim()) ?? []
  return lines.find((line) => line[0] === from?.toLowerCase() && line[1] === to?.toLowerCase())
}

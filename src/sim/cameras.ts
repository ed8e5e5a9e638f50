// The published cameras (CLIPort, "Cameras"), and the one for people.

import { lookAt, multiplyRotations, rotationAbout, rotationOf, transform, translationOf } from '../control/geometry.js'
import type { Intrinsics, Mat4, Vec3 } from '../control/types.js'
import type { Random } from './random.js'

export interface CellCamera {
  readonly name: string
  readonly intrinsics: Intrinsics
  readonly T_base_camera: Mat4
}

const published: Intrinsics = { width: 640, height: 480, fx: 450, fy: 450, cx: 320, cy: 240 }

/** Front looks back at the arm 45 degrees down; left and right look across the table 50 degrees down. */
export const publishedCameras: readonly CellCamera[] = [
  camera('front', [1, 0, 0.75], [-1, 0], 45),
  camera('left', [0, 0.5, 0.75], [1, -1], 50),
  camera('right', [0, -0.5, 0.75], [1, 1], 50),
]

function camera(name: string, position: Vec3, towards: readonly [number, number], downDeg: number): CellCamera {
  const down = (downDeg * Math.PI) / 180
  const level = Math.cos(down) / Math.hypot(...towards)
  const target: Vec3 = [
    position[0] + level * towards[0],
    position[1] + level * towards[1],
    position[2] - Math.sin(down),
  ]
  return { name, intrinsics: published, T_base_camera: lookAt(position, target) }
}

/**
 * Cameras as somebody else might have mounted them: one to three. Half of the scenes have the published ones, each a few
 * centimetres and degrees off; the others have them anywhere round the table but behind the arm, or there too (`allRound`).
 */
export function randomCameras(random: Random, allRound = false): readonly CellCamera[] {
  const kept = new Set(random.sample([0, 1, 2], random.integer(1, 3)))
  const isPublished = random.next() < 0.5
  return publishedCameras
    .filter((_, i) => kept.has(i))
    .map((original) =>
      jittered(isPublished ? original : anywhere(original.name, random, allRound ? Math.PI : 2), random),
    )
}

/** Looks at the middle of the workspace, from 0.6 to 1.2 m away and 30 to 75 degrees down. */
function anywhere(name: string, random: Random, farthestRad: number): CellCamera {
  const target: Vec3 = [0.5 + random.uniform(-0.1, 0.1), random.uniform(-0.15, 0.15), 0]
  const azimuth = random.uniform(-farthestRad, farthestRad)
  const down = random.uniform(0.52, 1.3)
  const distanceM = random.uniform(0.6, 1.2)
  const position: Vec3 = [
    target[0] + distanceM * Math.cos(down) * Math.cos(azimuth),
    target[1] + distanceM * Math.cos(down) * Math.sin(azimuth),
    distanceM * Math.sin(down),
  ]
  return { name, intrinsics: published, T_base_camera: lookAt(position, target) }
}

function jittered({ name, intrinsics, T_base_camera: T }: CellCamera, random: Random): CellCamera {
  const axis: Vec3 = [random.normal(), random.normal(), random.normal()]
  const length = Math.hypot(...axis)
  const turn = rotationAbout([axis[0] / length, axis[1] / length, axis[2] / length], random.normal() * 0.03)
  const rotation = multiplyRotations(turn, rotationOf(T))
  const position = translationOf(T).map((metres) => metres + random.normal() * 0.02)
  const focalPx = intrinsics.fx * random.uniform(0.97, 1.03)
  return {
    name,
    intrinsics: { ...intrinsics, fx: focalPx, fy: focalPx },
    T_base_camera: transform(position, rotation),
  }
}

/** From over the table's front right corner, so that the arm, the table and where things go are in the picture. */
export function observerCamera(width: number, height: number): CellCamera {
  const focalPx = 1.3 * Math.min(width * 0.75, height)
  return {
    name: 'observer',
    intrinsics: { width, height, fx: focalPx, fy: focalPx, cx: width / 2, cy: height / 2 },
    T_base_camera: lookAt([1.45, -0.95, 0.95], [0.3, 0.0, 0.26]),
  }
}

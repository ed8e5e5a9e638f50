// How much of an object is inside a zone, counted by sample points (CLIPort, "Oracle, reward, metric").

import { apply } from '../control/geometry.js'
import type { Vec3 } from '../control/types.js'
import type { Physics } from './physics/physics.js'
import type { Zone } from './tasks/task.js'

/** Spacing of the sample points, as published. */
const gridM = 0.02

/** Sample points of a box of this size about its centre: from one corner in steps of 2 cm, as published. */
export function samplePoints(sizeM: Vec3): Vec3[] {
  const [xs, ys, zs] = sizeM.map((side) =>
    Array.from({ length: Math.ceil(side / gridM - 1e-9) }, (_, i) => i * gridM - side / 2),
  ) as [number[], number[], number[]]
  return xs.flatMap((x) => ys.flatMap((y) => zs.map((z): Vec3 => [x, y, z])))
}

export interface Inside {
  readonly inside: number
  readonly points: number
}

/** Counts the sample points of an object that are in the zone's plan and below its top; none while the cup holds it. */
export function pointsInside(label: number, zone: Zone, physics: Physics): Inside {
  const { shape } = physics.objects.find((object) => object.label === label)!
  const samples = samplePoints(shape.sizeM)
  if (physics.held === label) return { inside: 0, points: samples.length }
  const T = physics.objectPose(label)
  const Z = physics.objectPose(zone.label)
  const [halfX, halfY] = [zone.sizeM[0] / 2, zone.sizeM[1] / 2]
  // The shape's box has its centre this far above the body's origin.
  const riseM = shape.sizeM[2] / 2 - shape.restM
  const inside = samples.filter(([x, y, z]) => {
    const [baseX, baseY, baseZ] = apply(T, [x, y, z + riseM])
    const [dx, dy] = [baseX - Z[3]!, baseY - Z[7]!]
    // A zone stands upright: only its yaw counts.
    const [zoneX, zoneY] = [Z[0]! * dx + Z[4]! * dy, Z[1]! * dx + Z[5]! * dy]
    return Math.abs(zoneX) < halfX && Math.abs(zoneY) < halfY && baseZ < zone.topM
  }).length
  return { inside, points: samples.length }
}

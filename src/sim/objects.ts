// The kinds of objects that tasks put on the table: what collides, what is drawn, how large it is.

import type { Vec3 } from '../control/types.js'
import { boxMesh, type Mesh, type ProfilePoint, type Rgb, revolve } from './geometry.js'

export type ObjectKind = 'block' | 'bowl'

export interface ObjectShape {
  /** Bounding box, metres. */
  readonly sizeM: Vec3
  /** Height of the body's origin above the table at rest. */
  readonly restM: number
  /** Radius of the circle round everything that the object covers. */
  readonly footprintM: number
  readonly massKg: number
  /** MJCF geoms in the body's frame, without mass. */
  readonly geomsXml: string
  mesh(color: Rgb): Mesh
}

const blockM = 0.04

const block: ObjectShape = {
  sizeM: [blockM, blockM, blockM],
  restM: blockM / 2,
  footprintM: blockM / Math.SQRT2,
  massKg: 0.05,
  geomsXml: `<geom type="box" size="${blockM / 2} ${blockM / 2} ${blockM / 2}"/>`,
  mesh: (color) => boxMesh([blockM, blockM, blockM], color),
}

// The published bowl is 12 cm wide. Its wall rises from a flat floor that is wide enough for a block to lie on.
const bowlM = { radius: 0.06, height: 0.04, floorRadius: 0.036, wall: 0.004, floor: 0.005 }

/** Inside and outside of the bowl's wall at a share 0..1 of its height: a quarter of an ellipse. */
function bowlRadiusM(share: number): number {
  return bowlM.floorRadius + (bowlM.radius - bowlM.floorRadius) * Math.sqrt(1 - (1 - share) ** 2)
}

function bowlProfile(): ProfilePoint[] {
  const steps = 6
  const shares = Array.from({ length: steps + 1 }, (_, i) => 1 - Math.cos((i / steps) * (Math.PI / 2)))
  const outside = shares.map((share): ProfilePoint => [share * bowlM.height, bowlRadiusM(share)])
  const inside = shares
    .map((share): ProfilePoint => [bowlM.floor + share * (bowlM.height - bowlM.floor), bowlRadiusM(share) - bowlM.wall])
    .reverse()
  return [[0, 0], ...outside, ...inside, [bowlM.floor, 0]]
}

/** The wall is concave, so it collides as a ring of convex boxes, each leaning along the wall's chord. */
function bowlGeomsXml(): string {
  const segments = 14
  const [low, high] = [bowlRadiusM(0.1), bowlRadiusM(1)]
  const lean = Math.atan2(high - low, bowlM.height * 0.9)
  const slant = Math.hypot(high - low, bowlM.height * 0.9)
  const middleM = (low + high) / 2 - bowlM.wall / 2
  const halfWidth = (high * Math.tan(Math.PI / segments)) as number
  const walls = Array.from({ length: segments }, (_, i) => {
    const angle = (2 * Math.PI * i) / segments
    const position = [middleM * Math.cos(angle), middleM * Math.sin(angle), bowlM.height * 0.55]
    // About the fixed axes: lean outwards about y, then turn to the segment about z.
    return `<geom type="box" size="${bowlM.wall / 2} ${halfWidth} ${slant / 2}" pos="${position.join(' ')}"
      euler="0 ${lean} ${angle}"/>`
  })
  const floor = `<geom type="cylinder" size="${bowlM.floorRadius} ${bowlM.floor / 2}" pos="0 0 ${bowlM.floor / 2}"/>`
  return floor + walls.join('')
}

const bowl: ObjectShape = {
  sizeM: [2 * bowlM.radius, 2 * bowlM.radius, bowlM.height],
  restM: 0,
  footprintM: bowlM.radius,
  massKg: 0.15,
  geomsXml: bowlGeomsXml(),
  mesh: (color) => revolve([0, 0, 0], [0, 0, 1], bowlProfile(), 36, color),
}

export const shapes: Readonly<Record<ObjectKind, ObjectShape>> = { block, bowl }

/** An object as a task places it. */
export interface PlacedObject {
  /** 1..255, unique in the scene. */
  readonly label: number
  readonly kind: ObjectKind
  /** Colour name, as a sentence would say it. */
  readonly color: string
  readonly rgb: Rgb
  readonly p_base_m: readonly [number, number]
  readonly yawRad: number
}

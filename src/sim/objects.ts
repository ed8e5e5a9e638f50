// The kinds of objects that tasks put on the table: what collides, what is drawn, how large it is.

import type { Vec3 } from '../control/types.js'
import { boxMesh, type Mesh, merge, type ProfilePoint, type Rgb, revolve } from './mesh.js'

export interface ObjectShape {
  /** Bounding box, metres. */
  readonly sizeM: Vec3
  /** Height of the body's origin above the table at rest. */
  readonly restM: number
  /** Radius of the circle round everything that the object covers. */
  readonly footprintM: number
  readonly massKg: number
  /** Radius of the circle that the cup works in over the object: where it may be picked, or where things go. */
  readonly workRadiusM: number
  /** Fastened to the table: nothing moves it, and the cup does not seal on it. */
  readonly fixed?: true
  /** Its colours go with its kind and not with what the scene asks for. */
  readonly ownColors?: true
  /** MJCF geoms in the body's frame, without mass. */
  readonly geomsXml: string
  /** Convex meshes that the geoms name: corners, metres. The same name is the same mesh in every shape. */
  readonly convexM?: Readonly<Record<string, readonly Vec3[]>>
  /** The joint that lets it move, where it is damped; absent: a free joint. */
  readonly jointXml?: string
  mesh(color: Rgb): Mesh
}

const blockM = 0.04

export const block: ObjectShape = cuboid([blockM, blockM, blockM])

/** A block of any size, as heavy for its volume as the published 4 cm one; x and y at most about 10 cm. */
export function cuboid(sizeM: Vec3): ObjectShape {
  const [x, y, z] = sizeM
  return {
    sizeM,
    restM: z / 2,
    footprintM: Math.hypot(x, y) / 2,
    workRadiusM: Math.max(0.02, Math.hypot(x, y) / 2 - 0.0125),
    massKg: 0.05 * ((x * y * z) / blockM ** 3),
    geomsXml: boxGeomXml(sizeM),
    mesh: (color) => boxMesh(sizeM, color),
  }
}

function boxGeomXml(sizeM: Vec3, centreM: Vec3 = [0, 0, 0]): string {
  return `<geom type="box" size="${sizeM.map((side) => side / 2).join(' ')}" pos="${centreM.join(' ')}"/>`
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

export const bowl: ObjectShape = {
  sizeM: [2 * bowlM.radius, 2 * bowlM.radius, bowlM.height],
  restM: 0,
  footprintM: bowlM.radius,
  workRadiusM: 0.02,
  massKg: 0.15,
  geomsXml: bowlGeomsXml(),
  mesh: (color) => revolve([0, 0, 0], [0, 0, 1], bowlProfile(), 36, color),
}

// The published stand: three steps in a row along y, the lightest brown at -y, the darkest at +y.
const stepM = { side: 0.05, height: 0.01 }
const stepShades = [1.3, 1, 0.65]

export const stand: ObjectShape = {
  sizeM: [stepM.side, 3 * stepM.side, stepM.height],
  restM: 0,
  footprintM: Math.hypot(stepM.side, 3 * stepM.side) / 2,
  workRadiusM: 0.07,
  massKg: 0.2,
  fixed: true,
  geomsXml: boxGeomXml([stepM.side, 3 * stepM.side, stepM.height], [0, 0, stepM.height / 2]),
  mesh: (color) =>
    merge(
      ...stepShades.map((shade, i) =>
        boxMesh(
          [stepM.side, stepM.side, stepM.height],
          color.map((channel) => Math.min(1, channel * shade)) as unknown as Rgb,
          [0, (i - 1) * stepM.side, stepM.height / 2],
        ),
      ),
    ),
}

const container = { wall: 0.004, floor: 0.002 }

/** A box without a lid; `sizeM` is its outside. */
export function openBox([x, y, z]: Vec3): ObjectShape {
  const { wall, floor } = container
  const parts: readonly (readonly [sizeM: Vec3, centreM: Vec3])[] = [
    [
      [x, y, floor],
      [0, 0, floor / 2],
    ],
    ...[-1, 1].flatMap((side): [Vec3, Vec3][] => [
      [
        [wall, y, z],
        [(side * (x - wall)) / 2, 0, z / 2],
      ],
      [
        [x - 2 * wall, wall, z],
        [0, (side * (y - wall)) / 2, z / 2],
      ],
    ]),
  ]
  const footprintM = Math.hypot(x, y) / 2
  return {
    sizeM: [x, y, z],
    restM: 0,
    footprintM,
    workRadiusM: Math.max(0.02, footprintM - 0.02),
    massKg: 0.3,
    fixed: true,
    geomsXml: parts.map(([sizeM, centreM]) => boxGeomXml(sizeM, centreM)).join(''),
    mesh: (color) => merge(...parts.map(([sizeM, centreM]) => boxMesh(sizeM, color, centreM))),
  }
}

/** An object as a task places it. */
export interface PlacedObject {
  /** 1..255, unique in the scene. */
  readonly label: number
  /** As a sentence would call it: 'block', 'bowl', ... */
  readonly kind: string
  readonly shape: ObjectShape
  /** Colour name, as a sentence would say it. */
  readonly color: string
  readonly rgb: Rgb
  readonly p_base_m: readonly [number, number]
  readonly yawRad: number
  /** How far above its place on the table it starts, metres: on something else. */
  readonly aboveM: number
}

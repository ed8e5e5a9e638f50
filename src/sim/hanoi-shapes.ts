// Stand and rings of the towers of Hanoi.

import { boxMesh, coneMesh, merge, type Rgb, revolve } from './mesh.js'
import type { ObjectShape } from './objects.js'

/** Rods in the stand's frame: the lighter side at -y, the darker at +y. */
export const hanoiRodsM = { y: [-0.12, 0, 0.12], radius: 0.006, height: 0.065, baseHeight: 0.01 } as const

const baseM = { width: 0.12, length: 0.36 }
const shades = [1.3, 1, 0.65]

const sizeM = [baseM.width, baseM.length, hanoiRodsM.baseHeight] as const

export const hanoiStand: ObjectShape = {
  sizeM,
  restM: 0,
  footprintM: Math.hypot(baseM.width, baseM.length) / 2,
  workRadiusM: 0.165,
  massKg: 1,
  fixed: true,
  geomsXml: [
    `<geom type="box" size="${sizeM.map((side) => side / 2).join(' ')}" pos="0 0 ${hanoiRodsM.baseHeight / 2}"/>`,
    ...hanoiRodsM.y.map(
      (y) =>
        `<geom type="cylinder" size="${hanoiRodsM.radius} ${hanoiRodsM.height / 2}" pos="0 ${y} ${hanoiRodsM.height / 2}"/>`,
    ),
  ].join(''),
  mesh: (color) =>
    merge(
      ...shades.flatMap((shade, i) => {
        const shaded = color.map((channel) => Math.min(1, channel * shade)) as unknown as Rgb
        const y = hanoiRodsM.y[i]!
        const [radius, height] = [hanoiRodsM.radius, hanoiRodsM.height]
        return [
          boxMesh([baseM.width, baseM.length / 3, hanoiRodsM.baseHeight], shaded, [0, y, hanoiRodsM.baseHeight / 2]),
          coneMesh([0, y, 0.001], [0, y, height], radius, radius, shaded),
        ]
      }),
    ),
}

const holeM = 0.014
const segments = 12

/** A ring that goes over a rod with room to spare; it collides as a ring of boxes. */
function ring(outerM: number, heightM: number): ObjectShape {
  const [middle, half] = [(outerM + holeM) / 2, (outerM - holeM) / 2]
  const halfWidth = outerM * Math.tan(Math.PI / segments)
  const parts = Array.from({ length: segments }, (_, i) => {
    const angle = (2 * Math.PI * i) / segments
    const [x, y] = [middle * Math.cos(angle), middle * Math.sin(angle)]
    return `<geom type="box" size="${half} ${halfWidth} ${heightM / 2}" pos="${x} ${y} ${heightM / 2}" euler="0 0 ${angle}"/>`
  })
  return {
    sizeM: [2 * outerM, 2 * outerM, heightM],
    restM: 0,
    footprintM: outerM,
    workRadiusM: outerM,
    massKg: 0.1,
    geomsXml: parts.join(''),
    mesh: (color) =>
      revolve(
        [0, 0, 0],
        [0, 0, 1],
        [
          [0, holeM],
          [0, outerM],
          [heightM, outerM],
          [heightM, holeM],
          [0, holeM],
        ],
        36,
        color,
      ),
  }
}

const outerM = [0.035, 0.045, 0.055] as const
const heightM = 0.015

/** The three rings, smallest first. */
export const hanoiRing = { outerM, heightM, shape: (i: number) => ring(outerM[i]!, heightM) } as const

// Shapes of captioned scenes: things as they stand on tables, of many sizes. They are only looked at, so all of them are
// fastened.

import { boxMesh, type Mesh, type ProfilePoint, type Rgb, revolve } from './mesh.js'
import { bowl, type ObjectShape, openBox } from './objects.js'
import type { Random } from './random.js'

/** The kinds that captions speak of; a 'carton' is a closed box, a 'tin' a flat can, a 'box' is open at the top. */
export const captionedKinds = ['block', 'bowl', 'box', 'carton', 'can', 'tin', 'lid', 'plate', 'cup', 'ball'] as const

/** A shape of this kind, of random size; ranges in metres as such things are found on tables. */
export function randomShape(kind: (typeof captionedKinds)[number], random: Random): ObjectShape {
  const between = random.uniform
  switch (kind) {
    case 'block': {
      const side = between(0.025, 0.06)
      return random.next() < 0.6 ? solidBox(side, side, side) : solidBox(side, between(0.03, 0.11), between(0.02, 0.06))
    }
    case 'carton':
      return solidBox(between(0.04, 0.16), between(0.06, 0.22), between(0.025, 0.22))
    case 'box':
      return fastened(openBox([between(0.1, 0.3), between(0.1, 0.3), between(0.04, 0.08)]))
    case 'bowl': {
      const scale = between(0.8, 1.5)
      return scaled(bowl, scale)
    }
    case 'can':
      return revolved(solidProfile(between(0.025, 0.045), between(0.07, 0.15)))
    case 'tin':
      return revolved(solidProfile(between(0.035, 0.08), between(0.02, 0.06)))
    case 'lid':
      return revolved(solidProfile(between(0.035, 0.08), between(0.006, 0.02)))
    case 'plate':
      return revolved(dishProfile(between(0.07, 0.12), between(0.012, 0.025)))
    case 'cup':
      return revolved(cupProfile(between(0.03, 0.045), between(0.06, 0.12)))
    case 'ball':
      return revolved(ballProfile(between(0.02, 0.05)))
  }
}

function solidBox(x: number, y: number, z: number): ObjectShape {
  return onTable([x, y, z], Math.hypot(x, y) / 2, (color) => boxMesh([x, y, z], color, [0, 0, z / 2]))
}

function revolved(profile: readonly ProfilePoint[]): ObjectShape {
  const radiusM = Math.max(...profile.map(([, radius]) => radius))
  const heightM = Math.max(...profile.map(([along]) => along))
  const mesh = (color: Rgb): Mesh => revolve([0, 0, 0], [0, 0, 1], profile, 36, color)
  return onTable([2 * radiusM, 2 * radiusM, heightM], radiusM, mesh)
}

function solidProfile(radiusM: number, heightM: number): ProfilePoint[] {
  return [
    [0, 0],
    [0, radiusM],
    [heightM, radiusM],
    [heightM, 0],
  ]
}

/** A plate's: radius over height, from the middle of its underside to that of its floor. */
export function dishProfile(radiusM: number, heightM: number): ProfilePoint[] {
  return [
    [0, 0],
    [0, 0.6 * radiusM],
    [heightM, radiusM],
    [heightM, radiusM - 0.004],
    [0.004, 0.58 * radiusM],
    [0.004, 0],
  ]
}

function cupProfile(radiusM: number, heightM: number): ProfilePoint[] {
  const wallM = 0.004
  return [
    [0, 0],
    [0, 0.85 * radiusM],
    [heightM, radiusM],
    [heightM, radiusM - wallM],
    [wallM, 0.85 * radiusM - wallM],
    [wallM, 0],
  ]
}

function ballProfile(radiusM: number): ProfilePoint[] {
  const steps = 12
  return Array.from({ length: steps + 1 }, (_, i): ProfilePoint => {
    const angle = (Math.PI * i) / steps
    return [radiusM * (1 - Math.cos(angle)), i === 0 || i === steps ? 0 : radiusM * Math.sin(angle)]
  })
}

function onTable(sizeM: ObjectShape['sizeM'], footprintM: number, mesh: ObjectShape['mesh']): ObjectShape {
  const half = sizeM.map((side) => side / 2)
  return {
    sizeM,
    restM: 0,
    footprintM,
    workRadiusM: 0.02,
    massKg: 0.1,
    fixed: true,
    geomsXml: `<geom type="box" size="${half.join(' ')}" pos="0 0 ${half[2]}"/>`,
    mesh,
  }
}

function fastened(shape: ObjectShape): ObjectShape {
  return { ...shape, workRadiusM: 0.02, fixed: true }
}

function scaled(shape: ObjectShape, factor: number): ObjectShape {
  const [x, y, z] = shape.sizeM
  return onTable([factor * x, factor * y, factor * z], factor * shape.footprintM, (color) => {
    const { positionsM, colorRgb } = shape.mesh(color)
    return { positionsM: positionsM.map((metres) => factor * metres), colorRgb }
  })
}

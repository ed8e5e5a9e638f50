import { expect, test } from 'vitest'
import { armMeshes, suctionTool } from '../../src/sim/arm.js'
import { publishedCameras } from '../../src/sim/cameras.js'
import { boxMesh, capsuleMesh, coneMesh, type Mesh } from '../../src/sim/mesh.js'
import { block, bowl } from '../../src/sim/objects.js'

/** Signed volume by the divergence theorem: positive only where all corners run counter-clockwise from outside. */
function volumeM3({ positionsM: p }: Mesh): number {
  let sum = 0
  for (let i = 0; i < p.length; i += 9) {
    const [ax, ay, az, bx, by, bz, cx, cy, cz] = p.subarray(i, i + 9) as unknown as number[]
    sum += ax! * (by! * cz! - bz! * cy!) - ay! * (bx! * cz! - bz! * cx!) + az! * (bx! * cy! - by! * cx!)
  }
  return sum / 6
}

/** Every edge of a closed surface is walked once in each direction. */
function openEdges({ positionsM: p }: Mesh): number {
  const edges = new Map<string, number>()
  const key = (i: number) => [p[i]!, p[i + 1]!, p[i + 2]!].map((x) => Math.round(x * 1e6)).join(' ')
  for (let i = 0; i < p.length; i += 9) {
    for (const [a, b] of [
      [i, i + 3],
      [i + 3, i + 6],
      [i + 6, i],
    ] as const) {
      const [from, to] = [key(a), key(b)]
      if (from === to) continue
      edges.set(`${from} ${to}`, (edges.get(`${from} ${to}`) ?? 0) + 1)
      edges.set(`${to} ${from}`, (edges.get(`${to} ${from}`) ?? 0) - 1)
    }
  }
  return [...edges.values()].filter((count) => count !== 0).length
}

const white = [1, 1, 1] as const

test('a box has the volume of its sides, wherever it lies', () => {
  expect(volumeM3(boxMesh([0.1, 0.2, 0.3], white))).toBeCloseTo(0.006, 8)
  expect(volumeM3(boxMesh([0.1, 0.2, 0.3], white, [1, 2, 3]))).toBeCloseTo(0.006, 5)
})

test('a capsule has the volume of a cylinder and a ball', () => {
  const exact = Math.PI * 0.05 ** 2 * 0.2 + (4 / 3) * Math.PI * 0.05 ** 3
  const mesh = capsuleMesh([0.1, 0, 0], [0.1, 0.2, 0], 0.05, white, 64)
  expect(volumeM3(mesh) / exact).toBeGreaterThan(0.99)
  expect(volumeM3(mesh) / exact).toBeLessThan(1)
})

test('surfaces are closed', () => {
  const parts = [
    boxMesh([0.1, 0.2, 0.3], white),
    coneMesh([0, 0, 0], [0, 0.1, 0.2], 0.03, 0.05, white),
    capsuleMesh([0, 0, 0], [0.1, 0.1, 0], 0.05, white),
    block.mesh(white),
    bowl.mesh(white),
  ]
  for (const part of parts) expect(openEdges(part)).toBe(0)
})

test('a bowl is hollow and as large as published', () => {
  const mesh = bowl.mesh(white)
  expect(volumeM3(mesh)).toBeGreaterThan(0)
  expect(volumeM3(mesh)).toBeLessThan(0.4 * Math.PI * 0.06 ** 2 * 0.04)
  const widest = Math.max(...mesh.positionsM.filter((_, i) => i % 3 === 0))
  expect(2 * widest).toBeCloseTo(0.12, 3)
})

test('every part of the arm has its outside outside', () => {
  for (const mesh of armMeshes(suctionTool)) expect(volumeM3(mesh)).toBeGreaterThan(0)
})

test('cameras stand and look as published', () => {
  const s = Math.SQRT1_2
  const [c, d] = [Math.cos((40 * Math.PI) / 180), Math.sin((40 * Math.PI) / 180)]
  const published = {
    front: [0, s, -s, 1, 1, 0, 0, 0, 0, -s, -s, 0.75],
    left: [-s, -s * c, s * d, 0, -s, s * c, -s * d, 0.5, 0, -d, -c, 0.75],
    right: [s, -s * c, s * d, 0, -s, -s * c, s * d, -0.5, 0, -d, -c, 0.75],
  }
  expect(publishedCameras.map(({ name }) => name)).toEqual(['front', 'left', 'right'])
  for (const { name, T_base_camera } of publishedCameras) {
    const expected = published[name as keyof typeof published]
    expected.forEach((number, i) => {
      expect(T_base_camera[i]).toBeCloseTo(number, 9)
    })
  }
})

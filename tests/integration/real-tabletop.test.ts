// Frames of a real structured-light camera, with its noise, holes and shadows: what of the table and of the things
// on it arrives in the heightmap.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { HeightmapSpec, RgbdFrame } from '../../src/control/types.js'
import { readFrames } from '../../src/io/frame-folder.js'
import { createProjector } from '../../src/io/projector.js'
import { projectHeightmap } from '../../src/native/heightmap.js'
import { realTabletop } from '../fixtures/data.js'

const folder = realTabletop
const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'camera.json')))

/** The workspace as published, but from 5 cm below the table: half of a real table's points lie below its plane. */
const spec: HeightmapSpec = {
  xMinM: 0.25,
  xMaxM: 0.75,
  yMinM: -0.5,
  yMaxM: 0.5,
  zMinM: -0.05,
  zMaxM: 0.28,
  pixelM: 0.003125,
}
const [rows, cols] = [320, 160]
const [table, noDepth] = [0, 255]
/** Above what the camera's noise makes of a flat table. */
const objectM = 0.015

describe('the heightmap of real frames', () => {
  test('there are some', () => expect(names.length).toBeGreaterThanOrEqual(2))

  describe.each(names)('%s', (name) => {
    const look = once(async () => {
      const [frame] = await readFrames(join(folder, name))
      const labels = await readLabels(join(folder, name, 'labels.png'))
      const { heightM } = await createProjector().project([frame!], spec)
      return { frame: frame!, labels, heightM, points: pointsOf(frame!, labels) }
    })

    test("at least 90 % of the table's pixels inside the bounds land in a cell", async () => {
      const { heightM, points } = await look()
      const onTable = points.filter(({ label }) => label === table)
      expect(onTable.length).toBeGreaterThan(20_000)
      // A pixel has landed where the map is at least as high as it is.
      const landed = onTable.filter(
        ({ cell, zM }) => heightM[cell]! > 0 && heightM[cell]! + spec.zMinM >= zM - 1e-4 && zM >= spec.zMinM,
      )
      expect(landed.length / onTable.length).toBeGreaterThanOrEqual(0.9)
    })

    test('cells hit by table pixels only have a median within 3 mm of 0, and 95 % within 8 mm', async () => {
      const { heightM, points } = await look()
      const others = new Set(points.filter(({ label }) => label !== table).map(({ cell }) => cell))
      const cells = [...new Set(points.map(({ cell }) => cell))].filter((cell) => !others.has(cell))
      const heights = cells.map((cell) => heightM[cell]! + spec.zMinM)
      expect(heights.length).toBeGreaterThan(5000)
      expect(Math.abs(median(heights))).toBeLessThanOrEqual(0.003)
      const near = heights.filter((height) => Math.abs(height) <= 0.008)
      expect(near.length / heights.length).toBeGreaterThanOrEqual(0.95)
    })

    test('the cells of every object have a median above 15 mm', async () => {
      const { frame, labels } = await look()
      const { heightM, labels: cellLabels } = await labelled(frame, labels)
      const found = new Map<number, number[]>()
      for (const [cell, label] of cellLabels.entries()) {
        if (label === table || label === noDepth) continue
        found.set(label, [...(found.get(label) ?? []), heightM[cell]! + spec.zMinM])
      }
      const { objects } = JSON.parse(readFileSync(join(folder, name, 'camera.json'), 'utf8'))
      expect([...found.keys()].sort()).toEqual(Array.from({ length: objects }, (_, i) => i + 1))
      for (const [label, heights] of found) {
        expect({ label, isAbove: median(heights) > objectM, cells: heights.length }).toMatchObject({ isAbove: true })
      }
    })
  })
})

interface Point {
  readonly cell: number
  readonly zM: number
  readonly label: number
}

/** Every pixel with depth that lies above or below the workspace's area, computed here and in double precision. */
function pointsOf({ depthM, intrinsics, T_base_camera: T }: RgbdFrame, labels: Uint8Array): Point[] {
  const { width, fx, fy, cx, cy } = intrinsics
  return Array.from(depthM.keys()).flatMap((i) => {
    const z = depthM[i]!
    if (z === 0 || labels[i] === noDepth) return []
    const [x, y] = [(((i % width) - cx) / fx) * z, ((Math.floor(i / width) - cy) / fy) * z]
    const at = (row: number) => T[4 * row]! * x + T[4 * row + 1]! * y + T[4 * row + 2]! * z + T[4 * row + 3]!
    const [col, row] = [Math.floor((at(0) - spec.xMinM) / spec.pixelM), Math.floor((at(1) - spec.yMinM) / spec.pixelM)]
    const isInside = col >= 0 && col < cols && row >= 0 && row < rows
    return isInside ? [{ cell: row * cols + col, zM: at(2), label: labels[i]! }] : []
  })
}

/** The map with the label of each cell's highest point. */
async function labelled({ intrinsics, T_base_camera, color, depthM }: RgbdFrame, labels: Uint8Array) {
  const cells = rows * cols
  const output = { heightM: new Float32Array(cells), color: new Uint8Array(3 * cells), labels: new Uint8Array(cells) }
  await projectHeightmap([{ ...intrinsics, T_base_camera, color, depthM, labels }], spec, output)
  return output
}

async function readLabels(path: string): Promise<Uint8Array> {
  return new Uint8Array(await sharp(path).extractChannel(0).raw({ depth: 'uchar' }).toBuffer())
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[sorted.length >> 1]!
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

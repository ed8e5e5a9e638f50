// Depth that is projected as the sensor has it, against depth that the library first aligned to colour.

import { type CameraFrame, type CameraOptions, openCamera } from '@cliport/realsense'
import { SoftwareCamera } from '@cliport/realsense/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { inverse, multiply } from '../../src/control/geometry.js'
import type { Heightmap, HeightmapSpec, Mat4, RgbdFrame } from '../../src/control/types.js'
import { openRealSense } from '../../src/io/cameras/realsense.js'
import { createProjector } from '../../src/io/projector.js'
import { periodMs, useLibrary } from '../fixtures/realsense.js'
import { depthUnitsM, rawDepthOf, sceneFrames } from '../fixtures/scene.js'

const skip = useLibrary('2.59.1')
const spec: HeightmapSpec = {
  xMinM: 0.25,
  xMaxM: 0.75,
  yMinM: -0.5,
  yMaxM: 0.5,
  zMinM: -0.01,
  zMaxM: 0.28,
  pixelM: 0.003125,
}
/**
 * A D435's distance between its sensors. They look in the same direction: the library's alignment keeps the depth camera's
 * z, so that it is exact only then.
 */
const T_color_depth = Float64Array.of(1, 0, 0, 0.015, 0, 1, 0, 0.0005, 0, 0, 1, 0, 0, 0, 0, 1)
/**
 * Alignment moves points by up to half a pixel of each picture. With these it stays below a cell, so that what is compared
 * is the method and not its rounding.
 */
const [width, height] = [1280, 960]
const colorView = { width, height, fx: 900, fy: 900, cx: 644, cy: 476 }

describe.skipIf(skip !== undefined)('direct projection of depth that is not aligned', () => {
  let scene: RgbdFrame
  let direct: Heightmap
  let aligned: Heightmap

  beforeAll(async () => {
    scene = (await sceneFrames(3, 'put the red blocks in a green bowl'))[0]!
    const software = new SoftwareCamera({
      serial: 'DIRECT',
      depth: scene.intrinsics,
      color: colorView,
      depthUnitsM,
      T_color_depth,
    })
    const depth = rawDepthOf(scene)
    const color = ramp()
    const feed = setInterval(
      () => software.inject({ number: ++number, timestampMs: number * periodMs, depth, color }),
      30,
    )
    let number = 0
    try {
      const port = await openRealSense([
        { name: 'one', serial: 'DIRECT', T_base_camera: scene.T_base_camera, colorWidth: width, colorHeight: height },
      ])
      const frames = await port.capture()
      await port.close()
      direct = await createProjector().project(frames, spec)
      const frame = await oneFrame({ serial: 'DIRECT', align: 'color', depthAs: 'metres' })
      aligned = await createProjector().project([alignedFrame(frame, scene.T_base_camera)], spec)
    } finally {
      clearInterval(feed)
      software.unplug()
    }
  })

  test('both see most of the workspace, with things on it', () => {
    for (const { heightM } of [direct, aligned]) {
      expect(heightM.filter((value) => value > 0).length / heightM.length).toBeGreaterThan(0.8)
      expect(heightM.filter((value) => value > 0.03).length).toBeGreaterThan(500)
    }
  })

  // The library's alignment hides what another point covers in the colour picture: at the outline of a thing, a cell
  // that one stray pixel fills can be missing in either map. Such cells are few, and at outlines only.
  const mostAtOutlines = 1 / 5000

  test('every aligned cell is found within one cell in the direct map, at its height', () => {
    const found = strays(aligned, direct)
    expect(found.filter((cell) => !isOutline(aligned, cell)).map((cell) => words(aligned, cell))).toEqual([])
    expect(found.length / cells(aligned).length).toBeLessThan(mostAtOutlines)
  })

  test('every direct cell that the colour camera sees is found within one cell in the aligned map', () => {
    const found = strays(direct, aligned).filter(isSeen)
    expect(found.filter((cell) => !isOutline(direct, cell)).map((cell) => words(direct, cell))).toEqual([])
    expect(found.length / cells(direct).length).toBeLessThan(mostAtOutlines)
  })

  test('a cell has the colour that its point has in the aligned picture, within one cell', () => {
    const wrong = cells(direct)
      .filter((cell) => isSeen(cell) && !isOutline(direct, cell))
      .filter((cell) => {
        const near = neighbours(aligned, cell).filter((other) => aligned.heightM[other]! > 0)
        return [0, 1].some((channel) => {
          const values = near.map((other) => aligned.color[3 * other + channel]!)
          const value = direct.color[3 * cell + channel]!
          return value < Math.min(...values) - 1 || value > Math.max(...values) + 1
        })
      })
    expect(wrong.map((cell) => words(direct, cell))).toEqual([])
  })

  /** Whether the cell's colour says that it was seen, and not at the very border of the colour picture. */
  function isSeen(cell: number): boolean {
    const [red, green, blue] = direct.color.subarray(3 * cell, 3 * cell + 3) as unknown as [number, number, number]
    return blue > 0 && [red, green].every((value) => value > 1 && value < 253)
  }
})

/** Colour that says where it is: red grows with the column, green with the row, blue marks that there is colour. */
function ramp(): Uint8Array {
  const color = new Uint8Array(width * height * 3)
  for (let i = 0; i < width * height; i++) {
    color[3 * i] = ((i % width) * 255) / width
    color[3 * i + 1] = (Math.floor(i / width) * 255) / height
    color[3 * i + 2] = 200
  }
  return color
}

async function oneFrame(options: CameraOptions): Promise<CameraFrame> {
  await using camera = await openCamera(options)
  return (await camera.next())!.copy()
}

/** Depth and colour both in the colour camera's view. */
function alignedFrame({ depth, color }: CameraFrame, T_base_depth: Mat4): RgbdFrame {
  const { width, height, fx, fy, cx, cy } = depth!.intrinsics
  return {
    camera: 'aligned',
    intrinsics: { width, height, fx, fy, cx, cy },
    T_base_camera: multiply(T_base_depth, inverse(T_color_depth)),
    color: color!.data as Uint8Array,
    depthM: depth!.data as Float32Array,
    stampNs: 0n,
  }
}

function cells({ heightM }: Heightmap): number[] {
  return Array.from(heightM.keys()).filter((cell) => heightM[cell]! > 0)
}

/** The cell and the eight around it. */
function neighbours({ rows, cols }: Heightmap, cell: number): number[] {
  const [row, col] = [Math.floor(cell / cols), cell % cols]
  return [-1, 0, 1].flatMap((dr) =>
    [-1, 0, 1].flatMap((dc) => {
      const [r, k] = [row + dr, col + dc]
      return r >= 0 && r < rows && k >= 0 && k < cols ? [r * cols + k] : []
    }),
  )
}

/**
 * Cells of `a` that are not between the lowest and the highest of the cells round them in `b`, to one cell's size. On a
 * surface that is its height; on the side of a block, of which one pixel in the cell shows some height, its whole side.
 */
function strays(a: Heightmap, b: Heightmap): number[] {
  return cells(a).filter((cell) => {
    const near = neighbours(b, cell).flatMap((other) => (b.heightM[other]! > 0 ? [b.heightM[other]!] : []))
    const heightM = a.heightM[cell]!
    return !(heightM >= Math.min(...near) - spec.pixelM && heightM <= Math.max(...near) + spec.pixelM)
  })
}

/** Whether heights round the cell differ by more than two cells' size. */
function isOutline(map: Heightmap, cell: number): boolean {
  const heights = neighbours(map, cell).map((other) => map.heightM[other]!)
  return Math.max(...heights) - Math.min(...heights) > 2 * spec.pixelM
}

function words({ heightM, cols }: Heightmap, cell: number): string {
  return `row ${Math.floor(cell / cols)}, column ${cell % cols}: ${heightM[cell]!.toFixed(4)} m`
}

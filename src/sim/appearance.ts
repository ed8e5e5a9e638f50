// What the cell looks like: as published, or different for every scene, for training.

import type { RenderLight, SensorNoise } from '../native/raster.js'
import { type CellCamera, publishedCameras, randomCameras } from './cameras.js'
import type { Rgb } from './mesh.js'
import type { PlacedObject } from './objects.js'
import { random } from './random.js'

export interface Appearance {
  readonly cameras: readonly CellCamera[]
  readonly light: RenderLight
  readonly background: readonly [number, number, number]
  /** The area in front of the arm, and the table round it. */
  readonly mat: Rgb
  readonly table: Rgb
  readonly objects: readonly PlacedObject[]
}

/**
 * The light comes from the front: the parked arm's shadow falls behind the workspace, so that frames taken then show
 * nothing of it. Two thirds of the light is ambient, as in the published renderer.
 */
export function publishedAppearance(objects: readonly PlacedObject[]): Appearance {
  return {
    cameras: publishedCameras,
    light: { direction: [0.55, 0.2, 1], ambient: 0.62, shadows: true },
    background: [0.78, 0.8, 0.83],
    mat: [0.2, 0.2, 0.2],
    table: [0.27, 0.26, 0.25],
    objects,
  }
}

/** Light, colours, table and cameras (`randomCameras`) drawn from the seed; a third of the tables are light. */
export function randomizedAppearance(
  objects: readonly PlacedObject[],
  seed: number,
  camerasAllRound = false,
): Appearance {
  const look = random(seed, 'appearance')
  const azimuth = look.uniform(-Math.PI, Math.PI)
  const elevation = look.uniform(0.7, 1.5)
  const brightness = look.next() < 2 / 3 ? look.uniform(0.08, 0.35) : look.uniform(0.5, 0.92)
  const mat = tinted([brightness, brightness, brightness], look.normal, 0.03)
  const tints = random(seed, 'object-colors')
  return {
    cameras: randomCameras(random(seed, 'cameras'), camerasAllRound),
    light: {
      direction: [
        Math.cos(elevation) * Math.cos(azimuth),
        Math.cos(elevation) * Math.sin(azimuth),
        Math.sin(elevation),
      ],
      ambient: look.uniform(0.4, 0.8),
      shadows: true,
    },
    background: [0.78, 0.8, 0.83],
    mat,
    table: tinted(mat, look.normal, 0.05),
    objects: objects.map((object) => ({ ...object, rgb: tinted(object.rgb, tints.normal, 0.045) })),
  }
}

function tinted([r, g, b]: Rgb, normal: () => number, sigma: number): Rgb {
  const shift = (channel: number) => Math.min(1, Math.max(0, channel + normal() * sigma))
  return [shift(r), shift(g), shift(b)]
}

/**
 * Figures of a stereo depth camera at half a metre to two: 2 mm at 1 m and growing with the square (Intel RealSense
 * D400 tuning guide: sub-pixel error 0.08 px, 50 mm baseline), shadows beside edges, and small blobs without texture.
 */
export const realSensor: SensorNoise = {
  depthSigmaM: 0.002,
  colorSigma: 2.5,
  edgeHoleProbability: 0.5,
  blobHoleProbability: 0.00004,
}

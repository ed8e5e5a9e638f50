// Pictures for people: PNG, WebP and animations through sharp, off the main thread, and the colours of heights and
// affordances. Maps are shown transposed: y to the right, x down. That is the true view from above as the front camera
// has it, the arm at the top; the heightmap as stored (x to the right, y down) is its mirror image.

import type { Sharp } from 'sharp'

let library: Promise<typeof import('sharp').default> | undefined

/** Loaded with the first picture: 0.1 s that no motion has to wait for. */
function loadSharp(): Promise<typeof import('sharp').default> {
  library ??= import('sharp').then(({ default: sharp }) => {
    // One thread a picture: the cores belong to the cycle. No picture is made twice, so none is kept.
    sharp.concurrency(1)
    sharp.cache(false)
    return sharp
  })
  return library
}

/** RGB8, width x height x 3, row-major. */
export interface Picture {
  readonly rgb: Uint8Array
  readonly width: number
  readonly height: number
}

/** RGBA8, width x height x 4, row-major; lies over another picture. */
export interface Layer {
  readonly rgba: Uint8Array
  readonly width: number
  readonly height: number
}

type Color = readonly [r: number, g: number, b: number]

/** Perceptually even ramps by their support points at equal distances (viridis and inferno of matplotlib, CC0). */
const heightRamp: readonly Color[] = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
]
const heatRamp: readonly Color[] = [
  [0, 0, 4],
  [31, 12, 72],
  [85, 15, 109],
  [136, 34, 106],
  [186, 54, 85],
  [227, 89, 51],
  [249, 140, 10],
  [249, 201, 50],
  [252, 255, 164],
]

/** A ramp's support points as CSS colours, for a legend. */
export const rampCss = { height: cssOf(heightRamp), heat: cssOf(heatRamp) } as const

/** PNG: lossless, for maps. */
export async function encodePng(picture: Picture): Promise<Buffer> {
  return (await raw(picture)).png({ compressionLevel: 6 }).toBuffer()
}

/** WebP: small, for camera pictures. @param widthPx scales it down to at most this width */
export async function encodeWebp(picture: Picture, { quality = 82, widthPx = picture.width } = {}): Promise<Buffer> {
  const image = await raw(picture)
  const resized = widthPx < picture.width ? image.resize({ width: widthPx }) : image
  return resized.webp({ quality, effort: 2 }).toBuffer()
}

/** WebP without loss: for what is data or lies over another picture. */
export async function encodeLayer({ rgba, width, height }: Layer): Promise<Buffer> {
  const sharp = await loadSharp()
  return sharp(rgba, { raw: { width, height, channels: 4 } })
    .webp({ lossless: true, effort: 0 })
    .toBuffer()
}

/**
 * An animated WebP that repeats for ever.
 * @param frames  encoded pictures of one size
 * @param delaysMs how long each is shown
 */
export async function encodeAnimation(frames: readonly Buffer[], delaysMs: readonly number[]): Promise<Buffer> {
  const sharp = await loadSharp()
  const options = { loop: 0, delay: delaysMs.map(Math.round), quality: 70, effort: 1 }
  if (frames.length === 1) return sharp(frames[0]).webp({ quality: 70 }).toBuffer()
  return sharp([...frames], { join: { animated: true } })
    .webp(options)
    .toBuffer()
}

/** A map of numbers or colours with `channels` values a cell, rows x cols, so that y runs to the right and x down. */
export function transpose<T extends Uint8Array | Float32Array>(map: T, rows: number, cols: number, channels = 1): T {
  const turned = map.slice() as T
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const from = (row * cols + col) * channels
      const to = (col * rows + row) * channels
      for (let c = 0; c < channels; c++) turned[to + c] = map[from + c]!
    }
  }
  return turned
}

/** Colours as a picture seen from above. @param color RGB8, rows x cols x 3 */
export function topView(color: Uint8Array, rows: number, cols: number): Picture {
  return { rgb: transpose(color, rows, cols, 3), width: rows, height: cols }
}

/** Heights as colours, seen from above. @param topM height of the brightest colour, metres */
export function heightView(heightM: Float32Array, rows: number, cols: number, topM: number): Picture {
  const rgb = new Uint8Array(rows * cols * 3)
  for (let cell = 0; cell < heightM.length; cell++) {
    const at = levelOf(heightM[cell]! / topM)
    for (let c = 0; c < 3; c++) rgb[cell * 3 + c] = heightLevels[at + c]!
  }
  return topView(rgb, rows, cols)
}

/**
 * An affordance over the dimmed scene, seen from above. The square root shows what lies beside the best place too.
 * @param map 0..1, rows x cols
 */
export function affordanceView(color: Uint8Array, map: Float32Array, rows: number, cols: number): Picture {
  const rgb = new Uint8Array(rows * cols * 3)
  for (let cell = 0; cell < map.length; cell++) {
    const strength = Math.sqrt(clamp01(map[cell]!))
    const heat = levelOf(0.25 + 0.75 * strength)
    const grey = 0.3 * color[cell * 3]! + 0.59 * color[cell * 3 + 1]! + 0.11 * color[cell * 3 + 2]!
    for (let c = 0; c < 3; c++) {
      const dimmed = 0.25 * color[cell * 3 + c]! + 0.3 * grey
      rgb[cell * 3 + c] = Math.round(dimmed * (1 - strength) + heatLevels[heat + c]! * strength)
    }
  }
  return topView(rgb, rows, cols)
}

/** One colour of an affordance, the stronger the less transparent, to lie over a picture seen from above. @param map 0..1, rows x cols */
export function affordanceLayer(map: Float32Array, rows: number, cols: number, kind: 'pick' | 'place'): Layer {
  const [r, g, b] = layerColors[kind]
  const rgba = new Uint8Array(rows * cols * 4)
  for (let cell = 0; cell < map.length; cell++) {
    // The square root shows what lies beside the best place too.
    const alpha = Math.round(235 * Math.sqrt(clamp01(map[cell]!)))
    if (alpha < faintestAlpha) continue
    rgba.set([r, g, b, alpha], cell * 4)
  }
  return { rgba: transpose(rgba, rows, cols, 4), width: rows, height: cols }
}

/** Heights as grey levels of one millimetre from 0, the lowest of the map, to 255, seen from above. @param heightM above z_min */
export function elevationView(heightM: Float32Array, rows: number, cols: number): Layer {
  const rgba = new Uint8Array(rows * cols * 4)
  for (let cell = 0; cell < heightM.length; cell++) {
    const level = Math.min(255, Math.max(0, Math.round(heightM[cell]! * 1000) || 0))
    rgba.set([level, level, level, 255], cell * 4)
  }
  return { rgba: transpose(rgba, rows, cols, 4), width: rows, height: cols }
}

/** Fainter than this nobody sees it; it would only cost bytes. */
const faintestAlpha = 6
/** The page's colours of pick and place. */
const layerColors = { pick: [255, 122, 26], place: [40, 168, 255] } as const

/** A height for the top of the colours: near the highest thing, never so low that noise looks like a landscape. */
export function heightTopM(heightM: Float32Array): number {
  const leastM = 0.06
  const aboveLeast = heightM.filter((height) => height > leastM && height < Number.POSITIVE_INFINITY).sort()
  // A few stray points above everything do not darken the rest.
  const strays = Math.floor(heightM.length * 0.002)
  return aboveLeast.at(-1 - strays) ?? leastM
}

const levels = 256
const heightLevels = levelsOf(heightRamp)
const heatLevels = levelsOf(heatRamp)

/** A ramp as a table of 256 colours. */
function levelsOf(ramp: readonly Color[]): Uint8Array {
  const table = new Uint8Array(levels * 3)
  for (let level = 0; level < levels; level++) {
    const at = (level / (levels - 1)) * (ramp.length - 1)
    const low = Math.min(Math.floor(at), ramp.length - 2)
    for (let c = 0; c < 3; c++) {
      table[level * 3 + c] = Math.round(ramp[low]![c]! + (ramp[low + 1]![c]! - ramp[low]![c]!) * (at - low))
    }
  }
  return table
}

/** Where a value of 0..1 is in such a table. */
function levelOf(value: number): number {
  return Math.round(clamp01(value) * (levels - 1)) * 3
}

/** NaN counts as nothing. */
function clamp01(value: number): number {
  return value > 0 ? Math.min(value, 1) : 0
}

async function raw({ rgb, width, height }: Picture): Promise<Sharp> {
  const sharp = await loadSharp()
  return sharp(rgb, { raw: { width, height, channels: 3 } })
}

function cssOf(ramp: readonly Color[]): string {
  return ramp.map((color) => `rgb(${color.join(' ')})`).join(', ')
}

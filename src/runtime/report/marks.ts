// Where a policy would pick and place, drawn on the heightmap and on the cameras' pictures.

import sharp, { type Sharp } from 'sharp'
import { colorIntrinsicsOf, pixelInFrame } from '../../control/frame.js'
import type { SceneObject } from '../../control/goal/types.js'
import type { Affordance, Heightmap, Proposal, RgbdFrame } from '../../control/types.js'
import { encodePng, type Picture, topView } from '../../io/pictures.js'

type Poses = Pick<Proposal, 'pick' | 'place'>

/** A picture seen from above (src/io/pictures.ts), each cell `scale` pixels wide, with both marks. @returns PNG */
export async function markedMap(picture: Picture, { pick, place }: Poses, scale: number): Promise<Buffer> {
  const [width, height] = [picture.width * scale, picture.height * scale]
  // Seen from above: y runs to the right and x down.
  const at = ({ pixel: [u, v] }: Affordance): Point => [(u + 0.5) * scale, (v + 0.5) * scale]
  return drawn(
    sharp(await encodePng(picture)).resize(width, height, { kernel: 'nearest' }),
    marksSvg(width, height, at(pick), at(place)),
  )
}

/** A camera's picture with whichever marks it sees. @returns PNG */
export async function markedFrame(frame: RgbdFrame, { pick, place }: Poses): Promise<Buffer> {
  const { width, height } = colorIntrinsicsOf(frame)
  const picture = { rgb: frame.color, width, height }
  const svg = marksSvg(width, height, pixelInFrame(frame, pick.p_base_m), pixelInFrame(frame, place.p_base_m))
  return drawn(sharp(await encodePng(picture)), svg)
}

/** The map seen from above with a frame round each of these things. @returns PNG */
export async function markedObjects(
  { color, rows, cols, spec }: Heightmap,
  objects: readonly SceneObject[],
): Promise<Buffer> {
  const scale = 3
  const frames = objects.map(({ pixel: [u, v], sizeM: [x, y] }) => {
    const [halfU, halfV] = [y / spec.pixelM / 2 + 4, x / spec.pixelM / 2 + 4]
    const [left, top] = [(u - halfU) * scale, (v - halfV) * scale]
    return `<rect x="${left}" y="${top}" width="${2 * halfU * scale}" height="${2 * halfV * scale}" rx="8"/>`
  })
  const shapes = frames.join('')
  const [width, height] = [rows * scale, cols * scale]
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><g fill="none" stroke="#111" stroke-width="7">${shapes}</g><g fill="none" stroke="#ffe14d" stroke-width="3">${shapes}</g></svg>`
  return drawn(sharp(await encodePng(topView(color, rows, cols))).resize(width, height, { kernel: 'nearest' }), svg)
}

function drawn(plain: Sharp, svg: string): Promise<Buffer> {
  return plain
    .composite([{ input: Buffer.from(svg) }])
    .png()
    .toBuffer()
}

type Point = readonly [x: number, y: number]

/** Cross-hair where it would pick, ring where it would place, a line between them; dark and light, so that both show. */
function marksSvg(width: number, height: number, pick: Point | null, place: Point | null): string {
  const shapes: string[] = []
  if (pick !== null && place !== null) {
    shapes.push(`<line x1="${pick[0]}" y1="${pick[1]}" x2="${place[0]}" y2="${place[1]}" stroke-dasharray="7 6"/>`)
  }
  if (pick !== null) {
    const [x, y] = pick
    shapes.push(
      `<circle cx="${x}" cy="${y}" r="12"/><path d="M${x - 20} ${y}h14M${x + 6} ${y}h14M${x} ${y - 20}v14M${x} ${y + 6}v14"/>`,
    )
  }
  if (place !== null) {
    const [x, y] = place
    shapes.push(`<circle cx="${x}" cy="${y}" r="16"/><circle cx="${x}" cy="${y}" r="3"/>`)
  }
  const label = (text: string, at: Point | null) =>
    at === null
      ? ''
      : `<text x="${Math.min(at[0] + 20, width - 60)}" y="${Math.max(20, at[1] - 16)}" font-family="sans-serif" font-size="18" fill="#fff" stroke="#111" stroke-width="4" paint-order="stroke">${text}</text>`
  const drawn = shapes.join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><g fill="none" stroke="#111" stroke-width="6">${drawn}</g><g fill="none" stroke="#ffe14d" stroke-width="2.5">${drawn}</g>${label('pick', pick)}${label('place', place)}</svg>`
}

// What the policy proposed, drawn over a view from above (y to the right, x down; src/io/pictures.ts).

import type { Affordance, Heightmap, Proposal } from '../../control/types.js'
import { metres, percent, px } from './format.js'
import { type Markup, markup } from './markup.js'

/** Which marks to draw. */
export interface MarksShown {
  readonly pick: boolean
  readonly place: boolean
}

/** An SVG that lies exactly over the picture; one unit is one cell. */
export function sceneMarks(
  { rows, cols }: Pick<Heightmap, 'rows' | 'cols'>,
  { pick, place }: Proposal,
  shown: MarksShown,
): Markup {
  return markup`<svg class="marks" viewBox="0 0 ${rows} ${cols}" aria-hidden="true">
    ${shown.pick && shown.place && arrow(at(pick), at(place))}
    ${shown.place && placeMark(place, pick.yawRad)}
    ${shown.pick && pickMark(pick)}
  </svg>`
}

interface Point {
  readonly x: number
  readonly y: number
}

function at({ pixel: [u, v] }: Affordance): Point {
  return { x: u + 0.5, y: v + 0.5 }
}

/** Cross-hair with a gap, so that what is picked stays visible. */
function pickMark(pick: Affordance): Markup {
  const { x, y } = at(pick)
  const hair = [0, 90, 180, 270].map((turn) => markup`<path d="M5 0H11" transform="rotate(${turn})"/>`)
  return markup`<g class="mark pick" transform="translate(${px(x)} ${px(y)})"><title>pick at x, y = ${metres(
    pick.p_base_m[0],
    pick.p_base_m[1],
  )} m, ${percent(pick.probability)}</title><g class="halo"><circle r="6.5"/>${hair}</g><circle r="6.5"/>${hair}</g>`
}

/** A ring with a tick where the object's own x axis points: yaw turns it counter-clockwise on the picture too. */
function placeMark(place: Affordance, pickYawRad: number): Markup {
  const { x, y } = at(place)
  const yawRad = pickYawRad + place.yawRad
  const tick = markup`<path d="M${px(7 * Math.sin(yawRad))} ${px(7 * Math.cos(yawRad))}L${px(13 * Math.sin(yawRad))} ${px(
    13 * Math.cos(yawRad),
  )}"/>`
  return markup`<g class="mark place" transform="translate(${px(x)} ${px(y)})"><title>place at x, y = ${metres(
    place.p_base_m[0],
    place.p_base_m[1],
  )} m, turned by ${Math.round((place.yawRad * 180) / Math.PI)}°, ${percent(place.probability)}</title><g class="halo"><circle r="7"/>${tick}</g><circle r="7"/><circle class="dot" r="1.6"/>${tick}</g>`
}

/** A bow from rim to rim with a head; bent so that it hides little of what lies between. */
function arrow(from: Point, to: Point): Markup | null {
  const dx = to.x - from.x
  const dy = to.y - from.y
  const length = Math.hypot(dx, dy)
  if (length < 22) return null
  const bend = Math.min(18, length * 0.16)
  const side = dx > 0 ? 1 : -1
  const control = {
    x: from.x + dx / 2 + (side * bend * 2 * dy) / length,
    y: from.y + dy / 2 - (side * bend * 2 * dx) / length,
  }
  const start = towards(from, control, 8.5)
  const end = towards(to, control, 11)
  const angle = (Math.atan2(to.y - control.y, to.x - control.x) * 180) / Math.PI
  const curve = markup`<path d="M${px(start.x)} ${px(start.y)}Q${px(control.x)} ${px(control.y)} ${px(end.x)} ${px(end.y)}"/>`
  const head = markup`<path class="head" d="M3 0L-4 -3.6L-2.4 0L-4 3.6Z" transform="translate(${px(end.x)} ${px(end.y)}) rotate(${px(angle)})"/>`
  return markup`<g class="mark way"><g class="halo">${curve}</g>${curve}${head}</g>`
}

function towards(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1
  return { x: from.x + ((to.x - from.x) / length) * distance, y: from.y + ((to.y - from.y) / length) * distance }
}

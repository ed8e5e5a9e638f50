// The plans of a step as a profile: how high the tool is along its way over the table, and what lies below it.

import { pixelContaining, pointOf } from '../../control/geometry.js'
import {
  type Execution,
  type Heightmap,
  isMotion,
  type MotionSegment,
  type Plan,
  type Vec3,
} from '../../control/types.js'
import { px } from './format.js'
import { type Markup, markup } from './markup.js'

const width = 720
const height = 200
const margin = { left: 46, right: 12, top: 12, bottom: 30 }

interface Stop {
  readonly plan: Plan['name']
  readonly kind: MotionSegment['kind']
  readonly p_base_m: Vec3
  /** What the end effector does at this stop. */
  readonly grip?: 'grasp' | 'release'
  /** Way over the table up to here, metres. */
  readonly wayM: number
}

/** A refused plan may lead anywhere; beyond this it is no way over a table, and nothing that could be drawn. */
const farthestM = 20

/** Null when there is no plan with a way to draw. */
export function planProfile(
  plans: readonly Plan[],
  executions: readonly Execution[],
  heightmap: Heightmap,
): Markup | null {
  const stops = stopsOf(plans, executions)
  const isDrawable = stops.every(({ p_base_m }) => p_base_m.every((m) => Math.abs(m) < farthestM))
  if (stops.length < 2 || !isDrawable) return null
  const wayM = Math.max(stops.at(-1)!.wayM, 0.05)
  const ground = groundUnder(stops, heightmap)
  const lowM = Math.min(0, ...stops.map((stop) => stop.p_base_m[2]))
  const highM = Math.max(0.1, ...stops.map((stop) => stop.p_base_m[2]), ...ground.map((g) => g.zM)) * 1.08
  const x = (m: number) => margin.left + (m / wayM) * (width - margin.left - margin.right)
  const y = (m: number) =>
    height - margin.bottom - ((m - lowM) / (highM - lowM)) * (height - margin.top - margin.bottom)

  const tableY = px(y(0))
  const area = ground.map(({ wayM, zM }) => `L${px(x(wayM))} ${px(y(zM))}`).join('')
  const legs = stops.slice(1).map((stop, i) => {
    const from = stops[i]!
    const line = `M${px(x(from.wayM))} ${px(y(from.p_base_m[2]))}L${px(x(stop.wayM))} ${px(y(stop.p_base_m[2]))}`
    return markup`<path class="leg ${stop.plan} ${stop.kind}" d="${line}"/>`
  })
  const dots = stops.map(
    (stop) =>
      markup`<circle class="stop ${stop.plan}" cx="${px(x(stop.wayM))}" cy="${px(y(stop.p_base_m[2]))}" r="2.6"><title>${stop.plan}: ${
        stop.kind
      } to ${stop.p_base_m.map((m) => m.toFixed(3)).join(', ')} m</title></circle>`,
  )
  const grips = stops
    .filter((stop) => stop.grip !== undefined)
    .map((stop) => {
      const [cx, cy] = [x(stop.wayM), y(stop.p_base_m[2])]
      const left = cx > width - 110
      return markup`<circle class="grip ${stop.grip}" cx="${px(cx)}" cy="${px(cy)}" r="6"/><text class="label" x="${px(
        cx + (left ? -11 : 11),
      )}" y="${px(cy - 5)}" text-anchor="${left ? 'end' : 'start'}">${stop.grip}</text>`
    })
  return markup`<svg class="profile" viewBox="0 0 ${width} ${height}" role="img" aria-label="Height of the tool along its way: ${stops.length} stops over ${wayM.toFixed(2)} metres">
    ${ticks(lowM, highM, 4).map(
      (m) =>
        markup`<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${px(y(m))}" y2="${px(y(m))}"/><text class="tick" x="${margin.left - 8}" y="${px(y(m) + 4)}" text-anchor="end">${Math.round(m * 100)}</text>`,
    )}
    ${ticks(0, wayM, 8).map((m) => markup`<text class="tick" x="${px(x(m))}" y="${height - 10}" text-anchor="middle">${Math.round(m * 100)}</text>`)}
    <text class="tick" x="4" y="${height - 10}">cm</text>
    <path class="ground" d="M${px(x(0))} ${tableY}${area}L${px(x(wayM))} ${tableY}Z"/>
    <line class="table" x1="${margin.left}" x2="${width - margin.right}" y1="${tableY}" y2="${tableY}"/>
    ${legs}${dots}${grips}
  </svg>`
}

/** A descent that met something ended there, not at the planned depth. */
function stopsOf(plans: readonly Plan[], executions: readonly Execution[]): Stop[] {
  const stops: Stop[] = []
  let wayM = 0
  plans.forEach((plan, p) => {
    plan.segments.forEach((segment, s) => {
      const last = stops.at(-1)
      if (!isMotion(segment)) {
        if (last !== undefined) stops[stops.length - 1] = { ...last, grip: segment.kind }
        return
      }
      const reached = executions[p]?.segments[s]
      const p_base_m = segment.kind === 'descend' && reached?.contact ? reached.p_base_m : segment.p_base_m
      if (last !== undefined) wayM += Math.hypot(p_base_m[0] - last.p_base_m[0], p_base_m[1] - last.p_base_m[1])
      stops.push({ plan: plan.name, kind: segment.kind, p_base_m, wayM })
    })
  })
  return stops
}

/** Height of the surface along the way, sampled every cell and a half. */
function groundUnder(stops: readonly Stop[], heightmap: Heightmap): { wayM: number; zM: number }[] {
  return stops.slice(1).flatMap((stop, i) => {
    const from = stops[i]!
    const samples = Math.max(1, Math.ceil((stop.wayM - from.wayM) / (1.5 * heightmap.spec.pixelM)))
    return Array.from({ length: samples + 1 }, (_, k) => {
      const t = k / samples
      const xM = from.p_base_m[0] + (stop.p_base_m[0] - from.p_base_m[0]) * t
      const yM = from.p_base_m[1] + (stop.p_base_m[1] - from.p_base_m[1]) * t
      const pixel = pixelContaining(heightmap, xM, yM)
      const zM = pixel === null ? 0 : pointOf(heightmap, pixel)[2]
      return { wayM: from.wayM + (stop.wayM - from.wayM) * t, zM: Number.isFinite(zM) ? zM : 0 }
    })
  })
}

/** Round values between low and high, about `count` of them. */
function ticks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough)!
  return Array.from({ length: Math.floor(high / step + 1e-9) + 1 }, (_, k) => k * step)
}

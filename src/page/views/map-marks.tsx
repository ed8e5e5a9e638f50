// Pick, place and the way between them on the map.

import { proposed, size } from '../map-view.js'
import { takeover } from '../takeover.js'

interface Mark {
  readonly pixel: readonly [number, number]
  readonly yawRad: number
}

/** Middle of a cell in the picture: u to the right, v down. */
const at = ([u, v]: readonly [number, number]) => [u + 0.5, v + 0.5] as const

export function MapMarks() {
  const { width, height } = size.value
  const { pick, place } = marks()
  return (
    <svg class="marks" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {pick !== null && place !== null && <Way from={at(pick.pixel)} to={at(place.pixel)} />}
      {pick !== null && <Pick {...pick} />}
      {place !== null && <Place {...place} />}
    </svg>
  )
}

function marks(): { readonly pick: Mark | null; readonly place: Mark | null } {
  const hand = takeover.value
  if (hand !== null) {
    const pickRad = (hand.pickYawDeg * Math.PI) / 180
    const placeRad = pickRad + (hand.placeYawDeg * Math.PI) / 180
    return {
      pick: hand.pick && { pixel: hand.pick, yawRad: pickRad },
      place: hand.place && { pixel: hand.place, yawRad: placeRad },
    }
  }
  if (proposed.value === null) return { pick: null, place: null }
  const { pick, place } = proposed.value
  return {
    pick: { pixel: pick.pixel, yawRad: pick.yaw_rad },
    place: place && { pixel: place.pixel, yawRad: pick.yaw_rad + place.yaw_rad },
  }
}

/** Yaw 0 is along +x of the base, which is down in the picture; positive is counter-clockwise. */
const along = (yawRad: number, length: number) => [Math.sin(yawRad) * length, Math.cos(yawRad) * length] as const

function Pick({ pixel, yawRad }: Mark) {
  const [x, y] = at(pixel)
  const [dx, dy] = along(yawRad, 11)
  return (
    <g class="mark pick">
      {['halo', 'line'].map((kind) => (
        <g class={kind} key={kind}>
          <circle cx={x} cy={y} r="5.5" />
          <path
            d={`M${x - dx} ${y - dy}L${x - dx / 2} ${y - dy / 2}M${x + dx / 2} ${y + dy / 2}L${x + dx} ${y + dy}`}
          />
        </g>
      ))}
      <circle class="dot" cx={x} cy={y} r="1.1" />
    </g>
  )
}

function Place({ pixel, yawRad }: Mark) {
  const [x, y] = at(pixel)
  const [dx, dy] = along(yawRad, 12.5)
  return (
    <g class="mark place">
      {['halo', 'line'].map((kind) => (
        <g class={kind} key={kind}>
          <circle cx={x} cy={y} r="8" />
          <path d={`M${x + (dx * 8) / 12.5} ${y + (dy * 8) / 12.5}L${x + dx} ${y + dy}`} />
        </g>
      ))}
      <circle class="dot" cx={x} cy={y} r="1.1" />
    </g>
  )
}

/** An arc from the pick's ring to the place's, with its head there. */
function Way({
  from: [x1, y1],
  to: [x2, y2],
}: {
  readonly from: readonly [number, number]
  readonly to: readonly [number, number]
}) {
  const length = Math.hypot(x2 - x1, y2 - y1)
  if (length < 18) return null
  const bend = Math.min(16, length * 0.16)
  // Bent upwards, whichever way it goes: it then seldom hides what lies between.
  const side = x2 >= x1 ? 1 : -1
  const [nx, ny] = [(side * (y2 - y1)) / length, (-side * (x2 - x1)) / length]
  const [cx, cy] = [(x1 + x2) / 2 + nx * bend * 2, (y1 + y2) / 2 + ny * bend * 2]
  const shortened = (x: number, y: number, gap: number) => {
    const d = Math.hypot(cx - x, cy - y)
    return [x + ((cx - x) / d) * gap, y + ((cy - y) / d) * gap] as const
  }
  const [sx, sy] = shortened(x1, y1, 8)
  const [ex, ey] = shortened(x2, y2, 14)
  const angle = (Math.atan2(y2 - cy, x2 - cx) * 180) / Math.PI
  const d = `M${sx} ${sy}Q${cx} ${cy} ${ex} ${ey}`
  return (
    <g class="mark way">
      <path class="halo" d={d} />
      <path class="line" d={d} />
      <path class="head" d="M0 -3.6L7 0L0 3.6z" transform={`translate(${ex} ${ey}) rotate(${angle})`} />
    </g>
  )
}

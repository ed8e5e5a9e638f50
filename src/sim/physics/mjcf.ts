// The cell as MJCF: table, arm, objects, one weld an object for the suction cup, and contact counters.

import type { ToolGeometry } from '../../native/kinematics.js'
import { armActuatorsXml, armXml, type CellTool } from '../arm.js'
import type { PlacedObject } from '../objects.js'
import type { BallJoint } from '../tasks/task.js'

export const stepS = 0.002

/** Names by which the physics finds its parts again. */
export const nameOf = {
  object: (label: number) => `object${label}`,
  weld: (label: number) => `weld${label}`,
}

/**
 * Contact counters, in the order of `sensordata`: the cup's contacts with anything, then for each object all its
 * contacts and those with the cup.
 * @param objects that the cup can hold
 */
function sensorsXml(objects: readonly PlacedObject[]): string {
  const count = (what: string) => `<contact ${what} num="1" data="found"/>`
  return [
    count('body1="cup"'),
    ...objects.flatMap(({ label }) => [
      count(`body1="${nameOf.object(label)}"`),
      count(`body1="${nameOf.object(label)}" body2="cup"`),
    ]),
  ].join('')
}

/** What a scene has beside loose objects and an arm with a cup. */
export interface CellParts {
  readonly joints?: readonly BallJoint[]
  readonly tool?: CellTool
}

export function isMovable({ shape }: PlacedObject): boolean {
  return shape.fixed !== true
}

function objectXml({ label, shape, p_base_m: [x, y], yawRad, aboveM }: PlacedObject): string {
  const [half, turn] = [yawRad / 2, shape.massKg]
  const [sx, sy, sz] = shape.sizeM
  const inertia = [sy * sy + sz * sz, sx * sx + sz * sz, sx * sx + sy * sy].map((sum) => (turn * sum) / 12)
  const centre = shape.sizeM[2] / 2 - shape.restM
  const quat = `${Math.cos(half)} 0 0 ${Math.sin(half)}`
  if (shape.fixed) {
    return `<body name="${nameOf.object(label)}" pos="${x} ${y} ${shape.restM + aboveM}" quat="${quat}" childclass="object">
      ${shape.geomsXml}
    </body>`
  }
  return `<body name="${nameOf.object(label)}" pos="${x} ${y} ${shape.restM + 0.0005 + aboveM}"
      quat="${quat}" childclass="object">${shape.jointXml ?? '<freejoint/>'}
      <inertial pos="0 0 ${centre}" mass="${shape.massKg}" diaginertia="${inertia.join(' ')}"/>
      ${shape.geomsXml}
    </body>`
}

/** The anchor is in the first body's frame, which starts turned about z only. */
function jointXml({ label, otherLabel }: BallJoint, objects: readonly PlacedObject[]): string {
  const [a, b] = [label, otherLabel].map((wanted) => objects.find((object) => object.label === wanted)!)
  const [dx, dy] = [b!.p_base_m[0] - a!.p_base_m[0], b!.p_base_m[1] - a!.p_base_m[1]]
  const [cos, sin] = [Math.cos(a!.yawRad), Math.sin(a!.yawRad)]
  return `<connect body1="${nameOf.object(label)}" body2="${nameOf.object(otherLabel)}"
    anchor="${cos * dx + sin * dy} ${cos * dy - sin * dx} 0" ${jointStiffness}/>`
}

/** By the library's own values a rope of twenty beads of 10 g stretches by centimetres where it is dragged, and springs back. */
const jointStiffness = 'solref="0.004 1" solimp="0.98 0.99 0.001"'

function excludeXml({ label, otherLabel }: BallJoint): string {
  return `<exclude body1="${nameOf.object(label)}" body2="${nameOf.object(otherLabel)}"/>`
}

/** MuJoCo takes the hull of the corners. */
function convexXml(objects: readonly PlacedObject[]): string {
  const meshes = new Map(objects.flatMap(({ shape }) => Object.entries(shape.convexM ?? {})))
  return [...meshes].map(([name, corners]) => `<mesh name="${name}" vertex="${corners.flat().join(' ')}"/>`).join('')
}

/**
 * Elliptic friction cones with impratio 10 keep stacks and grasps from creeping; objects at rest sleep, which makes a
 * step three times as fast. Collision bits: 1 table, 2 tool,
 * 4 objects; the tool and objects collide with all three, the rest of the arm with nothing.
 */
export function cellXml(
  objects: readonly PlacedObject[],
  tool: ToolGeometry,
  { joints = [], tool: kind = 'suction_cup' }: CellParts = {},
): string {
  const holdable = kind === 'suction_cup' ? objects.filter(isMovable) : []
  const weld = ({ label }: PlacedObject) =>
    `<weld name="${nameOf.weld(label)}" body1="cup" body2="${nameOf.object(label)}" active="false" solref="0.005 1"/>`
  return `<mujoco model="cell">
  <compiler angle="radian" autolimits="true" eulerseq="XYZ"/>
  <option timestep="${stepS}" integrator="implicitfast" cone="elliptic" impratio="10" sleep_tolerance="0.001">
    <flag sleep="enable"/>
  </option>
  <size memory="32M"/>
  <default>
    <geom solref="0.01 1" condim="4" friction="1 0.005 0.0001"/>
    <default class="table"><geom contype="1" conaffinity="6"/></default>
    <default class="tool"><geom contype="2" conaffinity="5" mass="0"/></default>
    <default class="object"><geom contype="4" conaffinity="7" mass="0"/></default>
  </default>
  <asset>${convexXml(objects)}</asset>
  <worldbody>
    <geom name="table" class="table" type="plane" size="2 2 0.1"/>
    ${armXml(tool, kind)}
    ${objects.map(objectXml).join('\n    ')}
  </worldbody>
  <equality>${holdable.map(weld).join('')}${joints.map((joint) => jointXml(joint, objects)).join('')}</equality>
  <contact>${joints.map(excludeXml).join('')}</contact>
  <actuator>${armActuatorsXml()}</actuator>
  <sensor>${sensorsXml(holdable)}</sensor>
</mujoco>`
}

// The Franka arm with a suction cup: for the physics from its DH table, for pictures from primitive shapes.

import type { Vec3 } from '../control/types.js'
import type { ToolGeometry } from '../native/kinematics.js'
import { boxMesh, capsuleMesh, coneMesh, type Mesh, merge, type Rgb, turned } from './mesh.js'

/** As long as the Franka hand and mounted like it: the controller's default tool. */
export const suctionTool: ToolGeometry = { flangeToTcpM: 0.1034, flangeToTcpYawRad: -Math.PI / 4 }

const cupRadiusM = 0.01

/** What the arm carries: a cup that holds by vacuum, or a blade that pushes and holds nothing. */
export type CellTool = 'suction_cup' | 'spatula'

/** A blade across the tool's x axis, its lower edge at the tool centre point. */
const bladeM: Vec3 = [0.006, 0.12, 0.05]

/**
 * The cup gives way along its axis, as a bellows cup does: in the millimetres that the arm needs to stop after contact
 * the object is pressed by about 10 N, not by what a stiff arm would. Well damped with up to 0.2 kg hanging on it.
 */
const bellows = { massKg: 0.05, stiffnessNpm: 2500, dampingNspm: 30, travelM: 0.008 }

interface Joint {
  /** Craig's modified DH parameters (Franka control interface documentation, "Denavit-Hartenberg parameters"). */
  readonly aM: number
  readonly dM: number
  readonly alphaRad: number
  readonly rangeRad: readonly [number, number]
  /** Approximate: a simulated arm that is position-controlled and gravity-compensated does not depend on the gram. */
  readonly massKg: number
  readonly centreM: Vec3
  readonly inertiaKgM2: number
  /** Gains of the joint's position servo. */
  readonly kp: number
  readonly kv: number
  readonly torqueNm: number
}

const right = Math.PI / 2
const shoulder = { kp: 4500, kv: 450, torqueNm: 87 }
const wrist = { kp: 2000, kv: 200, torqueNm: 12 }

export const joints: readonly Joint[] = [
  {
    aM: 0,
    dM: 0.333,
    alphaRad: 0,
    rangeRad: [-2.8973, 2.8973],
    massKg: 3,
    centreM: [0, 0, -0.07],
    inertiaKgM2: 0.03,
    ...shoulder,
  },
  {
    aM: 0,
    dM: 0,
    alphaRad: -right,
    rangeRad: [-1.7628, 1.7628],
    massKg: 3,
    centreM: [0, -0.1, 0],
    inertiaKgM2: 0.03,
    ...shoulder,
  },
  {
    aM: 0,
    dM: 0.316,
    alphaRad: right,
    rangeRad: [-2.8973, 2.8973],
    massKg: 2,
    centreM: [0.04, 0, -0.05],
    inertiaKgM2: 0.02,
    ...shoulder,
  },
  {
    aM: 0.0825,
    dM: 0,
    alphaRad: right,
    rangeRad: [-3.0718, -0.0698],
    massKg: 2,
    centreM: [-0.04, 0.05, 0],
    inertiaKgM2: 0.02,
    ...shoulder,
  },
  {
    aM: -0.0825,
    dM: 0.384,
    alphaRad: -right,
    rangeRad: [-2.8973, 2.8973],
    massKg: 2,
    centreM: [0, 0, -0.15],
    inertiaKgM2: 0.02,
    ...wrist,
  },
  {
    aM: 0,
    dM: 0,
    alphaRad: right,
    rangeRad: [-0.0175, 3.7525],
    massKg: 1.5,
    centreM: [0.06, 0, 0],
    inertiaKgM2: 0.01,
    ...wrist,
  },
  {
    aM: 0.088,
    dM: 0,
    alphaRad: right,
    rangeRad: [-2.8973, 2.8973],
    massKg: 0.5,
    centreM: [0, 0, 0.08],
    inertiaKgM2: 0.005,
    ...wrist,
  },
]

export const jointCount = joints.length
/** Positions and speeds of the arm in the physics: its joints and the cup's bellows. */
export const armDof = jointCount + 1
const flangeM = 0.107

/** The bodies that carry a mesh, in the order of `armMeshes`. */
export const armBodies = [
  'world',
  'link1',
  'link2',
  'link3',
  'link4',
  'link5',
  'link6',
  'link7',
  'tool',
  'cup',
] as const

/**
 * The arm as MJCF bodies. Only the tool collides, with objects and table: the arm itself keeps to heights where nothing
 * stands, and link 7 cannot reach lower than the tool is long.
 */
export function armXml(tool: ToolGeometry, kind: CellTool = 'suction_cup'): string {
  const open = joints.map((joint, i) => {
    const position = [joint.aM, -joint.dM * Math.sin(joint.alphaRad), joint.dM * Math.cos(joint.alphaRad)]
    const turn = [Math.cos(joint.alphaRad / 2), Math.sin(joint.alphaRad / 2), 0, 0]
    const inertia = Array(3).fill(joint.inertiaKgM2).join(' ')
    return `<body name="link${i + 1}" pos="${position.join(' ')}" quat="${turn.join(' ')}" gravcomp="1">
      <inertial pos="${joint.centreM.join(' ')}" mass="${joint.massKg}" diaginertia="${inertia}"/>
      <joint name="joint${i + 1}" axis="0 0 1" range="${joint.rangeRad.join(' ')}" damping="1" armature="0.1"/>`
  })
  const half = tool.flangeToTcpM / 2
  return `${open.join('')}<body name="tool" pos="0 0 ${flangeM}" gravcomp="1">
      <inertial pos="0 0 0.03" mass="0.65" diaginertia="0.003 0.003 0.002"/>
      <body name="cup" gravcomp="1">
        <inertial pos="0 0 ${half}" mass="${bellows.massKg}" diaginertia="5e-5 5e-5 1e-5"/>
        <joint type="slide" axis="0 0 -1" range="0 ${bellows.travelM}" stiffness="${bellows.stiffnessNpm}"
          damping="${bellows.dampingNspm}"/>
        ${kind === 'spatula' ? bladeXml(tool) : `<geom class="tool" type="cylinder" size="${cupRadiusM} ${half}" pos="0 0 ${half}"/>`}
      </body>
    </body>${'</body>'.repeat(joints.length)}`
}

/** Position servos, one a joint; their control is the angle in radians. */
export function armActuatorsXml(): string {
  return joints
    .map(
      ({ kp, kv, torqueNm }, i) =>
        `<position joint="joint${i + 1}" kp="${kp}" kv="${kv}" forcerange="${-torqueNm} ${torqueNm}"/>`,
    )
    .join('')
}

const shell: Rgb = [0.93, 0.93, 0.92]
const seam: Rgb = [0.22, 0.23, 0.25]
const metal: Rgb = [0.6, 0.62, 0.64]
const cup: Rgb = [0.18, 0.5, 0.77]

/** What each of `armBodies` looks like, in its own frame. The first is the base, which stands in the base frame. */
export function armMeshes(tool: ToolGeometry, kind: CellTool = 'suction_cup'): readonly Mesh[] {
  const tcpM = tool.flangeToTcpM
  const axle = (centre: Vec3, halfM: number, radiusM: number, axis: 1 | 2 = 1): Mesh => {
    const end = (sign: number, m: number): Vec3 => {
      const p: [number, number, number] = [...centre]
      p[axis] += sign * m
      return p
    }
    return merge(
      coneMesh(end(-1, halfM), end(1, halfM), radiusM, radiusM, shell),
      coneMesh(end(1, halfM), end(1, halfM + 0.008), radiusM * 0.92, radiusM * 0.8, seam),
      coneMesh(end(-1, halfM), end(-1, halfM + 0.008), radiusM * 0.92, radiusM * 0.8, seam),
    )
  }
  return [
    merge(
      capsuleMesh([-0.1, 0, 0.045], [0, 0, 0.045], 0.06, shell),
      coneMesh([0, 0, 0], [0, 0, 0.137], 0.085, 0.066, shell),
      coneMesh([0, 0, 0.137], [0, 0, 0.143], 0.06, 0.06, seam),
    ),
    merge(coneMesh([0, 0, -0.19], [0, 0, -0.03], 0.062, 0.058, shell), axle([0, 0, 0], 0.055, 0.06)),
    merge(
      capsuleMesh([0, 0, 0], [0, -0.12, 0], 0.057, shell),
      coneMesh([0, -0.12, 0], [0, -0.19, 0], 0.057, 0.06, shell),
    ),
    merge(
      coneMesh([0, 0, -0.12], [0, 0, -0.126], 0.056, 0.056, seam),
      coneMesh([0, 0, -0.12], [0, 0, -0.06], 0.06, 0.058, shell),
      capsuleMesh([0, 0, -0.06], [0.0825, 0, 0], 0.05, shell),
      axle([0.0825, 0, 0], 0.05, 0.055),
    ),
    merge(
      capsuleMesh([0, 0, 0], [-0.0825, 0.07, 0], 0.05, shell),
      coneMesh([-0.0825, 0.07, 0], [-0.0825, 0.13, 0], 0.055, 0.055, shell),
      coneMesh([-0.0825, 0.13, 0], [-0.0825, 0.136, 0], 0.052, 0.052, seam),
    ),
    merge(
      coneMesh([0, 0, -0.248], [0, 0, -0.17], 0.055, 0.05, shell),
      capsuleMesh([0, 0, -0.17], [0, 0.035, -0.03], 0.045, shell),
      axle([0, 0, 0], 0.05, 0.048),
    ),
    merge(capsuleMesh([0, 0, 0], [0.088, 0, 0], 0.042, shell), axle([0.088, 0, 0], 0.04, 0.045)),
    merge(
      coneMesh([0, 0, 0.03], [0, 0, 0.036], 0.04, 0.04, seam),
      coneMesh([0, 0, 0.036], [0, 0, 0.085], 0.044, 0.042, shell),
      coneMesh([0, 0, 0.085], [0, 0, flangeM], 0.034, 0.034, metal),
    ),
    merge(coneMesh([0, 0, 0], [0, 0, 0.035], 0.032, 0.026, seam)),
    merge(
      coneMesh([0, 0, 0.02], [0, 0, tcpM - 0.016], 0.008, 0.008, metal),
      ...(kind === 'spatula'
        ? [bladeMesh(tool)]
        : [
            coneMesh([0, 0, tcpM - 0.016], [0, 0, tcpM - 0.008], 0.0065, 0.0085, cup),
            coneMesh([0, 0, tcpM - 0.008], [0, 0, tcpM], 0.0065, cupRadiusM, cup),
          ]),
    ),
  ]
}

/** In the flange's frame, in which the tool is turned. */
function bladeXml({ flangeToTcpM, flangeToTcpYawRad }: ToolGeometry): string {
  return `<geom class="tool" type="box" size="${bladeM.map((side) => side / 2).join(' ')}"
    pos="0 0 ${flangeToTcpM - bladeM[2] / 2}" euler="0 0 ${flangeToTcpYawRad}"/>`
}

function bladeMesh({ flangeToTcpM, flangeToTcpYawRad }: ToolGeometry): Mesh {
  return turned(boxMesh(bladeM, cup, [0, 0, flangeToTcpM - bladeM[2] / 2]), flangeToTcpYawRad)
}

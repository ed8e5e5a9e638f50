// MuJoCo in WebAssembly: the only dynamics of the cell, arm included.

import type { MainModule, MjData, MjModel } from '@mujoco/mujoco'
import { transform } from '../../control/geometry.js'
import type { Mat4, Vec3 } from '../../control/types.js'
import type { ToolGeometry } from '../../native/kinematics.js'
import { armBodies, armDof, jointCount, joints } from '../arm.js'
import type { PlacedObject } from '../objects.js'
import { type CellParts, cellXml, isMovable, nameOf, stepS } from './mjcf.js'

let library: Promise<MainModule> | undefined

/** Loads the library once a thread (about 0.2 s); a thread that only talks to a cell in another never does. */
export function loadPhysics(): Promise<MainModule> {
  library ??= import('@mujoco/mujoco').then(({ default: load }) => load() as Promise<MainModule>)
  return library
}

interface Body {
  readonly label: number
  readonly body: number
  readonly qposAt: number
  readonly qvelAt: number
  readonly weld: number
  readonly footprintM: number
}

/**
 * One scene. Views into the heap are read afresh through `data` each time, because every growth of the heap detaches
 * those that were handed out before.
 */
export class Physics {
  readonly objects: readonly PlacedObject[]
  readonly #mujoco: MainModule
  readonly #model: MjModel
  readonly #data: MjData
  /** Those that can be moved, in the order of the contact counters. */
  readonly #bodies: readonly Body[]
  /** Body of every object, by label. */
  readonly #bodyIds: ReadonlyMap<number, number>
  readonly #armBodies: readonly number[]
  readonly #cupBody: number
  #held: Body | null = null

  constructor(
    mujoco: MainModule,
    objects: readonly PlacedObject[],
    tool: ToolGeometry,
    qRad: ArrayLike<number>,
    parts: CellParts = {},
  ) {
    this.objects = objects
    this.#mujoco = mujoco
    const model = mujoco.MjModel.from_xml_string(cellXml(objects, tool, parts))
    if (!model) throw new Error('MuJoCo did not accept the scene')
    this.#model = model
    this.#data = new mujoco.MjData(model)
    const { mjOBJ_BODY, mjOBJ_EQUALITY } = mujoco.mjtObj
    const bodyOf = (name: string) => mujoco.mj_name2id(model, mjOBJ_BODY.value, name)
    this.#cupBody = bodyOf('cup')
    this.#armBodies = armBodies.map(bodyOf)
    this.#bodyIds = new Map(objects.map(({ label }) => [label, bodyOf(nameOf.object(label))]))
    this.#bodies = objects.filter(isMovable).map(({ label, shape }, i) => ({
      label,
      body: bodyOf(nameOf.object(label)),
      qposAt: armDof + 7 * i,
      qvelAt: armDof + 6 * i,
      weld: mujoco.mj_name2id(model, mjOBJ_EQUALITY.value, nameOf.weld(label)),
      footprintM: shape.footprintM,
    }))
    for (let i = 0; i < jointCount; i++) {
      this.#qpos[i] = qRad[i]!
      this.#ctrl[i] = qRad[i]!
    }
    mujoco.mj_forward(model, this.#data)
  }

  get timeS(): number {
    return this.#data.time
  }

  /** Label of the object that hangs on the cup, or null. */
  get held(): number | null {
    return this.#held?.label ?? null
  }

  /** Whether an object hangs on the cup. */
  get holding(): boolean {
    return this.#held !== null
  }

  /**
   * Whether the tool touches something; while it holds an object, whether that object touches anything but the cup
   * (else the pressed cup would be taken for the ground under the object).
   */
  get contact(): boolean {
    const found = this.#sensordata
    if (!this.#held) return found[0]! > 0
    const i = this.#bodies.indexOf(this.#held)
    return found[1 + 2 * i]! > found[2 + 2 * i]!
  }

  /** Writes measured angles and speeds of the 7 joints. */
  readJoints(qRad: Float64Array, dqRadps: Float64Array): void {
    qRad.set(this.#qpos.subarray(0, jointCount))
    dqRadps.set(this.#qvel.subarray(0, jointCount))
  }

  /**
   * Sets the servos. The reference's speed is fed forward: a servo with damping kv lags behind a moving reference by
   * kv/kp seconds, which at descent speed is enough to miss the contact.
   */
  drive(qRefRad: Float64Array, dqRefRadps: Float64Array): void {
    const ctrl = this.#ctrl
    for (let i = 0; i < jointCount; i++) {
      const { kp, kv } = joints[i]!
      ctrl[i] = qRefRad[i]! + (kv / kp) * dqRefRadps[i]!
    }
  }

  /** @throws Error when the dynamics have become unstable: the library then starts the scene again without a word */
  step(): void {
    const before = this.#data.time
    this.#mujoco.mj_step(this.#model, this.#data)
    if (!(this.#data.time > before)) throw new Error(`The simulated dynamics became unstable after ${before} s`)
  }

  /**
   * Welds the first object that the cup touches to it, in the pose that it has now. A seal holds until it is released: no
   * pull and no tilt breaks it, and any surface seals, as in the published benchmark.
   * @returns whether one was there
   */
  seal(): boolean {
    const found = this.#sensordata
    const touched = this.#bodies.find((_, i) => found[2 + 2 * i]! > 0)
    if (!touched) return false
    this.#weldHere(touched)
    this.#setWeld(touched, 1)
    this.#held = touched
    return true
  }

  release(): void {
    if (this.#held) this.#setWeld(this.#held, 0)
    this.#held = null
  }

  /** `T_base_object` of an object. */
  objectPose(label: number): Mat4 {
    const body = this.#bodyIds.get(label)
    if (body === undefined) throw noSuchLabel('an object', label)
    return this.#pose(body)
  }

  /** `T_base_link` of each of `armBodies`. */
  armPoses(): Mat4[] {
    return this.#armBodies.map((body) => this.#pose(body))
  }

  /** Fastest point velocity of any object that is not held, m/s: its linear speed, or its rim's as it turns. */
  fastestObjectMps(): number {
    const qvel = this.#qvel
    let fastest = 0
    for (const body of this.#bodies) {
      if (body === this.#held) continue
      const v = qvel.subarray(body.qvelAt, body.qvelAt + 6)
      fastest = Math.max(fastest, Math.hypot(v[0]!, v[1]!, v[2]!), Math.hypot(v[3]!, v[4]!, v[5]!) * body.footprintM)
    }
    return fastest
  }

  /** Shifts an object on the table, as a person's hand would. */
  shift(label: number, [dx, dy]: readonly [number, number]): void {
    const { qposAt } = this.#bodyOf(label)
    this.#qpos[qposAt]! += dx
    this.#qpos[qposAt + 1]! += dy
    this.#mujoco.mj_forward(this.#model, this.#data)
  }

  /** The library frees nothing by itself. */
  close(): void {
    this.#data.delete()
    this.#model.delete()
  }

  get #qpos(): Float64Array {
    return this.#data.qpos as Float64Array
  }

  get #qvel(): Float64Array {
    return this.#data.qvel as Float64Array
  }

  get #ctrl(): Float64Array {
    return this.#data.ctrl as Float64Array
  }

  get #sensordata(): Float64Array {
    return this.#data.sensordata as Float64Array
  }

  #bodyOf(label: number): Body {
    const body = this.#bodies.find((candidate) => candidate.label === label)
    if (!body) throw noSuchLabel('a movable object', label)
    return body
  }

  #pose(body: number): Mat4 {
    const position = (this.#data.xpos as Float64Array).subarray(3 * body, 3 * body + 3)
    const rotation = (this.#data.xmat as Float64Array).subarray(9 * body, 9 * body + 9)
    return transform(position, rotation)
  }

  /** Writes the weld's `relpose` (object in the cup's frame): eq_data is anchor(3), position(3), wxyz(4), scale(1). */
  #weldHere({ body, weld }: Body): void {
    const xpos = this.#data.xpos as Float64Array
    const xquat = this.#data.xquat as Float64Array
    const [tw, tx, ty, tz] = xquat.subarray(4 * this.#cupBody, 4 * this.#cupBody + 4) as unknown as Quaternion
    const inverse: Quaternion = [tw, -tx, -ty, -tz]
    const offset = [0, 1, 2].map((k) => xpos[3 * body + k]! - xpos[3 * this.#cupBody + k]!) as unknown as Vec3
    const turn = xquat.subarray(4 * body, 4 * body + 4) as unknown as Quaternion
    const relpose = [0, 0, 0, ...turned(inverse, offset), ...product(inverse, turn)]
    ;(this.#model.eq_data as Float64Array).set(relpose, 11 * weld)
  }

  /** `data.eq_active` throws in these bindings (an array of booleans); the state vector carries the same flags. */
  #setWeld({ weld }: Body, active: 0 | 1): void {
    const part = this.#mujoco.mjtState.mjSTATE_EQ_ACTIVE.value
    const buffer = new this.#mujoco.DoubleBuffer(this.#model.neq)
    this.#mujoco.mj_getState(this.#model, this.#data, buffer, part)
    const flags = Array.from(buffer.GetView() as Float64Array)
    buffer.delete()
    flags[weld] = active
    this.#mujoco.mj_setState(this.#model, this.#data, flags, part)
  }
}

function noSuchLabel(what: string, label: number): RangeError {
  return new RangeError(`Expected the label of ${what} of the scene but received ${label}`)
}

/** w, x, y, z. */
type Quaternion = readonly [number, number, number, number]

function product([aw, ax, ay, az]: Quaternion, [bw, bx, by, bz]: Quaternion): Quaternion {
  return [
    aw * bw - ax * bx - ay * by - az * bz,
    aw * bx + ax * bw + ay * bz - az * by,
    aw * by - ax * bz + ay * bw + az * bx,
    aw * bz + ax * by - ay * bx + az * bw,
  ]
}

function turned(q: Quaternion, v: Vec3): Vec3 {
  const [, x, y, z] = product(product(q, [0, ...v]), [q[0], -q[1], -q[2], -q[3]])
  return [x, y, z]
}

export { stepS }

// The controller core and the physics in lockstep: what moves the simulated arm, and the vacuum at its tip.

import type { Box } from '../control/keep-out.js'
import {
  type AddonController,
  type BoundLink,
  type CycleInput,
  type CycleOutput,
  createController,
} from '../native/controller.js'
import type { ToolGeometry } from '../native/kinematics.js'
import type { CellRobot } from './api.js'
import { jointCount } from './arm.js'
import type { Hearing } from './pace.js'
import { stepS } from './physics/mjcf.js'
import type { Physics } from './physics/physics.js'
import type { Random } from './random.js'

/** The cup bounces and slides for less than this within one grasp. */
const newGraspAfterNs = 300_000_000n

/** Two cycles of the 1 kHz core in every 2 ms step of the physics. */
const cyclesPerStep = 2
const cycleNs = 1_000_000n

const fewestSettleS = 0.1

const modeMoving = 2
const modeStopping = 3

export interface PlantFaults {
  /** Probability that the cup does not seal although it touches. */
  readonly graspFailure: number
  /** Simulated time at which the controller dies, seconds. */
  readonly killControllerAtS: number
}

export interface PlantOptions {
  readonly tool: ToolGeometry
  readonly qRad: readonly number[]
  readonly robot: CellRobot
  readonly faults: PlantFaults
  /** Decides which grasps fail. */
  readonly graspRandom: Random
  /** In the free clock no time passes for whoever sends commands: their heartbeats are never late. */
  readonly alwaysHeard: boolean
  /** Called when the controller starts to move, before it has moved. */
  readonly onMotion: () => void
  /** Called in every step before the physics, with its length in seconds. */
  readonly onStep: (seconds: number) => void
}

export class Plant {
  readonly physics: Physics
  readonly #controller: AddonController
  readonly #options: PlantOptions
  readonly #input: CycleInput = {
    qRad: new Float64Array(jointCount),
    dqRadps: new Float64Array(jointCount),
    flags: new Uint8Array(2),
  }
  readonly #output: CycleOutput = {
    qRefRad: new Float64Array(jointCount),
    dqRefRadps: new Float64Array(jointCount),
    flags: new Uint8Array(3),
  }
  #nowNs = 0n
  #alive = true
  #lastState: Uint8Array = new Uint8Array()
  #lastReplies: Uint8Array[] = []
  #graspFails = false
  /** When the cup with its vacuum on last touched something. */
  #touchedNs = -newGraspAfterNs
  #wasMoving = false

  constructor(physics: Physics, options: PlantOptions) {
    this.physics = physics
    this.#options = options
    const { tool, qRad, robot } = options
    const { arm, keepOut = [] } = robot
    this.#controller = createController(
      { backend: 'cell', tool, qRad, keepOutM: keepOut.map(cornersOf), ...(arm === undefined ? {} : { arm }) },
      this.#input,
      this.#output,
    )
    this.#output.qRefRad.set(qRad)
    this.step()
  }

  /** Simulated time since the start, in the controller's clock. */
  get nowNs(): bigint {
    return this.#nowNs
  }

  /** Whether a command is queued or running, or the arm is coming to a stop. */
  get busy(): boolean {
    if (!this.#alive) return false
    const [, mode, active] = this.#output.flags
    return active !== 0 || mode === modeMoving || mode === modeStopping
  }

  /** A controller that has died answers nothing, as a dead process would. */
  handle(request: Uint8Array): Uint8Array[] {
    return this.#alive ? this.#controller.handle(request) : []
  }

  /** Acknowledgements and events since the last call, those included that a dying controller had already sent. */
  take(): Uint8Array[] {
    if (this.#alive) return this.#controller.take()
    return this.#lastReplies.splice(0)
  }

  /** The newest state; of a controller that has died, its last. */
  state(): Uint8Array {
    if (this.#alive) this.#lastState = this.#controller.state()
    return this.#lastState
  }

  listen(address: string): BoundLink {
    return this.#controller.listen(address)
  }

  /** Who the controller's sockets have heard; with one that has died nobody speaks, and nobody is waited for. */
  get hearing(): Hearing {
    if (!this.#alive) return { ioLagMs: 0, unheardMs: 0 }
    return { ioLagMs: this.#controller.ioLagMs(), unheardMs: this.#controller.unheardMs() }
  }

  /** 2 ms of simulated time. */
  step(): void {
    if (this.#alive) this.#cycle()
    this.#options.onStep(stepS)
    this.#updateVacuum()
    this.physics.drive(this.#output.qRefRad, this.#output.dqRefRadps)
    this.physics.step()
  }

  /**
   * Steps until nothing on the table moves faster than 5 mm/s (as published), at most for `longestS`, and at least for
   * as long as what was just let go needs to gather speed.
   */
  settle(longestS: number): void {
    for (let timeS = 0; timeS < longestS; timeS += stepS) {
      if (timeS > fewestSettleS && this.physics.fastestObjectMps() < 0.005) return
      this.step()
    }
  }

  close(): void {
    this.#die()
    this.physics.close()
  }

  #cycle(): void {
    this.physics.readJoints(this.#input.qRad, this.#input.dqRadps)
    this.#input.flags[0] = this.physics.contact ? 1 : 0
    this.#input.flags[1] = this.physics.holding ? 1 : 0
    if (this.#options.alwaysHeard) this.#controller.heartbeat()
    for (let i = 0; i < cyclesPerStep; i++) {
      this.#nowNs += cycleNs
      this.#controller.cycle(this.#nowNs)
    }
    const moving = this.#output.flags[1] === modeMoving
    if (moving && !this.#wasMoving) this.#options.onMotion()
    this.#wasMoving = moving
    if (Number(this.#nowNs) / 1e9 >= this.#options.faults.killControllerAtS) this.#die()
  }

  /** A dead controller leaves the servos at its last reference, at rest, and the vacuum as it was. */
  #die(): void {
    if (!this.#alive) return
    this.state()
    this.#lastReplies = this.#controller.take()
    this.#alive = false
    this.#controller.close()
    this.#output.dqRefRadps.fill(0)
  }

  /**
   * The vacuum seals on the first object that the cup touches, unless this grasp is one that fails; never on the table.
   * A grasp begins when the cup touches something after it was away for a while: the vacuum may stay on from a miss to the
   * next try.
   */
  #updateVacuum(): void {
    const wanted = this.#output.flags[0] !== 0
    if (wanted && this.physics.contact) {
      if (this.#nowNs - this.#touchedNs > newGraspAfterNs) {
        this.#graspFails = this.#options.graspRandom.next() < this.#options.faults.graspFailure
      }
      this.#touchedNs = this.#nowNs
    }
    if (wanted && !this.physics.holding && !this.#graspFails) this.physics.seal()
    if (!wanted) this.physics.release()
  }
}

function cornersOf(box: Box): [number, number, number, number, number, number] {
  return [box.xMinM, box.xMaxM, box.yMinM, box.yMaxM, box.zMinM, box.zMaxM]
}

// The arm as its URDF has it; the joint angles are those of the robot's state.

import { LoadingManager } from 'three'
import URDFLoader, { type URDFRobot } from 'urdf-loader'

/** Smaller changes nobody sees. */
const leastRad = 5e-4

export class Arm {
  readonly #shownRad: number[] = []

  private constructor(readonly object: URDFRobot) {}

  static async load(): Promise<Arm> {
    const response = await fetch('franka.urdf')
    return new Arm(new URDFLoader(new LoadingManager()).parse(await response.text()))
  }

  /** @returns whether it looks otherwise now */
  setJoints(qRad: readonly number[]): boolean {
    const hasChanged = qRad.some(
      (angle, i) => Math.abs(angle - (this.#shownRad[i] ?? Number.POSITIVE_INFINITY)) > leastRad,
    )
    if (!hasChanged) return false
    for (const [i, angle] of qRad.entries()) {
      this.#shownRad[i] = angle
      this.object.setJointValue(`joint${i + 1}`, angle)
    }
    return true
  }
}

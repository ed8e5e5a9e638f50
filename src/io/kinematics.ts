// The `Kinematics` port over the kinematics addon, for one tool and one joint margin.

import { CliportError } from '../control/errors.js'
import type { Kinematics, Limb } from '../control/ports.js'
import type { Mat4, Vec3 } from '../control/types.js'
import { type ArmModel, kinematics, type ToolGeometry } from '../native/kinematics.js'

const jointCount = 7
const limbCount = 6

type LimbNumbers = readonly [number, number, number, number, number, number, number]

export interface KinematicsOptions {
  readonly tool: ToolGeometry
  /** Whose joint limits; absent: the Panda's. */
  readonly arm?: ArmModel
  /** Distance kept from every joint limit, radians. */
  readonly jointMarginRad: number
}

/**
 * @throws CliportError ADDON_MISSING when the addon does not load, CONFIG_INVALID for a tool or margin that makes no
 * sense
 */
export function createKinematics({ tool, arm = 'panda', jointMarginRad }: KinematicsOptions): Kinematics {
  expectConfig('tool.flangeToTcpM', tool.flangeToTcpM, Number.isFinite(tool.flangeToTcpM), 'a finite number of metres')
  expectConfig('tool.flangeToTcpYawRad', tool.flangeToTcpYawRad, Number.isFinite(tool.flangeToTcpYawRad), 'finite')
  expectConfig('jointMarginRad', jointMarginRad, jointMarginRad >= 0 && jointMarginRad < Math.PI, '0 rad or more')
  const addon = load()
  const qRad = new Float64Array(jointCount)
  const limbNumbers = new Float64Array(7 * limbCount)
  const limitsRad = addon.jointLimits(arm)

  return {
    jointRangesRad: Array.from({ length: jointCount }, (_, i) => [
      limitsRad[i]! + jointMarginRad,
      limitsRad[jointCount + i]! - jointMarginRad,
    ]),

    forward(joints: readonly number[]): Mat4 {
      if (joints.length !== jointCount || !joints.every(Number.isFinite)) {
        throw new CliportError('INPUT_INVALID', `Expected 7 finite joint angles but received [${joints}]`, {
          stage: 'plan',
          hint: 'Pass the joint angles of the arm, in radians, from the base to the flange.',
        })
      }
      const T_base_tool = new Float64Array(16)
      addon.forward(Float64Array.from(joints), tool, T_base_tool)
      return T_base_tool
    },

    limbs(joints: readonly number[], toolRadiusM: number): readonly Limb[] {
      addon.limbs(Float64Array.from(joints), tool, toolRadiusM, limbNumbers)
      return Array.from({ length: limbCount }, (_, i) => {
        const [ax, ay, az, bx, by, bz, radiusM] = limbNumbers.subarray(7 * i, 7 * i + 7) as unknown as LimbNumbers
        return { a: [ax, ay, az], b: [bx, by, bz], radiusM }
      })
    },

    inverse([x, y, z]: Vec3, yawRad: number): readonly number[] | null {
      return addon.inverse(x, y, z, yawRad, tool, jointMarginRad, qRad, arm) ? Array.from(qRad) : null
    },
  }
}

function load(): ReturnType<typeof kinematics> {
  try {
    return kinematics()
  } catch (cause) {
    throw new CliportError('ADDON_MISSING', (cause as Error).message, {
      stage: 'start',
      hint: 'Build the native code: make setup',
      cause,
    })
  }
}

function expectConfig(name: string, value: number, valid: boolean, expected: string): void {
  if (valid) return
  throw new CliportError('CONFIG_INVALID', `Expected ${name} to be ${expected} but received ${value}`, {
    stage: 'config',
    hint: `Correct ${name} in the settings of the arm.`,
  })
}

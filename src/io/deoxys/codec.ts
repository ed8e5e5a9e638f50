// Between deoxys' messages (native/proto/deoxys.proto) and values of this program.
//
// The controller checks neither lengths nor pointers of what it receives: what is left out here is read as garbage or
// ends its process there. So every command carries everything that any of its code touches.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type { GenMessage } from '@bufbuild/protobuf/codegenv2'
import type { Vec3 } from '../../control/types.js'
import {
  type ArmCommand,
  ArmCommandSchema,
  type ArmState,
  ArmStateSchema,
  ControllerType,
  DummySchema,
  ErrorsSchema,
  EstimatorType,
  ExponentialSmoothingSchema,
  GripperCommandSchema,
  GripperGraspSchema,
  GripperMoveSchema,
  GripperStateSchema,
  InterpolatorType,
  JointImpedanceSchema,
  type RobotMode,
} from './gen/deoxys_pb.js'

export { RobotMode } from './gen/deoxys_pb.js'

/** What one state message says, checked. */
export interface ArmSample {
  readonly qRad: readonly number[]
  readonly dqRadps: readonly number[]
  readonly p_base_tool_m: Vec3
  readonly yawRad: number
  /** External force on the tool as the robot estimates it, base frame, newtons. Only changes of it mean anything. */
  readonly forceN: Vec3
  readonly mode: RobotMode
  /** Names of the robot's current errors, as FCI calls them. */
  readonly errors: readonly string[]
  /** The robot's clock: the only sign that this state was measured and not repeated. */
  readonly robotMs: bigint
  /** Counts messages; advances also when the same state is sent again. */
  readonly frame: bigint
  /** Our own front end says so, with a simulated arm behind it; a real controller cannot. */
  readonly simulated: boolean
}

export interface GripperSample {
  readonly widthM: number
  readonly isGrasped: boolean
}

/** @throws Error saying what is wrong when the bytes are no state of an arm */
export function decodeArmState(bytes: Uint8Array): ArmSample {
  const state = fromBinary(ArmStateSchema, bytes)
  const T = numbers('O_T_EE', state.OTEE, 16)
  const isColumnMajor = T[3] === 0 && T[7] === 0 && T[11] === 0 && T[15] === 1
  if (!isColumnMajor) throw new Error(`O_T_EE is no column-major pose: its bottom row is ${[T[3], T[7], T[11], T[15]]}`)
  if (!state.time) throw new Error("it lacks the robot's clock (time, field 46)")
  const [fx, fy, fz] = numbers('O_F_ext_hat_K', state.OFExtHatK, 6) as [number, number, number]
  return {
    qRad: numbers('q', state.q, 7),
    dqRadps: numbers('dq', state.dq, 7),
    p_base_tool_m: [T[12]!, T[13]!, T[14]!],
    yawRad: Math.atan2(T[1]!, T[0]!),
    forceN: [fx, fy, fz],
    mode: state.robotMode,
    errors: errorNames(state),
    robotMs: state.time.toMsec,
    frame: state.frame,
    simulated: state.cliportSimulated,
  }
}

/** @throws Error when the bytes are no state of a gripper */
export function decodeGripperState(bytes: Uint8Array): GripperSample {
  const { width, maxWidth, isGrasped } = fromBinary(GripperStateSchema, bytes)
  if (!Number.isFinite(width) || !Number.isFinite(maxWidth)) throw new Error('its width is not a number')
  return { widthM: width, isGrasped }
}

/** Leaves the control law, and the arm to the robot's own hold. A controller that has just started stays at rest. */
export function noControl(): Uint8Array {
  return command({
    controllerType: ControllerType.NO_CONTROL,
    interpolatorType: InterpolatorType.LINEAR_JOINT_POSITION,
    control: packed('FrankaDummyControllerMessage', DummySchema, create(DummySchema)),
  })
}

/**
 * Joint angles to hold, with a stiffness; absolute, so that a repeated or a lost message changes nothing.
 *
 * Not OSC_POSE, although plans are lines of the tool: releases of deoxys before 97396fd add the position of an absolute
 * goal to the measured one.
 * @param qRad 7 joint angles @param kpNmPerRad 7 stiffnesses; zero lets the arm float @param kdNmsPerRad 7 dampings
 */
export function jointImpedance(
  qRad: readonly number[],
  kpNmPerRad: readonly number[],
  kdNmsPerRad: readonly number[],
): Uint8Array {
  const [q1, q2, q3, q4, q5, q6, q7] = numbers('qRad', qRad, 7) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const law = create(JointImpedanceSchema, {
    goal: { isDelta: false, q1, q2, q3, q4, q5, q6, q7 },
    kp: numbers('kpNmPerRad', kpNmPerRad, 7),
    kd: numbers('kdNmsPerRad', kdNmsPerRad, 7),
  })
  return command({
    controllerType: ControllerType.JOINT_IMPEDANCE,
    interpolatorType: InterpolatorType.LINEAR_JOINT_POSITION,
    control: packed('FrankaJointImpedanceControllerMessage', JointImpedanceSchema, law),
  })
}

export function gripperMove(widthM: number): Uint8Array {
  const move = create(GripperMoveSchema, { width: widthM, speed: 0.1 })
  return gripper(packed('FrankaGripperMoveMessage', GripperMoveSchema, move))
}

/** Closes on whatever is there; how wide it is tells afterwards whether there was something. */
export function gripperGrasp(): Uint8Array {
  const grasp = create(GripperGraspSchema, { width: 0, speed: 0.1, force: 20, epsilonInner: 0.08, epsilonOuter: 0.08 })
  return gripper(packed('FrankaGripperGraspMessage', GripperGraspSchema, grasp))
}

function command(
  body: Pick<ArmCommand, 'controllerType' | 'interpolatorType'> & { control: ReturnType<typeof packed> },
) {
  const smoothing = create(ExponentialSmoothingSchema, { alphaQ: 0.9, alphaDq: 0.9, alphaEef: 1, alphaEefVel: 1 })
  const message = create(ArmCommandSchema, {
    ...body,
    termination: false, // true would end the controller's process
    // A share of its 50 ms between two looks; a little less than all, so that the line ends before the next begins.
    interpolatorTimeFraction: 0.95,
    timeoutS: 0.2,
    stateEstimator: {
      isEstimation: true,
      estimatorType: EstimatorType.EXPONENTIAL_SMOOTHING,
      config: packed('ExponentialSmoothingConfig', ExponentialSmoothingSchema, smoothing),
    },
  })
  return toBinary(ArmCommandSchema, message)
}

function gripper(control: ReturnType<typeof packed>): Uint8Array {
  return toBinary(GripperCommandSchema, create(GripperCommandSchema, { termination: false, control }))
}

function packed<T extends Parameters<typeof toBinary>[1]>(name: string, schema: GenMessage<T>, message: T) {
  return { typeUrl: `type.googleapis.com/${name}`, value: toBinary(schema, message) }
}

function numbers(name: string, values: readonly number[], count: number): number[] {
  if (values.length !== count) throw new Error(`${name} has ${values.length} numbers instead of ${count}`)
  if (!values.every(Number.isFinite)) throw new Error(`${name} is not finite: [${values}]`)
  return [...values]
}

function errorNames({ currentErrors }: ArmState): string[] {
  if (!currentErrors) return []
  return ErrorsSchema.fields
    .filter((field) => currentErrors[field.localName as 'jointReflex'] === true)
    .map(({ name }) => name)
}

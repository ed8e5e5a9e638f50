// The controller core as an addon: the simulated cell steps the very state machine that runs the real arm.

import type { ArmModel, ToolGeometry } from './kinematics.js'
import { loadAddon } from './paths.js'

/** Limits and geometry of native/include/cliport/controller.hpp, `ControllerConfig`. Absent: the C++ defaults. */
export interface ControllerOptions {
  /** Whose limits; absent: the Panda's. */
  readonly arm?: ArmModel
  readonly tool?: ToolGeometry
  /** Box that the tool may not leave: xMin, xMax, yMin, yMax, zMin, zMax in metres. */
  readonly motionBoxM?: readonly [number, number, number, number, number, number]
  /** Boxes in which no part of the arm may be, in the same order. */
  readonly keepOutM?: readonly (readonly [number, number, number, number, number, number])[]
  /** Without a heartbeat of the lease holder for so long a moving arm is stopped, seconds; at most the lease's 0.5 s. */
  readonly watchdogS?: number
  /** What kind of end effector works at `flags`; absent: a suction cup. */
  readonly endEffector?: 'suction_cup' | 'two_finger' | 'digital_output'
  /** What `hello` reports: 'cell', 'sim'. */
  readonly backend: string
  /** Joint angles at start, radians. */
  readonly qRad: readonly number[]
}

/** Shared with the addon, so that a cycle allocates nothing. Written before `cycle`: */
export interface CycleInput {
  readonly qRad: Float64Array
  readonly dqRadps: Float64Array
  /** [0] contact, [1] the end effector holds something: 0 or 1. */
  readonly flags: Uint8Array
}

/** Written by `cycle`: */
export interface CycleOutput {
  readonly qRefRad: Float64Array
  readonly dqRefRadps: Float64Array
  /** [0] a grasp is wanted, not a release, [1] mode (RobotMode's order), [2] a command is active or queued. */
  readonly flags: Uint8Array
}

export interface AddonController {
  /** One 1 kHz cycle at `nowNs` on the caller's clock. */
  cycle(nowNs: bigint): void
  /** One protocol message (link.proto `Request`) handled without sockets; returns zero or more `Reply` messages. */
  handle(request: Uint8Array): Uint8Array[]
  /** `Reply` messages (acknowledgements, events) since the last call, for the session of `handle`. */
  take(): Uint8Array[]
  /** Refreshes the current lease holder's heartbeat: for the free clock, in which time stands still between commands. */
  heartbeat(): void
  /** The newest `State` message. */
  state(): Uint8Array
  /** Starts the sockets on their own thread, with fresh keys that nobody else knows. */
  listen(address: string): BoundLink
  /** Milliseconds since the sockets' thread last looked at them: more than 4 when it is starved; 0 without sockets. */
  ioLagMs(): number
  /**
   * Milliseconds of the controller's clock since the lease holder's last message came in at the sockets; 0 while nobody
   * holds the lease, and without sockets.
   */
  unheardMs(): number
  /** Ends the sockets and the thread; without goodbye, as a crash would. */
  close(): void
}

/** What a runtime needs to connect to a controller: Z85 text of 40 characters each (native/controller/keys.hpp). */
export interface LinkKeys {
  readonly controllerPublic: string
  readonly runtimePublic: string
  readonly runtimeSecret: string
}

export interface BoundLink {
  /** Base address, e.g. tcp://127.0.0.1:5600. */
  readonly address: string
  readonly keys: LinkKeys
}

interface Addon {
  runtimeKeys(folder?: string): LinkKeys
  Controller: new (options: ControllerOptions, input: CycleInput, output: CycleOutput) => AddonController
}

let addon: Addon | undefined

export function createController(options: ControllerOptions, input: CycleInput, output: CycleOutput): AddonController {
  addon ??= loadAddon<Addon>('controller')
  return new addon.Controller(options, input, output)
}

/**
 * This runtime's keys in a folder (absent: $CLIPORT_ROBOT_KEYS, else ~/.config/cliport/link), made when they are missing.
 * @throws Error naming the file that cannot be used, and why
 */
export function readRuntimeKeys(folder?: string): LinkKeys {
  addon ??= loadAddon<Addon>('controller')
  return addon.runtimeKeys(folder)
}

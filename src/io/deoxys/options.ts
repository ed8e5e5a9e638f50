// Every time, stiffness and threshold of the deoxys link, in one place.

export interface DeoxysOptions {
  /** Until the controller's first state must have come. */
  readonly connectTimeoutMs: number
  /**
   * Period of commands. The controller reads one every 50 ms, the newest: sent twice as often, none of its looks comes
   * up empty, and a repeated absolute goal changes nothing.
   */
  readonly tickMs: number
  /** Time of NO_CONTROL before and after control: the controller builds a new law only from there, and joins late. */
  readonly handoverMs: number
  /** Time in which stiffness rises from zero to its full value. */
  readonly stiffenMs: number
  /** Until the robot's clock must advance once control has begun. */
  readonly freshTimeoutMs: number
  /** Without any state: the controller is lost. It leaves by itself after 1 s without commands. */
  readonly stateTimeoutMs: number
  /** States come, but the robot's clock in them stands still. */
  readonly staleTimeoutMs: number
  /** Without a sign of life from the thread that runs the cycle the arm is stopped. */
  readonly heartbeatTimeoutMs: number
  /** Period of those signs. */
  readonly aliveMs: number

  /** Stiffness of each joint, Nm/rad, and damping, Nm s/rad: deoxys' own defaults. */
  readonly kpNmPerRad: readonly number[]
  readonly kdNmsPerRad: readonly number[]

  /** Fastest motion of the tool, m/s: deoxys' own bound for Cartesian velocities. Plans that are faster are slowed. */
  readonly speedMps: number
  readonly descendSpeedMps: number
  readonly accelerationMps2: number
  readonly yawSpeedRadps: number
  readonly jointSpeedRadps: number
  /** Time in which a stop brings the motion along its line to rest. */
  readonly stopMs: number

  /** Distance of the tool from its target that counts as arrived. */
  readonly arrivedM: number
  readonly arriveTimeoutMs: number
  /** Greatest correction of a goal against friction, radians. */
  readonly correctionRad: number
  /** Share of a joint's remaining error that is added to the correction at every tick. */
  readonly correctionShare: number
  /** A joint this far from its goal is not following. */
  readonly trackingErrorRad: number
  /** Farthest a measured posture may be from the one that inverse kinematics gives for its pose. */
  readonly postureRad: number

  /** Change of the external force that is contact in a descent, and a collision anywhere else, newtons. */
  readonly contactForceN: number
  readonly collisionForceN: number

  /** Fingers closer than this hold nothing, whatever the gripper says. */
  readonly emptyWidthM: number
  readonly openWidthM: number
  readonly gripperTimeoutMs: number

  /** States that are kept for errors. */
  readonly statesKept: number
}

export const deoxysDefaults: DeoxysOptions = {
  connectTimeoutMs: 3000,
  tickMs: 25,
  handoverMs: 1000,
  stiffenMs: 500,
  freshTimeoutMs: 2000,
  stateTimeoutMs: 500,
  staleTimeoutMs: 300,
  heartbeatTimeoutMs: 250,
  aliveMs: 50,
  kpNmPerRad: [100, 100, 100, 100, 75, 150, 50],
  kdNmsPerRad: [20, 20, 20, 20, 7.5, 15, 5],
  speedMps: 0.1,
  descendSpeedMps: 0.04,
  accelerationMps2: 0.5,
  yawSpeedRadps: 0.5,
  jointSpeedRadps: 0.5,
  stopMs: 200,
  arrivedM: 0.003,
  arriveTimeoutMs: 5000,
  correctionRad: 0.05,
  correctionShare: 0.05,
  trackingErrorRad: 0.3,
  postureRad: 0.6,
  contactForceN: 6,
  collisionForceN: 20,
  emptyWidthM: 0.002,
  openWidthM: 0.08,
  gripperTimeoutMs: 4000,
  statesKept: 50,
}

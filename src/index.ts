/**
 * The public API of `cliport-edge`: open a session on the simulated cell, on hardware or on given frames; run a goal and
 * watch it; predict on frames; talk to a controller.
 *
 * Metres, radians and seconds in the robot's base frame (x away from the robot, y left, z up) unless a name says
 * otherwise. What can be expected is a value; what nobody expects is a {@link CliportError} with a code (docs/errors.md).
 *
 * @packageDocumentation
 */

export {
  type CheckContext,
  checkPlan,
  isRefused,
  type Limits,
  type Violation,
  type ViolationCode,
} from './control/check.js'
export type { CycleResult, CycleSettings, CycleWatcher, StepRecord, View } from './control/cycle.js'
export type { Budget, Decision } from './control/decide.js'
export { CliportError, type ErrorCode } from './control/errors.js'
export type { Clarify } from './control/goal/sentence-in-force.js'
export type * from './control/goal/types.js'
export type { Box } from './control/keep-out.js'
export type { ActionPlans, PlanSettings, ToolPose } from './control/plan.js'
export type * from './control/ports.js'
export type * from './control/types.js'
export type { Verdict } from './control/verify.js'
export { readFrames } from './io/frame-folder.js'
export type { LinkClient } from './io/link/client.js'
export { type DatasetReport, readEpisode, verifyDataset } from './io/recording/dataset.js'
export { type RecordedMessage, type Recording, readRecording } from './io/recording/reader.js'
export { RunRecorder, type RunRecorderOptions } from './io/recording/run-recorder.js'
export { type ConfigSources, loadConfig } from './runtime/config/load.js'
export type { Config } from './runtime/config/schema.js'
export { type Durations, StageHistograms } from './runtime/durations.js'
export { type Jog, jog, recover } from './runtime/link/manual-motion.js'
export { type LinkStatus, statusOf } from './runtime/link/status.js'
export { type PredictedPose, type PredictReport, type PredictRequest, predict } from './runtime/predict.js'
export { type Consent, connectLink } from './runtime/robot.js'
export { type GoalOptions, runGoal } from './runtime/run-goal.js'
export {
  type CellPorts,
  type CellSession,
  type CellTarget,
  type HardwareSession,
  type HardwareTarget,
  openSession,
  type PerceptionPorts,
  type Scene,
  type Session,
} from './runtime/session.js'
export { workspaceOf } from './runtime/settings.js'
export type {
  Goal as ServiceGoal,
  Preview as ServicePreview,
  Question as ServiceQuestion,
  ServiceEvent,
  ServiceState,
  Takeover as ServiceTakeover,
  Turn as ServiceTurn,
} from './service/api.js'
export { type AddOptions, ServiceClient, type ServiceSession } from './service/client/client.js'
export type { ServiceAddress } from './service/client/find.js'
export type { Cell, CellFaults, CellOptions, CellReady, SimFrame, Truth } from './sim/api.js'
export { taskNames } from './sim/index.js'

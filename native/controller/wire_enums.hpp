// The wire's numbers are the core's: an enum that was reordered on one side does not compile.
#pragma once

#include "cliport/controller.hpp"
#include "link.pb.h"

namespace cliport {

namespace wire = cliport::link::v2;

static_assert(static_cast<int>(Mode::kDisarmed) == wire::MODE_DISARMED);
static_assert(static_cast<int>(Mode::kArmed) == wire::MODE_ARMED);
static_assert(static_cast<int>(Mode::kMoving) == wire::MODE_MOVING);
static_assert(static_cast<int>(Mode::kStopping) == wire::MODE_STOPPING);
static_assert(static_cast<int>(Mode::kStopped) == wire::MODE_STOPPED);
static_assert(static_cast<int>(Mode::kFault) == wire::MODE_FAULT);
static_assert(static_cast<int>(EventKind::kAccepted) == wire::EVENT_ACCEPTED);
static_assert(static_cast<int>(EventKind::kRejected) == wire::EVENT_REJECTED);
static_assert(static_cast<int>(EventKind::kStarted) == wire::EVENT_STARTED);
static_assert(static_cast<int>(EventKind::kSegment) == wire::EVENT_SEGMENT);
static_assert(static_cast<int>(EventKind::kDone) == wire::EVENT_DONE);
static_assert(static_cast<int>(EventKind::kEnded) == wire::EVENT_ENDED);
static_assert(static_cast<int>(EventKind::kMode) == wire::EVENT_MODE);
static_assert(static_cast<int>(EndEffectorKind::kNone) == wire::END_EFFECTOR_NONE);
static_assert(static_cast<int>(EndEffectorKind::kSuctionCup) == wire::END_EFFECTOR_SUCTION_CUP);
static_assert(static_cast<int>(EndEffectorKind::kTwoFinger) == wire::END_EFFECTOR_TWO_FINGER);
static_assert(static_cast<int>(EndEffectorKind::kDigitalOutput) == wire::END_EFFECTOR_DIGITAL_OUTPUT);
static_assert(static_cast<int>(Reason::kNone) == wire::REASON_NONE);
static_assert(static_cast<int>(Reason::kNoLease) == wire::REASON_NO_LEASE);
static_assert(static_cast<int>(Reason::kLeaseTaken) == wire::REASON_LEASE_TAKEN);
static_assert(static_cast<int>(Reason::kNotArmed) == wire::REASON_NOT_ARMED);
static_assert(static_cast<int>(Reason::kBusy) == wire::REASON_BUSY);
static_assert(static_cast<int>(Reason::kLatched) == wire::REASON_LATCHED);
static_assert(static_cast<int>(Reason::kExpired) == wire::REASON_EXPIRED);
static_assert(static_cast<int>(Reason::kDuplicate) == wire::REASON_DUPLICATE);
static_assert(static_cast<int>(Reason::kEmptyPlan) == wire::REASON_EMPTY_PLAN);
static_assert(static_cast<int>(Reason::kNotFinite) == wire::REASON_NOT_FINITE);
static_assert(static_cast<int>(Reason::kOutsideWorkspace) == wire::REASON_OUTSIDE_WORKSPACE);
static_assert(static_cast<int>(Reason::kTooFast) == wire::REASON_TOO_FAST);
static_assert(static_cast<int>(Reason::kUnreachable) == wire::REASON_UNREACHABLE);
static_assert(static_cast<int>(Reason::kNotVertical) == wire::REASON_NOT_VERTICAL);
static_assert(static_cast<int>(Reason::kWatchdog) == wire::REASON_WATCHDOG);
static_assert(static_cast<int>(Reason::kStopRequested) == wire::REASON_STOP_REQUESTED);
static_assert(static_cast<int>(Reason::kTrackingError) == wire::REASON_TRACKING_ERROR);
static_assert(static_cast<int>(Reason::kJointLimit) == wire::REASON_JOINT_LIMIT);
static_assert(static_cast<int>(Reason::kMeasurementInvalid) == wire::REASON_MEASUREMENT_INVALID);
static_assert(static_cast<int>(Reason::kUnexpectedContact) == wire::REASON_UNEXPECTED_CONTACT);
static_assert(static_cast<int>(Reason::kEventOverflow) == wire::REASON_EVENT_OVERFLOW);
static_assert(static_cast<int>(Reason::kKeepOut) == wire::REASON_KEEP_OUT);
static_assert(static_cast<int>(Reason::kForceCeiling) == wire::REASON_FORCE_CEILING);
static_assert(static_cast<int>(Reason::kReferenceInvalid) == wire::REASON_REFERENCE_INVALID);
static_assert(static_cast<int>(Reason::kRobotLost) == wire::REASON_ROBOT_LOST);
static_assert(static_cast<int>(Reason::kUserStop) == wire::REASON_USER_STOP);
static_assert(static_cast<int>(Reason::kRobotFailed) == wire::REASON_ROBOT_FAILED);
static_assert(static_cast<int>(Reason::kUnsupported) == wire::REASON_UNSUPPORTED);
static_assert(static_cast<int>(Reason::kMalformed) == wire::REASON_MALFORMED);
static_assert(static_cast<int>(Reason::kEndEffectorLost) == wire::REASON_END_EFFECTOR_LOST);
static_assert(static_cast<int>(Reason::kEndEffectorRange) == wire::REASON_END_EFFECTOR_RANGE);
static_assert(static_cast<int>(Reason::kJointPositionLimitsViolation) == wire::REASON_JOINT_POSITION_LIMITS_VIOLATION);
static_assert(static_cast<int>(Reason::kCartesianPositionLimitsViolation) ==
              wire::REASON_CARTESIAN_POSITION_LIMITS_VIOLATION);
static_assert(static_cast<int>(Reason::kSelfCollisionAvoidanceViolation) ==
              wire::REASON_SELF_COLLISION_AVOIDANCE_VIOLATION);
static_assert(static_cast<int>(Reason::kJointVelocityViolation) == wire::REASON_JOINT_VELOCITY_VIOLATION);
static_assert(static_cast<int>(Reason::kCartesianVelocityViolation) == wire::REASON_CARTESIAN_VELOCITY_VIOLATION);
static_assert(static_cast<int>(Reason::kForceControlSafetyViolation) == wire::REASON_FORCE_CONTROL_SAFETY_VIOLATION);
static_assert(static_cast<int>(Reason::kJointReflex) == wire::REASON_JOINT_REFLEX);
static_assert(static_cast<int>(Reason::kCartesianReflex) == wire::REASON_CARTESIAN_REFLEX);
static_assert(static_cast<int>(Reason::kMaxGoalPoseDeviationViolation) ==
              wire::REASON_MAX_GOAL_POSE_DEVIATION_VIOLATION);
static_assert(static_cast<int>(Reason::kMaxPathPoseDeviationViolation) ==
              wire::REASON_MAX_PATH_POSE_DEVIATION_VIOLATION);
static_assert(static_cast<int>(Reason::kCartesianVelocityProfileSafetyViolation) ==
              wire::REASON_CARTESIAN_VELOCITY_PROFILE_SAFETY_VIOLATION);
static_assert(static_cast<int>(Reason::kJointPositionMotionGeneratorStartPoseInvalid) ==
              wire::REASON_JOINT_POSITION_MOTION_GENERATOR_START_POSE_INVALID);
static_assert(static_cast<int>(Reason::kJointMotionGeneratorPositionLimitsViolation) ==
              wire::REASON_JOINT_MOTION_GENERATOR_POSITION_LIMITS_VIOLATION);
static_assert(static_cast<int>(Reason::kJointMotionGeneratorVelocityLimitsViolation) ==
              wire::REASON_JOINT_MOTION_GENERATOR_VELOCITY_LIMITS_VIOLATION);
static_assert(static_cast<int>(Reason::kJointMotionGeneratorVelocityDiscontinuity) ==
              wire::REASON_JOINT_MOTION_GENERATOR_VELOCITY_DISCONTINUITY);
static_assert(static_cast<int>(Reason::kJointMotionGeneratorAccelerationDiscontinuity) ==
              wire::REASON_JOINT_MOTION_GENERATOR_ACCELERATION_DISCONTINUITY);
static_assert(static_cast<int>(Reason::kCartesianPositionMotionGeneratorStartPoseInvalid) ==
              wire::REASON_CARTESIAN_POSITION_MOTION_GENERATOR_START_POSE_INVALID);
static_assert(static_cast<int>(Reason::kCartesianMotionGeneratorElbowLimitViolation) ==
              wire::REASON_CARTESIAN_MOTION_GENERATOR_ELBOW_LIMIT_VIOLATION);
static_assert(static_cast<int>(Reason::kCartesianMotionGeneratorVelocityLimitsViolation) ==
              wire::REASON_CARTESIAN_MOTION_GENERATOR_VELOCITY_LIMITS_VIOLATION);
static_assert(static_cast<int>(Reason::kCartesianMotionGeneratorVelocityDiscontinuity) ==
              wire::REASON_CARTESIAN_MOTION_GENERATOR_VELOCITY_DISCONTINUITY);
static_assert(static_cast<int>(Reason::kCartesianMotionGeneratorAccelerationDiscontinuity) ==
              wire::REASON_CARTESIAN_MOTION_GENERATOR_ACCELERATION_DISCONTINUITY);
static_assert(static_cast<int>(Reason::kCartesianMotionGeneratorElbowSignInconsistent) ==
              wire::REASON_CARTESIAN_MOTION_GENERATOR_ELBOW_SIGN_INCONSISTENT);
static_assert(static_cast<int>(Reason::kCartesianMotionGeneratorStartElbowInvalid) ==
              wire::REASON_CARTESIAN_MOTION_GENERATOR_START_ELBOW_INVALID);
static_assert(static_cast<int>(Reason::kCartesianMotionGeneratorJointPositionLimitsViolation) ==
              wire::REASON_CARTESIAN_MOTION_GENERATOR_JOINT_POSITION_LIMITS_VIOLATION);
static_assert(static_cast<int>(Reason::kCartesianMotionGeneratorJointVelocityLimitsViolation) ==
              wire::REASON_CARTESIAN_MOTION_GENERATOR_JOINT_VELOCITY_LIMITS_VIOLATION);
static_assert(static_cast<int>(Reason::kCartesianMotionGeneratorJointVelocityDiscontinuity) ==
              wire::REASON_CARTESIAN_MOTION_GENERATOR_JOINT_VELOCITY_DISCONTINUITY);
static_assert(static_cast<int>(Reason::kCartesianMotionGeneratorJointAccelerationDiscontinuity) ==
              wire::REASON_CARTESIAN_MOTION_GENERATOR_JOINT_ACCELERATION_DISCONTINUITY);
static_assert(static_cast<int>(Reason::kCartesianPositionMotionGeneratorInvalidFrameFlag) ==
              wire::REASON_CARTESIAN_POSITION_MOTION_GENERATOR_INVALID_FRAME_FLAG);
static_assert(static_cast<int>(Reason::kForceControllerDesiredForceToleranceViolation) ==
              wire::REASON_FORCE_CONTROLLER_DESIRED_FORCE_TOLERANCE_VIOLATION);
static_assert(static_cast<int>(Reason::kControllerTorqueDiscontinuity) == wire::REASON_CONTROLLER_TORQUE_DISCONTINUITY);
static_assert(static_cast<int>(Reason::kStartElbowSignInconsistent) == wire::REASON_START_ELBOW_SIGN_INCONSISTENT);
static_assert(static_cast<int>(Reason::kCommunicationConstraintsViolation) ==
              wire::REASON_COMMUNICATION_CONSTRAINTS_VIOLATION);
static_assert(static_cast<int>(Reason::kPowerLimitViolation) == wire::REASON_POWER_LIMIT_VIOLATION);
static_assert(static_cast<int>(Reason::kJointP2pInsufficientTorqueForPlanning) ==
              wire::REASON_JOINT_P2P_INSUFFICIENT_TORQUE_FOR_PLANNING);
static_assert(static_cast<int>(Reason::kTauJRangeViolation) == wire::REASON_TAU_J_RANGE_VIOLATION);
static_assert(static_cast<int>(Reason::kInstabilityDetected) == wire::REASON_INSTABILITY_DETECTED);
static_assert(static_cast<int>(Reason::kJointMoveInWrongDirection) == wire::REASON_JOINT_MOVE_IN_WRONG_DIRECTION);
static_assert(static_cast<int>(Reason::kCartesianSplineMotionGeneratorViolation) ==
              wire::REASON_CARTESIAN_SPLINE_MOTION_GENERATOR_VIOLATION);
static_assert(static_cast<int>(Reason::kJointViaMotionGeneratorPlanningJointLimitViolation) ==
              wire::REASON_JOINT_VIA_MOTION_GENERATOR_PLANNING_JOINT_LIMIT_VIOLATION);
static_assert(static_cast<int>(Reason::kBaseAccelerationInitializationTimeout) ==
              wire::REASON_BASE_ACCELERATION_INITIALIZATION_TIMEOUT);
static_assert(static_cast<int>(Reason::kBaseAccelerationInvalidReading) ==
              wire::REASON_BASE_ACCELERATION_INVALID_READING);
static_assert(static_cast<int>(kReasonCount) == wire::Reason_ARRAYSIZE);

inline wire::Mode wire_mode(Mode mode) { return static_cast<wire::Mode>(mode); }
inline wire::EventKind wire_event_kind(EventKind kind) { return static_cast<wire::EventKind>(kind); }
inline wire::Reason wire_reason(Reason reason) { return static_cast<wire::Reason>(reason); }
inline wire::EndEffectorKind wire_end_effector(EndEffectorKind kind) {
  return static_cast<wire::EndEffectorKind>(kind);
}

}  // namespace cliport

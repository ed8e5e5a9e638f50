// Why a command was rejected, or an arm stopped or faulted: the one list of the core, the wire and every log.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cliport {

/// In the order, and with the numbers, of `Reason` in native/proto/link.proto; new ones go to the end.
enum class Reason : std::uint8_t {
  kNone,
  kNoLease,             ///< sender does not hold the lease
  kLeaseTaken,          ///< another session holds it
  kNotArmed,            ///< disarmed
  kBusy,                ///< a plan is running
  kLatched,             ///< stopped or faulted; a person must clear it first
  kExpired,             ///< not started within valid_for_ns
  kDuplicate,           ///< id was seen before
  kEmptyPlan,           ///< no segment, or more than kMaxSegments
  kNotFinite,           ///< NaN or infinity in a segment
  kOutsideWorkspace,    ///< a target, or the line to it, leaves the motion box
  kTooFast,             ///< speed above the limit, or not positive
  kUnreachable,         ///< no inverse kinematics inside the joint margin along the line
  kNotVertical,         ///< a descent that moves sideways or up
  kWatchdog,            ///< no heartbeat of the lease holder within the time-out
  kStopRequested,       ///< somebody asked to stop
  kTrackingError,       ///< measured joints too far from the reference
  kJointLimit,          ///< measured joint outside its limits
  kMeasurementInvalid,  ///< measured state not finite
  kUnexpectedContact,   ///< contact while moving with nothing expected
  kEventOverflow,       ///< nobody fetched the events of a moving arm
  kKeepOut,             ///< some part of the arm would come into a keep-out box
  kForceCeiling,        ///< the tool or a joint meets more force than it may
  kReferenceInvalid,    ///< the next reference would have broken a joint's limit: a bug, and every joint was braked
  kRobotLost,           ///< the robot's states stopped coming
  kUserStop,            ///< somebody pressed the robot's stop
  kRobotFailed,         ///< the robot refuses to move without naming an error; the log of cliport-controller says more
  kUnsupported,         ///< asks for what this controller does not carry out
  kMalformed,           ///< could not be read as a request
  kEndEffectorLost,     ///< the end effector does not report, or does not do as it is told
  kEndEffectorRange,    ///< a width, force or speed that the end effector cannot do
  // What Franka's robot interface reports, by its names and in its order (libfranka, errors.h).
  kJointPositionLimitsViolation,
  kCartesianPositionLimitsViolation,
  kSelfCollisionAvoidanceViolation,
  kJointVelocityViolation,
  kCartesianVelocityViolation,
  kForceControlSafetyViolation,
  kJointReflex,
  kCartesianReflex,
  kMaxGoalPoseDeviationViolation,
  kMaxPathPoseDeviationViolation,
  kCartesianVelocityProfileSafetyViolation,
  kJointPositionMotionGeneratorStartPoseInvalid,
  kJointMotionGeneratorPositionLimitsViolation,
  kJointMotionGeneratorVelocityLimitsViolation,
  kJointMotionGeneratorVelocityDiscontinuity,
  kJointMotionGeneratorAccelerationDiscontinuity,
  kCartesianPositionMotionGeneratorStartPoseInvalid,
  kCartesianMotionGeneratorElbowLimitViolation,
  kCartesianMotionGeneratorVelocityLimitsViolation,
  kCartesianMotionGeneratorVelocityDiscontinuity,
  kCartesianMotionGeneratorAccelerationDiscontinuity,
  kCartesianMotionGeneratorElbowSignInconsistent,
  kCartesianMotionGeneratorStartElbowInvalid,
  kCartesianMotionGeneratorJointPositionLimitsViolation,
  kCartesianMotionGeneratorJointVelocityLimitsViolation,
  kCartesianMotionGeneratorJointVelocityDiscontinuity,
  kCartesianMotionGeneratorJointAccelerationDiscontinuity,
  kCartesianPositionMotionGeneratorInvalidFrameFlag,
  kForceControllerDesiredForceToleranceViolation,
  kControllerTorqueDiscontinuity,
  kStartElbowSignInconsistent,
  kCommunicationConstraintsViolation,
  kPowerLimitViolation,
  kJointP2pInsufficientTorqueForPlanning,
  kTauJRangeViolation,
  kInstabilityDetected,
  kJointMoveInWrongDirection,
  kCartesianSplineMotionGeneratorViolation,
  kJointViaMotionGeneratorPlanningJointLimitViolation,
  kBaseAccelerationInitializationTimeout,
  kBaseAccelerationInvalidReading,
};
inline constexpr std::size_t kReasonCount = static_cast<std::size_t>(Reason::kBaseAccelerationInvalidReading) + 1;

/// Its name on the wire without REASON_, in lower case; empty for kNone. Franka's errors keep libfranka's names, but
/// for the capital of tau_J_range_violation.
const char* to_string(Reason reason);

}  // namespace cliport

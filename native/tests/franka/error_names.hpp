// Errors of FCI that the test server raises: positions in research_interface::robot::Error, and their names.
#pragma once

#include <cstddef>

namespace cliport::fci {

extern const std::size_t kJointPositionViolation;
extern const std::size_t kJointVelocityViolation;
extern const std::size_t kJointReflex;
extern const std::size_t kCartesianReflex;
extern const std::size_t kStartPoseInvalid;
extern const std::size_t kPositionLimits;
extern const std::size_t kVelocityLimits;
extern const std::size_t kVelocityDiscontinuity;
extern const std::size_t kAccelerationDiscontinuity;
extern const std::size_t kTorqueDiscontinuity;
extern const std::size_t kTorqueRange;
extern const std::size_t kCommunication;

/// e.g. "joint_reflex"
const char* error_name(std::size_t index);

}  // namespace cliport::fci

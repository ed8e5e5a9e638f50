#include "error_names.hpp"

#include <stdexcept>
// Defines a function that is not inline: this is the only file that may include it.
#include <research_interface/robot/error.h>

namespace cliport::fci {

using research_interface::robot::Error;

const std::size_t kJointPositionViolation = static_cast<std::size_t>(Error::kJointPositionLimitsViolation);
const std::size_t kJointVelocityViolation = static_cast<std::size_t>(Error::kJointVelocityViolation);
const std::size_t kJointReflex = static_cast<std::size_t>(Error::kJointReflex);
const std::size_t kCartesianReflex = static_cast<std::size_t>(Error::kCartesianReflex);
const std::size_t kStartPoseInvalid = static_cast<std::size_t>(Error::kJointPositionMotionGeneratorStartPoseInvalid);
const std::size_t kPositionLimits = static_cast<std::size_t>(Error::kJointMotionGeneratorPositionLimitsViolation);
const std::size_t kVelocityLimits = static_cast<std::size_t>(Error::kJointMotionGeneratorVelocityLimitsViolation);
const std::size_t kVelocityDiscontinuity = static_cast<std::size_t>(Error::kJointMotionGeneratorVelocityDiscontinuity);
const std::size_t kAccelerationDiscontinuity =
    static_cast<std::size_t>(Error::kJointMotionGeneratorAccelerationDiscontinuity);
const std::size_t kTorqueDiscontinuity = static_cast<std::size_t>(Error::kControllerTorqueDiscontinuity);
const std::size_t kTorqueRange = static_cast<std::size_t>(Error::kTauJRangeViolation);
const std::size_t kCommunication = static_cast<std::size_t>(Error::kCommunicationConstraintsViolation);

const char* error_name(std::size_t index) { return research_interface::robot::getErrorName(static_cast<Error>(index)); }

}  // namespace cliport::fci

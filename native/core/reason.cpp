#include "cliport/reason.hpp"

#include <array>
#include <cstddef>

namespace cliport {
namespace {

/// By number; native/tests/wire_test.cpp holds each against the wire's own name.
constexpr std::array kNames{
    "",
    "no_lease",
    "lease_taken",
    "not_armed",
    "busy",
    "latched",
    "expired",
    "duplicate",
    "empty_plan",
    "not_finite",
    "outside_workspace",
    "too_fast",
    "unreachable",
    "not_vertical",
    "watchdog",
    "stop_requested",
    "tracking_error",
    "joint_limit",
    "measurement_invalid",
    "unexpected_contact",
    "event_overflow",
    "keep_out",
    "force_ceiling",
    "reference_invalid",
    "robot_lost",
    "user_stop",
    "robot_failed",
    "unsupported",
    "malformed",
    "end_effector_lost",
    "end_effector_range",
    "joint_position_limits_violation",
    "cartesian_position_limits_violation",
    "self_collision_avoidance_violation",
    "joint_velocity_violation",
    "cartesian_velocity_violation",
    "force_control_safety_violation",
    "joint_reflex",
    "cartesian_reflex",
    "max_goal_pose_deviation_violation",
    "max_path_pose_deviation_violation",
    "cartesian_velocity_profile_safety_violation",
    "joint_position_motion_generator_start_pose_invalid",
    "joint_motion_generator_position_limits_violation",
    "joint_motion_generator_velocity_limits_violation",
    "joint_motion_generator_velocity_discontinuity",
    "joint_motion_generator_acceleration_discontinuity",
    "cartesian_position_motion_generator_start_pose_invalid",
    "cartesian_motion_generator_elbow_limit_violation",
    "cartesian_motion_generator_velocity_limits_violation",
    "cartesian_motion_generator_velocity_discontinuity",
    "cartesian_motion_generator_acceleration_discontinuity",
    "cartesian_motion_generator_elbow_sign_inconsistent",
    "cartesian_motion_generator_start_elbow_invalid",
    "cartesian_motion_generator_joint_position_limits_violation",
    "cartesian_motion_generator_joint_velocity_limits_violation",
    "cartesian_motion_generator_joint_velocity_discontinuity",
    "cartesian_motion_generator_joint_acceleration_discontinuity",
    "cartesian_position_motion_generator_invalid_frame_flag",
    "force_controller_desired_force_tolerance_violation",
    "controller_torque_discontinuity",
    "start_elbow_sign_inconsistent",
    "communication_constraints_violation",
    "power_limit_violation",
    "joint_p2p_insufficient_torque_for_planning",
    "tau_j_range_violation",
    "instability_detected",
    "joint_move_in_wrong_direction",
    "cartesian_spline_motion_generator_violation",
    "joint_via_motion_generator_planning_joint_limit_violation",
    "base_acceleration_initialization_timeout",
    "base_acceleration_invalid_reading",
};
static_assert(kNames.size() == kReasonCount);

}  // namespace

const char* to_string(Reason reason) {
  const auto number = static_cast<std::size_t>(reason);
  return number < kNames.size() ? kNames[number] : "unknown";
}

}  // namespace cliport

#include <cmath>
#include <sstream>
#include <stdexcept>
#include <string>

#include "controller_internal.hpp"

namespace cliport {
namespace {

[[noreturn]] void refuse(const std::string& name, double value, const std::string& expected) {
  std::ostringstream message;
  message << "Expected " << name << " " << expected << " but received " << value;
  throw std::invalid_argument(message.str());
}

void expect_positive(const std::string& name, double value) {
  if (!(value > 0.0 && std::isfinite(value))) refuse(name, value, "to be positive");
}

void expect_at_least(const std::string& name, double value, const std::string& least_name, double least) {
  if (!(value >= least && std::isfinite(value))) {
    refuse(name, value,
           "to be at least " + (least_name == "0" ? least_name : least_name + ", " + std::to_string(least)));
  }
}

void expect_at_most(const std::string& name, double value, const std::string& of, double most) {
  if (!(value <= most)) refuse(name, value, "to be at most the limit" + of + ", " + std::to_string(most));
}

void check_box(const std::string& name, const Box& box) {
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double low = box[2 * axis];
    const double high = box[2 * axis + 1];
    if (!(low < high && std::isfinite(low) && std::isfinite(high))) {
      refuse(name + ", lower end of " + "xyz"[axis] + ",", low, "to be below the upper end " + std::to_string(high));
    }
  }
}

}  // namespace

ControllerConfig config_for(ArmModel arm) {
  ControllerConfig config;
  config.arm = arm;
  config.joint_limits = joint_limits_of(arm);
  return config;
}

void check_config(const ControllerConfig& config, const Joints& q_rad) {
  expect_positive("speed_mps", config.speed_mps);
  expect_positive("acceleration_mps2", config.acceleration_mps2);
  expect_positive("jerk_mps3", config.jerk_mps3);
  expect_positive("yaw_speed_radps", config.yaw_speed_radps);
  expect_positive("yaw_acceleration_radps2", config.yaw_acceleration_radps2);
  expect_positive("yaw_jerk_radps3", config.yaw_jerk_radps3);
  expect_positive("stop_acceleration_mps2", config.stop_acceleration_mps2);
  expect_positive("stop_jerk_mps3", config.stop_jerk_mps3);
  expect_positive("tracking_error_rad", config.tracking_error_rad);
  expect_positive("watchdog_s", config.watchdog_s);
  expect_positive("grasp_settle_s", config.grasp_settle_s);
  expect_positive("cycle_s", config.cycle_s);
  if (!(config.lease_timeout_s >= config.watchdog_s && std::isfinite(config.lease_timeout_s))) {
    refuse("lease_timeout_s", config.lease_timeout_s, "to be at least watchdog_s");
  }
  if (!(config.joint_margin_rad >= 0.0 && std::isfinite(config.joint_margin_rad))) {
    refuse("joint_margin_rad", config.joint_margin_rad, "to be 0 or more");
  }
  if (!std::isfinite(config.tool.flange_to_tcp_m) || !std::isfinite(config.tool.flange_to_tcp_yaw_rad)) {
    refuse("tool", config.tool.flange_to_tcp_m, "to be finite");
  }
  expect_positive("contact_force_n", config.contact_force_n);
  expect_positive("torque_ceiling_nm", config.torque_ceiling_nm);
  expect_at_least("force_ceiling_n", config.force_ceiling_n, "contact_force_n", config.contact_force_n);
  expect_at_least("tool_radius_m", config.tool_radius_m, "0", 0.0);
  expect_at_least("tool_load.mass_kg", config.tool_load.mass_kg, "0", 0.0);
  expect_at_least("held_load.mass_kg", config.held_load.mass_kg, "0", 0.0);
  const CartesianLimits arm = cartesian_limits_of(config.arm);
  const std::string of_arm = std::string(" of a ") + to_string(config.arm);
  expect_at_most("speed_mps", config.speed_mps, of_arm, arm.velocity_mps);
  expect_at_most("acceleration_mps2", config.acceleration_mps2, of_arm, arm.acceleration_mps2);
  expect_at_most("jerk_mps3", config.jerk_mps3, of_arm, arm.jerk_mps3);
  expect_at_most("stop_acceleration_mps2", config.stop_acceleration_mps2, of_arm, arm.acceleration_mps2);
  expect_at_most("stop_jerk_mps3", config.stop_jerk_mps3, of_arm, arm.jerk_mps3);
  expect_at_most("yaw_speed_radps", config.yaw_speed_radps, of_arm, arm.velocity_radps);
  expect_at_most("yaw_acceleration_radps2", config.yaw_acceleration_radps2, of_arm, arm.acceleration_radps2);
  expect_at_most("yaw_jerk_radps3", config.yaw_jerk_radps3, of_arm, arm.jerk_radps3);
  check_box("motion_box_m", config.motion_box_m);
  for (std::size_t i = 0; i < config.keep_out_m.size(); ++i) {
    check_box("keep_out_m[" + std::to_string(i) + "]", config.keep_out_m[i]);
  }
  for (std::size_t i = 0; i < 7; ++i) {
    if (!std::isfinite(q_rad[i])) refuse("q_rad[" + std::to_string(i) + "]", q_rad[i], "to be finite");
  }
}

}  // namespace cliport

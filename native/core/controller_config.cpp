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

}  // namespace

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
  expect_positive("suction_settle_s", config.suction_settle_s);
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
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double low = config.motion_box_m[2 * axis];
    const double high = config.motion_box_m[2 * axis + 1];
    if (!(low < high && std::isfinite(low) && std::isfinite(high))) {
      refuse(std::string("motion_box_m, lower end of ") + "xyz"[axis] + ",", low,
             "to be below the upper end " + std::to_string(high));
    }
  }
  for (std::size_t i = 0; i < 7; ++i) {
    if (!std::isfinite(q_rad[i])) refuse("q_rad[" + std::to_string(i) + "]", q_rad[i], "to be finite");
  }
}

}  // namespace cliport

#include "franka/settings.hpp"

#include <cmath>
#include <stdexcept>

namespace cliport::fci {

void check_settings(const Settings& settings) {
  if (settings.robot_ip.empty()) {
    throw std::invalid_argument("Expected the robot's address for --robot-ip but received nothing");
  }
  for (std::size_t i = 0; i < 7; ++i) {
    const double stiffness = settings.joint_stiffness_nmprad[i];
    // Range that the robot accepts (libfranka, Robot::setJointImpedance).
    if (stiffness >= 0.0 && stiffness <= 14'250.0) continue;
    throw std::invalid_argument("Expected joint_stiffness_nmprad[" + std::to_string(i) + "] in 0..14250 but received " +
                                std::to_string(stiffness));
  }
  if (!(settings.reflex_factor >= 1.0 && std::isfinite(settings.reflex_factor))) {
    throw std::invalid_argument("Expected reflex_factor to be 1 or more but received " +
                                std::to_string(settings.reflex_factor));
  }
  if (settings.state_timeout_ns < 20'000'000) {
    throw std::invalid_argument("Expected state_timeout_ns to be 20000000 or more but received " +
                                std::to_string(settings.state_timeout_ns));
  }
}

}  // namespace cliport::fci

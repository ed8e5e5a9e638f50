// What a Franka arm is told before it moves.
#pragma once

#include <cstdint>
#include <string>

#include "cliport/controller.hpp"
#include "cliport/impedance.hpp"

namespace cliport::fci {

/// How references reach the joints.
enum class Drive : std::uint8_t {
  kTorque,    ///< joint impedance computed here, torques sent: tolerates lost packets
  kPosition,  ///< positions sent, joint impedance inside the robot: exact, and tolerates no discontinuity
};

struct Settings {
  std::string robot_ip;
  Drive drive = Drive::kTorque;
  ImpedanceConfig impedance;  ///< kTorque
  /// kPosition: stiffness of the robot's own joint impedance, Nm/rad. The defaults are libfranka's examples'.
  Joints joint_stiffness_nmprad{3000, 3000, 3000, 2500, 2500, 2000, 2000};
  /// The robot's own reflex comes at this many times the controller's ceilings: the smooth stop is tried first.
  double reflex_factor = 1.5;
  /// A kernel without real-time scheduling is refused, not only warned about.
  bool require_realtime = false;
  /// State time-out: without a state for so long the robot is lost. The robot itself gives up after 20 ms without
  /// commands.
  std::int64_t state_timeout_ns = 50'000'000;
};

/// @throws std::invalid_argument naming the setting, what it is and what it may be
void check_settings(const Settings& settings);

}  // namespace cliport::fci

// deoxys' messages as values of this program, both ways. Bytes come from anywhere: nothing in them is believed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cliport/controller.hpp"

namespace cliport {

/// Control laws by deoxys' numbers.
enum class DeoxysLaw : std::uint8_t {
  kNone = 0,
  kOscPose = 1,
  kOscPosition = 2,
  kJointPosition = 3,
  kJointImpedance = 4,
  kOscYaw = 7,
  kCartesianVelocity = 8,
};

/// One command of the arm.
struct DeoxysOrder {
  bool termination = false;  ///< a real controller's process would exit
  DeoxysLaw law = DeoxysLaw::kNone;
  bool is_delta = false;
  std::array<double, 3> linear{};   ///< m; m/s with kCartesianVelocity
  std::array<double, 3> angular{};  ///< axis times angle, rad; rad/s with kCartesianVelocity
  Joints q_rad{};                   ///< joint laws only
  bool is_limp = false;             ///< kJointImpedance without any stiffness: the arm is not to be moved
};

/// @param problem why not, in words that say what was expected and received; set when nothing is returned
std::optional<DeoxysOrder> parse_deoxys_order(std::string_view bytes, std::string& problem);

/// What a command of the gripper wants of the vacuum, which stands for it: on for a grasp, off for a move; nothing for
/// the others. @param problem as above
std::optional<bool> parse_deoxys_gripper(std::string_view bytes, std::string& problem);

/// The arm's state as deoxys publishes it. What the simulated arm does not have (masses, inertias, torques) is zero,
/// but of the right length.
/// @param is_controlled the client's law is in force @param frame counts messages
std::string deoxys_arm_state(const Snapshot& snapshot, const Tool& tool, bool is_controlled, std::uint64_t frame);

/// The vacuum as a gripper's state: 0.08 m wide when off, 0.04 m when it holds something, closed otherwise.
std::string deoxys_gripper_state(const Snapshot& snapshot);

}  // namespace cliport

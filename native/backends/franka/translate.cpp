#include "franka/translate.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace cliport::fci {

Reason reason_in(std::string_view message) {
  // libfranka writes tau_J_range_violation.
  std::string text(message);
  for (char& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  for (auto reason = static_cast<int>(Reason::kJointPositionLimitsViolation);
       reason <= static_cast<int>(Reason::kBaseAccelerationInvalidReading); ++reason) {
    const std::string_view name = to_string(static_cast<Reason>(reason));
    // In quotes, so that joint_velocity_violation is not found in another error's longer name.
    std::size_t at = text.find(name);
    for (; at != std::string_view::npos; at = text.find(name, at + 1)) {
      const bool begins = at > 0 && text[at - 1] == '"';
      const bool ends = at + name.size() < text.size() && text[at + name.size()] == '"';
      if (begins && ends) return static_cast<Reason>(reason);
    }
  }
  return Reason::kNone;
}

Reason fault_of(const ::franka::RobotState& state) {
  using ::franka::RobotMode;
  if (state.robot_mode == RobotMode::kUserStopped) return Reason::kUserStop;
  const bool refuses = state.robot_mode == RobotMode::kReflex || state.robot_mode == RobotMode::kAutomaticErrorRecovery;
  if (!static_cast<bool>(state.current_errors) && !refuses) return Reason::kNone;
  Reason reason = reason_in(std::string(state.current_errors));
  if (reason == Reason::kNone) reason = reason_in(std::string(state.last_motion_errors));
  return reason == Reason::kNone ? Reason::kRobotFailed : reason;
}

Measured measured_of(const ::franka::RobotState& state) {
  Measured measured;
  measured.q_rad = state.q;
  measured.dq_radps = state.dq;
  measured.tau_ext_nm = state.tau_ext_hat_filtered;
  std::copy_n(state.O_F_ext_hat_K.begin(), 3, measured.f_ext_base_n.begin());
  measured.contact = std::any_of(state.cartesian_contact.begin(), state.cartesian_contact.begin() + 3,
                                 [](double level) { return level > 0.0; });
  measured.fault = fault_of(state);
  return measured;
}

Transform transform_of(const std::array<double, 16>& columns) {
  Transform T;
  for (std::size_t row = 0; row < 4; ++row) {
    for (std::size_t column = 0; column < 4; ++column) T[row * 4 + column] = columns[column * 4 + row];
  }
  return T;
}

std::array<double, 16> columns_of(const Transform& T) { return transform_of(T); }

}  // namespace cliport::fci

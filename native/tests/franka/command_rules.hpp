// What a Franka arm demands of the commands that it receives each millisecond, with the names that FCI gives to
// violations ("Robot and interface specifications" of Franka's FCI documentation): derivatives are backward Euler at
// 1 ms, a motion starts and ends at rest.
#pragma once

#include <research_interface/robot/rbk_types.h>

#include <optional>

#include "cliport/kinematics.hpp"

namespace cliport::fci {

inline constexpr double kCycleS = 0.001;
inline constexpr std::size_t kErrors = 41;

/// Position in research_interface::robot::Error, which is also the position in RobotState.errors.
using ErrorIndex = std::size_t;

/// The greatest values that ever arrived: what a test compares with the limits.
struct Extremes {
  Joints dq_radps{};
  Joints ddq_radps2{};
  Joints dddq_radps3{};
  Joints tau_nm{};
  Joints dtau_nmps{};
};

class CommandRules {
 public:
  explicit CommandRules(const JointLimits& limits) : limits_(limits) {}

  /// A motion begins, at rest at q_d_rad.
  void begin(const Joints& q_d_rad);

  /// One position command of the joint motion generator. @return violation, nothing when it may be followed
  std::optional<ErrorIndex> check_position(const Joints& q_c_rad, bool finished);
  /// One velocity command; the torque interface sends zeros.
  std::optional<ErrorIndex> check_velocity(const Joints& dq_c_radps, bool finished);
  /// One torque command, without gravity.
  std::optional<ErrorIndex> check_torque(const Joints& tau_nm);

  /// The command of a lost cycle: constant acceleration goes on.
  Joints extrapolate_position();

  const Extremes& extremes() const { return extremes_; }
  const Joints& q_rad() const { return q_rad_; }
  const Joints& dq_radps() const { return dq_radps_; }
  const Joints& ddq_radps2() const { return ddq_radps2_; }

 private:
  std::optional<ErrorIndex> check_derivatives(const Joints& dq_radps, bool finished);

  const JointLimits limits_;
  Joints q_rad_{};
  Joints dq_radps_{};
  Joints ddq_radps2_{};
  Joints tau_nm_{};
  bool started_ = false;
  Extremes extremes_;
};

}  // namespace cliport::fci

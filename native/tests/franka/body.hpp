// The body of the test robot: seven decoupled joints with inertia and friction, and a table under the tool.
#pragma once

#include <optional>

#include "cliport/kinematics.hpp"

namespace cliport::fci {

struct BodySettings {
  Tool tool;
  JointLimits limits = panda_joint_limits();
  /// Horizontal plane that pushes the tool up; absent: nothing is touched.
  std::optional<double> surface_z_m;
};

/// Gravity is compensated, as FCI does it; what remains is inertia, viscous friction and what pushes from outside.
class Body {
 public:
  Body(const BodySettings& settings, const Joints& q_rad);

  /// 1 ms under commanded torques.
  void step_torque(const Joints& tau_nm);
  /// 1 ms under the robot's own joint impedance, which follows a reference.
  void step_position(const Joints& q_d_rad, const Joints& dq_d_radps);

  /// Pushes from outside until told otherwise.
  void push_joints(const Joints& torque_nm) { pushed_nm_ = torque_nm; }
  void push_tool(const std::array<double, 3>& force_n) { pushed_n_ = force_n; }

  const Joints& q_rad() const { return q_rad_; }
  const Joints& dq_radps() const { return dq_radps_; }
  /// What pushes from outside, as the robot estimates it: on the joints, and on the tool in the base frame.
  const Joints& external_torque_nm() const { return external_nm_; }
  const std::array<double, 3>& external_force_n() const { return force_n_; }

 private:
  void feel();
  void move(const Joints& ddq_radps2);

  const BodySettings settings_;
  Joints q_rad_;
  Joints dq_radps_{};
  Joints pushed_nm_{};
  std::array<double, 3> pushed_n_{};
  Joints external_nm_{};
  std::array<double, 3> force_n_{};
};

}  // namespace cliport::fci

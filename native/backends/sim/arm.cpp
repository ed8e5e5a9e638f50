#include "sim/arm.hpp"

#include <algorithm>

namespace cliport::sim {

Arm::Arm(const ArmConfig& config, const Joints& q_rad) : config_(config) { measured_.q_rad = q_rad; }

const Measured& Arm::step(const Reference& reference) {
  // x'' = w^2 (r - x) + 2 w (r' - x'), semi-implicit Euler: stable for w * dt < 2.
  const double w = config_.bandwidth_radps;
  const double dt = config_.cycle_s;
  for (std::size_t i = 0; i < measured_.q_rad.size(); ++i) {
    double& q = measured_.q_rad[i];
    double& dq = measured_.dq_radps[i];
    dq += dt * (w * w * (reference.q_rad[i] - q) + 2.0 * w * (reference.dq_radps[i] - dq));
    q += dt * dq;
    const double q_limited = std::clamp(q, config_.joint_limits.q_min_rad[i], config_.joint_limits.q_max_rad[i]);
    if (q_limited != q) dq = 0.0;
    q = q_limited;
  }
  const Transform T_base_tool = forward(measured_.q_rad, config_.tool);
  const double z_m = T_base_tool[11];
  measured_.contact = z_m <= config_.surface_z_m;
  measured_.f_ext_base_n = {0.0, 0.0, config_.stiffness_npm * std::max(0.0, config_.surface_z_m - z_m)};
  sealing_s_ = measured_.contact && reference.grasp ? sealing_s_ + dt : 0.0;
  if (sealing_s_ >= config_.seal_s) measured_.holding = true;
  if (!reference.grasp) measured_.holding = false;
  return measured_;
}

Joints start_posture() {
  Joints q_rad{0.0, -0.785398163397448, 0.0, -2.35619449019234, 0.0, 1.5707963267949, 0.785398163397448};
  inverse({0.45, 0.0, 0.3}, 0.0, Tool{}, panda_joint_limits(), 0.1, q_rad);
  return q_rad;
}

}  // namespace cliport::sim

#include "body.hpp"

#include <algorithm>

#include "command_rules.hpp"

namespace cliport::fci {
namespace {

// Of the size that published identifications of the arm give (Gaz et al., RA-L 2019), about a middle posture.
constexpr Joints kInertiaKgm2{1.2, 1.4, 1.0, 1.0, 0.25, 0.2, 0.1};
constexpr Joints kViscousNms{2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 0.5};
constexpr double kServoRadps = 120.0;  // of the robot's own joint impedance
constexpr double kSurfaceNpm = 15'000.0;
constexpr double kSurfaceNspm = 150.0;

}  // namespace

Body::Body(const BodySettings& settings, const Joints& q_rad) : settings_(settings), q_rad_(q_rad) {}

void Body::feel() {
  const Jacobian J = jacobian(q_rad_, settings_.tool);
  force_n_ = pushed_n_;
  if (settings_.surface_z_m) {
    const double depth_m = *settings_.surface_z_m - forward(q_rad_, settings_.tool)[11];
    double dz_mps = 0.0;
    for (std::size_t i = 0; i < 7; ++i) dz_mps += J[2 * 7 + i] * dq_radps_[i];
    if (depth_m > 0.0) force_n_[2] += std::max(0.0, kSurfaceNpm * depth_m - kSurfaceNspm * dz_mps);
  }
  for (std::size_t i = 0; i < 7; ++i) {
    external_nm_[i] = pushed_nm_[i];
    for (std::size_t axis = 0; axis < 3; ++axis) external_nm_[i] += J[axis * 7 + i] * force_n_[axis];
  }
}

void Body::move(const Joints& ddq_radps2) {
  for (std::size_t i = 0; i < 7; ++i) {
    dq_radps_[i] += kCycleS * ddq_radps2[i];
    q_rad_[i] += kCycleS * dq_radps_[i];
    const double stopped = std::clamp(q_rad_[i], settings_.limits.q_min_rad[i], settings_.limits.q_max_rad[i]);
    if (stopped != q_rad_[i]) dq_radps_[i] = 0.0;
    q_rad_[i] = stopped;
  }
}

void Body::step_torque(const Joints& tau_nm) {
  feel();
  Joints ddq;
  for (std::size_t i = 0; i < 7; ++i) {
    ddq[i] = (tau_nm[i] + external_nm_[i] - kViscousNms[i] * dq_radps_[i]) / kInertiaKgm2[i];
  }
  move(ddq);
}

void Body::step_position(const Joints& q_d_rad, const Joints& dq_d_radps) {
  feel();
  Joints ddq;
  for (std::size_t i = 0; i < 7; ++i) {
    ddq[i] = kServoRadps * kServoRadps * (q_d_rad[i] - q_rad_[i]) + 2.0 * kServoRadps * (dq_d_radps[i] - dq_radps_[i]) +
             external_nm_[i] / kInertiaKgm2[i];
  }
  move(ddq);
}

}  // namespace cliport::fci

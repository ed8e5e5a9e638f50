#include "cliport/impedance.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace cliport {
namespace {

void expect_positive(const char* name, const Joints& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] > 0.0 && std::isfinite(values[i])) continue;
    throw std::invalid_argument("Expected " + std::string(name) + "[" + std::to_string(i) +
                                "] to be positive but received " + std::to_string(values[i]));
  }
}

}  // namespace

JointImpedance::JointImpedance(const ImpedanceConfig& config) : config_(config) {
  expect_positive("stiffness_nmprad", config.stiffness_nmprad);
  expect_positive("damping_nmsprad", config.damping_nmsprad);
  expect_positive("reference_clip_rad", config.reference_clip_rad);
  expect_positive("torque_max_nm", config.torque_max_nm);
  if (!(config.torque_rate_nmps > 0.0 && config.cycle_s > 0.0)) {
    throw std::invalid_argument("Expected torque_rate_nmps and cycle_s to be positive but received " +
                                std::to_string(config.torque_rate_nmps) + " and " + std::to_string(config.cycle_s));
  }
}

const Joints& JointImpedance::torques(const Joints& q_ref_rad, const Joints& dq_ref_radps, const Joints& q_rad,
                                      const Joints& dq_radps, const Joints& feed_forward_nm) {
  // Slightly below the rate: the robot takes differences of what it received, rounded.
  const double step_nm = 0.999 * config_.torque_rate_nmps * config_.cycle_s;
  for (std::size_t i = 0; i < tau_nm_.size(); ++i) {
    const double clip_rad = config_.reference_clip_rad[i];
    const double ahead_rad = std::clamp(q_ref_rad[i] - q_rad[i], -clip_rad, clip_rad);
    const double wanted_nm = config_.stiffness_nmprad[i] * ahead_rad +
                             config_.damping_nmsprad[i] * (dq_ref_radps[i] - dq_radps[i]) + feed_forward_nm[i];
    if (!std::isfinite(wanted_nm)) continue;  // nothing can be known from such a cycle: the torque stays
    const double bounded_nm = std::clamp(wanted_nm, -config_.torque_max_nm[i], config_.torque_max_nm[i]);
    tau_nm_[i] += std::clamp(bounded_nm - tau_nm_[i], -step_nm, step_nm);
  }
  return tau_nm_;
}

}  // namespace cliport

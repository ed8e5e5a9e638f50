#include "command_rules.hpp"

#include <algorithm>
#include <cmath>

#include "error_names.hpp"

namespace cliport::fci {
namespace {

// A start further than this from the desired pose is refused.
constexpr double kStartToleranceRad = 1e-3;
// A motion that ends faster than this has not been brought to rest.
constexpr double kRestRadps = 5e-3;
// Rounding of a third difference at 1 ms: 1e-9 * 2^-52 * q, some 1e-6 of the limits.
constexpr double kRounding = 1e-5;
constexpr Joints kTauMaxNm{87.0, 87.0, 87.0, 87.0, 12.0, 12.0, 12.0};
constexpr double kTauRateNmps = 1000.0;

void keep_greatest(Joints& greatest, const Joints& values) {
  for (std::size_t i = 0; i < 7; ++i) greatest[i] = std::max(greatest[i], std::abs(values[i]));
}

bool exceeds(const Joints& values, const Joints& limits) {
  for (std::size_t i = 0; i < 7; ++i) {
    if (!(std::abs(values[i]) <= limits[i] * (1.0 + kRounding))) return true;
  }
  return false;
}

}  // namespace

void CommandRules::begin(const Joints& q_d_rad) {
  q_rad_ = q_d_rad;
  dq_radps_.fill(0.0);
  ddq_radps2_.fill(0.0);
  tau_nm_.fill(0.0);
  started_ = false;
}

std::optional<ErrorIndex> CommandRules::check_position(const Joints& q_c_rad, bool finished) {
  Joints dq;
  for (std::size_t i = 0; i < 7; ++i) {
    if (!started_ && !(std::abs(q_c_rad[i] - q_rad_[i]) <= kStartToleranceRad)) return kStartPoseInvalid;
    if (!(q_c_rad[i] >= limits_.q_min_rad[i] && q_c_rad[i] <= limits_.q_max_rad[i])) return kPositionLimits;
    dq[i] = (q_c_rad[i] - q_rad_[i]) / kCycleS;
  }
  started_ = true;
  q_rad_ = q_c_rad;
  return check_derivatives(dq, finished);
}

std::optional<ErrorIndex> CommandRules::check_velocity(const Joints& dq_c_radps, bool finished) {
  started_ = true;
  for (std::size_t i = 0; i < 7; ++i) q_rad_[i] += dq_c_radps[i] * kCycleS;
  return check_derivatives(dq_c_radps, finished);
}

std::optional<ErrorIndex> CommandRules::check_derivatives(const Joints& dq_radps, bool finished) {
  Joints ddq;
  Joints dddq;
  for (std::size_t i = 0; i < 7; ++i) {
    ddq[i] = (dq_radps[i] - dq_radps_[i]) / kCycleS;
    dddq[i] = (ddq[i] - ddq_radps2_[i]) / kCycleS;
  }
  dq_radps_ = dq_radps;
  ddq_radps2_ = ddq;
  keep_greatest(extremes_.dq_radps, dq_radps);
  keep_greatest(extremes_.ddq_radps2, ddq);
  keep_greatest(extremes_.dddq_radps3, dddq);
  if (exceeds(dq_radps, limits_.dq_max_radps)) return kVelocityLimits;
  if (exceeds(ddq, limits_.ddq_max_radps2)) return kVelocityDiscontinuity;
  if (exceeds(dddq, limits_.jerk_max_radps3)) return kAccelerationDiscontinuity;
  Joints rest;
  rest.fill(kRestRadps);
  if (finished && exceeds(dq_radps, rest)) return kVelocityDiscontinuity;
  return std::nullopt;
}

std::optional<ErrorIndex> CommandRules::check_torque(const Joints& tau_nm) {
  Joints rate;
  for (std::size_t i = 0; i < 7; ++i) rate[i] = (tau_nm[i] - tau_nm_[i]) / kCycleS;
  tau_nm_ = tau_nm;
  keep_greatest(extremes_.tau_nm, tau_nm);
  keep_greatest(extremes_.dtau_nmps, rate);
  if (exceeds(tau_nm, kTauMaxNm)) return kTorqueRange;
  Joints rate_max;
  rate_max.fill(kTauRateNmps);
  if (exceeds(rate, rate_max)) return kTorqueDiscontinuity;
  return std::nullopt;
}

Joints CommandRules::extrapolate_position() {
  for (std::size_t i = 0; i < 7; ++i) {
    dq_radps_[i] += ddq_radps2_[i] * kCycleS;
    q_rad_[i] += dq_radps_[i] * kCycleS;
  }
  return q_rad_;
}

}  // namespace cliport::fci

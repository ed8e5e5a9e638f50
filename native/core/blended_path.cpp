#include "cliport/blended_path.hpp"

#include <algorithm>
#include <cmath>

namespace cliport {

Blend::Share Blend::at(double t_s) const {
  const double peak = 1.0 / (jerk_s + hold_s);
  const double jerk = peak / jerk_s;
  const double left_s = duration_s() - t_s;
  if (t_s < jerk_s) return {jerk * t_s * t_s / 2.0, jerk * t_s * t_s * t_s / 6.0, jerk * t_s, jerk};
  if (left_s > jerk_s) {
    const double held_s = t_s - jerk_s;
    const double begun = jerk * jerk_s * jerk_s / 2.0;
    return {begun + peak * held_s, begun * jerk_s / 3.0 + held_s * (begun + peak * held_s / 2.0), peak, 0.0};
  }
  const double rest_s = std::max(left_s, 0.0);
  return {1.0 - jerk * rest_s * rest_s / 2.0, duration_s() / 2.0 - rest_s + jerk * rest_s * rest_s * rest_s / 6.0,
          jerk * rest_s, -jerk};
}

const PathPhase& BlendedPath::phase_at(double t_s) const {
  const auto end = phases_.begin() + static_cast<std::ptrdiff_t>(phase_count_);
  const auto after =
      std::upper_bound(phases_.begin(), end, t_s, [](double t, const PathPhase& phase) { return t < phase.start_s; });
  return after == phases_.begin() ? phases_.front() : *(after - 1);
}

Coordinates BlendedPath::at(double t_s) const {
  const PathPhase& phase = phase_at(std::clamp(t_s, 0.0, duration_s_));
  const double within_s = std::clamp(t_s - phase.start_s, 0.0, phase.duration_s);
  const double integral_s = phase.blend.duration_s() > 0.0 ? phase.blend.at(within_s).integral : 0.0;
  Coordinates p;
  for (std::size_t i = 0; i < p.size(); ++i) {
    p[i] = phase.from[i] + phase.velocity[i] * within_s + phase.change[i] * integral_s;
  }
  return p;
}

bool BlendedPath::joints(double t_s, Joints& q_rad) const {
  const Coordinates at_t = at(t_s);
  Joints q;
  if (!tool_down({at_t[0], at_t[1], at_t[2]}, at_t[3], tool_, q)) return false;
  q[6] = q[0] - at_t[3] - tool_.flange_to_tcp_yaw_rad;  // not wrapped: joint 7 turns the way that was planned
  const double s = duration_s_ > 0.0 ? std::clamp(t_s / duration_s_, 0.0, 1.0) : 1.0;
  const double rest = 1.0 - s * s * s * (10.0 + s * (-15.0 + 6.0 * s));
  for (std::size_t i = 0; i < 7; ++i) q_rad[i] = q[i] + rest * offset_rad_[i];
  return true;
}

std::size_t BlendedPath::leg_at(double t_s) const {
  std::size_t leg = 0;
  while (leg + 1 < leg_count_ && t_s >= leg_end_s_[leg]) ++leg;
  return leg;
}

Profile BlendedPath::stop(const MotionState& from) const {
  const auto part_of = [this](double t_s) {
    return std::clamp(static_cast<int>(t_s / duration_s_ * kParts), 0, kParts - 1);
  };
  int part = part_of(from.position);
  MotionLimits limits = stop_[static_cast<std::size_t>(part)];
  for (;;) {
    const Profile profile = Profile::stop(from, limits);
    const int last = part_of(profile.end());
    if (last <= part) return profile;
    for (; part < last; ++part) {  // it comes to rest in parts that may allow less
      const MotionLimits& next = stop_[static_cast<std::size_t>(part + 1)];
      limits.acceleration = std::min(limits.acceleration, next.acceleration);
      limits.jerk = std::min(limits.jerk, next.jerk);
    }
  }
}

}  // namespace cliport

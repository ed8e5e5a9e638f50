#include "cliport/trajectory.hpp"

#include <algorithm>
#include <cmath>

namespace cliport {
namespace {

MotionState advance(const MotionState& from, double jerk, double t) {
  return {
      from.position + t * (from.velocity + t * (from.acceleration / 2.0 + t * jerk / 6.0)),
      from.velocity + t * (from.acceleration + t * jerk / 2.0),
      from.acceleration + t * jerk,
  };
}

// The greatest speed in low..limits.velocity for which `length_of` is at most `length`; it grows with the speed.
template <typename LengthOf>
double fastest(double low, double high, double length, LengthOf length_of) {
  if (length_of(high) <= length) return high;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2.0;
    (length_of(middle) <= length ? low : high) = middle;
  }
  return low;
}

}  // namespace

SpeedChange::SpeedChange(double from, double to, const MotionLimits& limits) {
  const auto [_, a, j] = limits;
  const double by = std::abs(to - from);
  jerk_s = by * j < a * a ? std::sqrt(by / j) : a / j;
  hold_s = by * j < a * a ? 0.0 : by / a - jerk_s;
  length = (from + to) / 2.0 * (2.0 * jerk_s + hold_s);
}

Profile Profile::steady(double duration_s) {
  Profile profile;
  profile.last_.velocity = 1.0;
  profile.append(duration_s, 0.0);
  return profile;
}

void Profile::append_change(double from, double to, const MotionLimits& limits) {
  const SpeedChange change(from, to, limits);
  const double jerk = to < from ? -limits.jerk : limits.jerk;
  append(change.jerk_s, jerk);
  append(change.hold_s, 0.0);
  append(change.jerk_s, -jerk);
}

bool Profile::through(std::span<const Piece> pieces, Profile& profile) {
  const auto from_rest = [](const Piece& piece) {
    return fastest(0.0, piece.limits.velocity, piece.length,
                   [&piece](double v) { return SpeedChange(0.0, v, piece.limits).length; });
  };
  std::array<double, kMostPieces + 1> speeds{};  // where each piece begins, and the last ends
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    speeds[i] = std::min(pieces[i - 1].limits.velocity, pieces[i].limits.velocity);
    if (i == 1) speeds[i] = std::min(speeds[i], from_rest(pieces.front()));
    if (i + 1 == pieces.size()) speeds[i] = std::min(speeds[i], from_rest(pieces.back()));
  }
  Profile whole;
  double end = 0.0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const double length = pieces[i].length;
    const MotionLimits& limits = pieces[i].limits;
    const double enter = speeds[i], leave = speeds[i + 1];
    const auto length_at = [&](double v) {
      return SpeedChange(enter, v, limits).length + SpeedChange(v, leave, limits).length;
    };
    constexpr double kRounding = 1e-9;
    if (length_at(std::max(enter, leave)) > length * (1.0 + kRounding)) return false;
    const double peak = fastest(std::max(enter, leave), limits.velocity, length, length_at);
    whole.append_change(enter, peak, limits);
    whole.append((length - length_at(peak)) / peak, 0.0);
    whole.append_change(peak, leave, limits);
    end += length;
  }
  whole.end_ = end;
  profile = whole;
  return true;
}

void Profile::append(double duration_s, double jerk) {
  if (!(duration_s > 0.0)) return;
  phases_[count_++] = {last_, jerk, duration_s};
  last_ = advance(last_, jerk, duration_s);
  duration_s_ += duration_s;
  end_ = last_.position;
}

MotionState Profile::at(double t_s) const {
  if (t_s >= duration_s_) return {end_, 0.0, 0.0};
  for (int i = 0; i < count_; ++i) {
    if (t_s < phases_[i].duration_s) return advance(phases_[i].from, phases_[i].jerk, t_s);
    t_s -= phases_[i].duration_s;
  }
  return {end_, 0.0, 0.0};  // rounding of the sum of durations
}

Profile Profile::rest_to_rest(double distance, const MotionLimits& limits) {
  const auto [v, a, j] = limits;
  Profile profile;
  if (!(distance > 0.0)) return profile;

  // Time of constant jerk, of a whole acceleration, and at constant velocity.
  double jerk_s = v * j < a * a ? std::sqrt(v / j) : a / j;
  double ramp_s = v * j < a * a ? 2.0 * jerk_s : jerk_s + v / a;
  double cruise_s = distance / v - ramp_s;
  if (cruise_s < 0.0) {  // too short to reach v
    cruise_s = 0.0;
    if (distance >= 2.0 * a * a * a / (j * j)) {
      jerk_s = a / j;
      ramp_s = (jerk_s + std::sqrt(jerk_s * jerk_s + 4.0 * distance / a)) / 2.0;
    } else {  // nor a
      jerk_s = std::cbrt(distance / (2.0 * j));
      ramp_s = 2.0 * jerk_s;
    }
  }
  const double hold_s = ramp_s - 2.0 * jerk_s;
  profile.append(jerk_s, j);
  profile.append(hold_s, 0.0);
  profile.append(jerk_s, -j);
  profile.append(cruise_s, 0.0);
  profile.append(jerk_s, -j);
  profile.append(hold_s, 0.0);
  profile.append(jerk_s, j);
  profile.end_ = distance;
  return profile;
}

Profile Profile::stop(const MotionState& from, const MotionLimits& limits) {
  Profile profile;
  profile.last_ = {from.position, std::max(from.velocity, 0.0), from.acceleration};
  profile.end_ = from.position;
  const auto [position, v, a] = profile.last_;
  const double j = limits.jerk;
  const double a_max = std::max(limits.acceleration, -a);

  if (a < 0.0 && v < a * a / (2.0 * j)) {  // only a steeper end of the braking does not reverse
    if (v > 0.0) profile.append(2.0 * v / -a, a * a / (2.0 * v));
    return profile;
  }
  // Down to -peak, hold, and back to zero, losing v in all.
  double peak = std::sqrt(j * v + a * a / 2.0);
  double hold_s = 0.0;
  if (peak > a_max) {
    peak = a_max;
    hold_s = (v + a * a / (2.0 * j) - peak * peak / j) / peak;
  }
  profile.append((a + peak) / j, -j);
  profile.append(hold_s, 0.0);
  profile.append(peak / j, j);
  return profile;
}

JointStop::JointStop(const Joints& q_rad, const Joints& dq_radps, const Joints& ddq_radps2, const JointLimits& limits) {
  constexpr double kAccelerationShare = 0.9;
  constexpr double kJerkShare = 0.5;
  for (std::size_t i = 0; i < 7; ++i) {
    const double sign = dq_radps[i] < 0.0 ? -1.0 : 1.0;  // profiles go forward only
    sign_[i] = sign;
    profiles_[i] =
        Profile::stop({sign * q_rad[i], sign * dq_radps[i], sign * ddq_radps2[i]},
                      {0.0, kAccelerationShare * limits.ddq_max_radps2[i], kJerkShare * limits.jerk_max_radps3[i]});
    duration_s_ = std::max(duration_s_, profiles_[i].duration_s());
  }
}

Joints JointStop::at(double t_s) const {
  Joints q_rad;
  for (std::size_t i = 0; i < 7; ++i) q_rad[i] = sign_[i] * profiles_[i].at(t_s).position;
  return q_rad;
}

}  // namespace cliport

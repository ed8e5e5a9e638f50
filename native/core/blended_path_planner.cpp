#include "blended_path_planner.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace cliport {
namespace {

// Shares of the joint limits that a path may take as planned, and that a stop on it may.
constexpr double kVelocityShare = 0.7;
constexpr double kAccelerationShare = 0.8;
constexpr double kJerkShare = 0.6;
constexpr double kStopAccelerationShare = 0.9;
constexpr double kStopJerkShare = 0.8;

constexpr double kSampleS = 0.004;
constexpr double kFewestSamples = 64.0;
constexpr double kMostSamples = 4000.0;
constexpr double kNothing = 1e-9;  // metres or radians that are no motion
constexpr double kShortM = 1e-6;   // shorter ways turn only
constexpr double kSpanM = 0.15;    // no shorter are the spans of a long leg: a ramp must find room in one
constexpr double kJumpRad = 0.8;   // between samples: the path passes the base axis
constexpr int kRounds = 14;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// So fast nominal time can be slowed down anywhere: a path leaves the joints room for it. A stop then takes 0.4 s at
// most.
constexpr double kStopRate = 3.0;          // 1/s
constexpr double kLeastStopRate = 2.9;     // 1/s; less counts as no stop
constexpr double kLeastStopJerk = 40.0;    // 1/s^2
constexpr double kGreatestStopRate = 1e3;  // 1/s
constexpr double kGreatestStopJerk = 1e6;  // 1/s^2

double linear(const Coordinates& way) { return std::hypot(way[0], way[1], way[2]); }

Coordinates times(const Coordinates& way, double factor) {
  return {way[0] * factor, way[1] * factor, way[2] * factor, way[3] * factor};
}

/// Norms of the tool's velocity, acceleration and jerk.
struct ToolMotion {
  double velocity_mps, acceleration_mps2, jerk_mps3;
};

ToolMotion motion_in(const PathPhase& phase, double within_s) {
  if (!(phase.blend.duration_s() > 0.0)) return {linear(phase.velocity), 0.0, 0.0};
  const Blend::Share share = phase.blend.at(std::clamp(within_s, 0.0, phase.duration_s));
  Coordinates velocity = phase.velocity;
  for (std::size_t i = 0; i < velocity.size(); ++i) velocity[i] += phase.change[i] * share.done;
  const double change = linear(phase.change);
  return {linear(velocity), change * share.rate, change * std::abs(share.jerk)};
}

/// The part of an acceleration that a stop adds to: where it slows a joint down. Where it drives it, a stop takes from
/// it.
double slowing(double velocity, double acceleration) {
  return velocity * acceleration < 0.0 ? std::abs(acceleration) : 0.0;
}

}  // namespace

void PathPlanner::Load::take(const Load& other) {
  velocity = std::max(velocity, other.velocity);
  acceleration = std::max(acceleration, other.acceleration);
  jerk = std::max(jerk, other.jerk);
}

double PathPlanner::Load::stretch() const { return std::max({velocity, std::sqrt(acceleration), std::cbrt(jerk)}); }

bool PathPlanner::plan(const Joints& from_rad, std::span<const Leg> legs) {
  if (legs.empty() || legs.size() > BlendedPath::kMostLegs || !lay_out(from_rad, legs)) return false;
  if (!choose_rates()) return false;
  for (int round = 0; round < kRounds; ++round) {
    build();
    if (!sample()) return false;
    if (!slow_down(round)) break;
    if (!choose_rates()) return false;
  }
  build();
  if (!sample()) return false;
  Load all;
  for (const Derivatives& at : samples_) all.take(load_of(at));
  if (all.stretch() > 1.0) {
    stretch(all.stretch());
    if (!sample()) return false;
  }
  finish(legs.size());
  return bound_stops();
}

bool PathPlanner::lay_out(const Joints& from_rad, std::span<const Leg> legs) {
  from_rad_ = from_rad;
  path_.tool_ = limits_.tool;
  const Tool& tool = limits_.tool;
  const Transform T = forward(from_rad, tool);
  Joints posture;
  if (!tool_down({T[3], T[7], T[11]}, yaw_of(T), tool, posture)) return false;
  posture[6] = from_rad[6] + std::remainder(posture[6] - from_rad[6], 2.0 * std::numbers::pi);
  for (std::size_t i = 0; i < 7; ++i) {
    path_.offset_rad_[i] = from_rad[i] - posture[i];
    if (!(std::abs(path_.offset_rad_[i]) <= BlendedPath::kGreatestOffsetRad)) return false;
  }
  start_ = {T[3], T[7], T[11], posture[0] - posture[6] - tool.flange_to_tcp_yaw_rad};

  path_.length_m_ = 0.0;
  spans_.clear();
  Coordinates from = start_;
  for (std::size_t leg = 0; leg < legs.size(); ++leg) {
    Joints end;
    const Leg& to = legs[leg];
    if (!inverse(to.p_base_m, to.yaw_rad, tool, limits_.joint_limits, limits_.joint_margin_rad, end)) return false;
    const Coordinates target{to.p_base_m[0], to.p_base_m[1], to.p_base_m[2],
                             end[0] - end[6] - tool.flange_to_tcp_yaw_rad};
    append_leg(legs, leg, {target[0] - from[0], target[1] - from[1], target[2] - from[2], target[3] - from[3]});
    from = target;
  }
  blends_.assign(spans_.size() + 1, {});
  shares_.assign(spans_.size() + 1, {});
  return !spans_.empty();
}

/// A long leg in several spans: what the joints allow differs along it.
void PathPlanner::append_leg(std::span<const Leg> legs, std::size_t leg, const Coordinates& way) {
  const double length_m = linear(way);
  if (!(length_m > kNothing) && !(std::abs(way[3]) > kNothing)) return;
  path_.length_m_ += length_m;
  const std::size_t room = BlendedPath::kMostSpans / legs.size();
  const std::size_t pieces =
      std::clamp<std::size_t>(static_cast<std::size_t>(length_m / kSpanM), 1, std::min<std::size_t>(room, 4));
  const double share = 1.0 / static_cast<double>(pieces);
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    Span span{.way = times(way, share), .length_m = std::max(length_m * share, kShortM), .leg = leg};
    span.most = std::min(legs[leg].speed_mps / span.length_m, limits_.angular.velocity / std::abs(span.way[3]));
    const bool is_first = piece == 0 && leg > 0;
    const bool is_last = piece + 1 == pieces && leg + 1 < legs.size();
    span.enters_at_speed = piece == 0 && legs[leg].is_descent && !spans_.empty();
    span.cut_in_m = is_first && !span.enters_at_speed ? legs[leg - 1].blend_radius_m : kInfinity;
    span.cut_out_m = is_last && !legs[leg + 1].is_descent ? legs[leg].blend_radius_m : kInfinity;
    spans_.push_back(span);
  }
}

/// The phases that the rates make: blend, constant velocity, blend, ...
void PathPlanner::build() {
  path_.phase_count_ = 0;
  path_.duration_s_ = 0.0;
  before_.clear();
  Coordinates at = start_;
  const auto append = [&](std::size_t span, const Coordinates& velocity, const Coordinates& change, const Blend& blend,
                          double duration_s) {
    if (!(duration_s > 0.0)) return;
    path_.phases_[path_.phase_count_++] = {path_.duration_s_, duration_s, at, velocity, change, blend};
    before_.push_back(span);
    for (std::size_t i = 0; i < at.size(); ++i) {
      at[i] += velocity[i] * duration_s + (blend.duration_s() > 0.0 ? change[i] * duration_s / 2.0 : 0.0);
    }
    path_.duration_s_ += duration_s;
  };
  Coordinates velocity{};
  for (std::size_t span = 0; span <= spans_.size(); ++span) {
    const Coordinates next = span < spans_.size() ? times(spans_[span].way, spans_[span].rate) : Coordinates{};
    Coordinates change;
    for (std::size_t i = 0; i < change.size(); ++i) change[i] = next[i] - velocity[i];
    append(span, velocity, change, blends_[span], blends_[span].duration_s());
    velocity = next;
    if (span < spans_.size()) append(span, velocity, {}, {}, cruise_share(span) / spans_[span].rate);
  }
}

void PathPlanner::stretch(double by) {
  for (std::size_t k = 0; k < path_.phase_count_; ++k) {
    PathPhase& phase = path_.phases_[k];
    phase.start_s *= by;
    phase.duration_s *= by;
    phase.velocity = times(phase.velocity, 1.0 / by);
    phase.change = times(phase.change, 1.0 / by);
    phase.blend = {phase.blend.jerk_s * by, phase.blend.hold_s * by};
  }
  path_.duration_s_ *= by;
}

/// Joints along the path, and their derivatives by differences. @return false beyond reach or inside the joint margin
bool PathPlanner::sample() {
  const JointLimits& joint = limits_.joint_limits;
  const int count = static_cast<int>(std::clamp(std::ceil(path_.duration_s_ / kSampleS), kFewestSamples, kMostSamples));
  step_s_ = path_.duration_s_ / count;
  samples_.assign(static_cast<std::size_t>(count) + 3, {});
  Derivatives before{.q = from_rad_};
  for (std::size_t k = 0; k < samples_.size(); ++k) {
    Derivatives& now = samples_[k];
    if (!path_.joints(static_cast<double>(k) * step_s_, now.q)) return false;
    for (std::size_t i = 0; i < 7; ++i) {
      const double low = std::min(joint.q_min_rad[i] + limits_.joint_margin_rad, from_rad_[i]);
      const double high = std::max(joint.q_max_rad[i] - limits_.joint_margin_rad, from_rad_[i]);
      if (!(now.q[i] >= low - kNothing && now.q[i] <= high + kNothing)) return false;
      if (std::abs(now.q[i] - before.q[i]) > kJumpRad) return false;
      now.dq[i] = (now.q[i] - before.q[i]) / step_s_;
      now.ddq[i] = (now.dq[i] - before.dq[i]) / step_s_;
      now.dddq[i] = (now.ddq[i] - before.ddq[i]) / step_s_;
    }
    before = now;
  }
  return true;
}

PathPlanner::Load PathPlanner::load_of(const Derivatives& at) const {
  const JointLimits& joint = limits_.joint_limits;
  Load load;
  for (std::size_t i = 0; i < 7; ++i) {
    const double ddq_max = joint.ddq_max_radps2[i];
    const double stopping = slowing(at.dq[i], at.ddq[i]) + kStopRate * std::abs(at.dq[i]);
    load.take(
        {std::abs(at.dq[i]) / (kVelocityShare * joint.dq_max_at(i, at.q[i], at.dq[i])),
         std::max(std::abs(at.ddq[i]) / (kAccelerationShare * ddq_max), stopping / (kStopAccelerationShare * ddq_max)),
         std::abs(at.dddq[i]) / (kJerkShare * joint.jerk_max_radps3[i])});
  }
  return load;
}

/// Slower where the joints would be too fast. @return whether anything was
bool PathPlanner::slow_down(int round) {
  constexpr double kSpare = 1.01;
  std::vector<Load> loads(path_.phase_count_);
  std::size_t phase = 0;
  for (std::size_t k = 0; k < samples_.size(); ++k) {
    // A difference belongs to the time between its samples.
    const double t_s = (static_cast<double>(k) - 1.0) * step_s_;
    while (phase + 1 < path_.phase_count_ && t_s >= path_.phases_[phase + 1].start_s) ++phase;
    loads[phase].take(load_of(samples_[k]));
  }
  bool slowed = false;
  for (std::size_t k = 0; k < loads.size(); ++k) {
    const Load& load = loads[k];
    const double by = load.stretch();
    if (by <= 1.0) continue;
    slowed = true;
    const std::size_t span = before_[k];
    if (!(path_.phases_[k].blend.duration_s() > 0.0)) {
      spans_[span].most = std::min(spans_[span].most, spans_[span].rate / (by * kSpare));
      continue;
    }
    shares_[span].acceleration /= std::max(1.0, load.acceleration * kSpare);
    shares_[span].jerk /= std::max({1.0, load.jerk * kSpare, load.acceleration * kSpare});
    // Where a blend alone does not help it is the speed at the corner that bends the joints' ways.
    const double speed = std::max(load.velocity * kSpare, round < 3 ? 1.0 : std::pow(by, 0.5));
    for (const std::size_t beside : {span - 1, span}) {
      if (beside < spans_.size()) spans_[beside].most = std::min(spans_[beside].most, spans_[beside].rate / speed);
    }
  }
  return slowed;
}

/// What is left of the limits for slowing nominal time down at a sample: of the tool and of every joint
/// x'' = x_tt r^2 + x_t r', x''' = x_ttt r^3 + 3 x_tt r r' + x_t r'' with r <= 1 the rate of nominal time.
bool PathPlanner::bound_stop(std::size_t sample, MotionLimits& limits) const {
  double rate = kGreatestStopRate;
  double jerk = kGreatestStopJerk;
  const auto bound = [&](double velocity, double acceleration, double slowing, double jerk_taken,
                         double most_acceleration, double most_jerk) {
    rate = std::min({rate, (most_acceleration - slowing) / velocity, most_jerk / 2.0 / (3.0 * acceleration)});
    jerk = std::min(jerk, (most_jerk / 2.0 - jerk_taken) / velocity);
  };
  const double t_s = static_cast<double>(sample) * step_s_;
  const PathPhase& phase = path_.phase_at(t_s);
  const ToolMotion tool = motion_in(phase, t_s - phase.start_s);
  bound(tool.velocity_mps, tool.acceleration_mps2, tool.acceleration_mps2, tool.jerk_mps3, limits_.stop.acceleration,
        limits_.stop.jerk);
  const Derivatives& at = samples_[sample];
  for (std::size_t i = 0; i < 7; ++i) {
    bound(std::abs(at.dq[i]), std::abs(at.ddq[i]), slowing(at.dq[i], at.ddq[i]), std::abs(at.dddq[i]),
          kStopAccelerationShare * limits_.joint_limits.ddq_max_radps2[i],
          kStopJerkShare * limits_.joint_limits.jerk_max_radps3[i]);
  }
  limits.acceleration = std::min(limits.acceleration, rate);
  limits.jerk = std::min(limits.jerk, jerk);
  return rate >= kLeastStopRate && jerk >= kLeastStopJerk;
}

bool PathPlanner::bound_stops() {
  path_.stop_.fill({1.0, kInfinity, kInfinity});
  const int last = BlendedPath::kParts - 1;
  for (std::size_t k = 0; k < samples_.size(); ++k) {
    MotionLimits limits{1.0, kInfinity, kInfinity};
    if (!bound_stop(k, limits)) return false;
    // A sample bounds the path from its neighbours on both sides; its differences reach back by three.
    const double part_s = path_.duration_s_ / BlendedPath::kParts;
    const int first = static_cast<int>((static_cast<double>(k) - 3.0) * step_s_ / part_s);
    const int end = static_cast<int>((static_cast<double>(k) + 1.0) * step_s_ / part_s);
    for (int part = std::clamp(first, 0, last); part <= std::clamp(end, 0, last); ++part) {
      MotionLimits& least = path_.stop_[static_cast<std::size_t>(part)];
      least.acceleration = std::min(least.acceleration, limits.acceleration);
      least.jerk = std::min(least.jerk, limits.jerk);
    }
  }
  return true;
}

void PathPlanner::finish(std::size_t legs) {
  path_.leg_count_ = legs;
  path_.leg_end_s_.fill(0.0);
  for (std::size_t k = 0; k < path_.phase_count_; ++k) {
    const PathPhase& phase = path_.phases_[k];
    const std::size_t span = before_[k];
    const double end_s = phase.start_s + phase.duration_s;
    if (!(phase.blend.duration_s() > 0.0)) {
      path_.leg_end_s_[spans_[span].leg] = end_s;
    } else if (span > 0) {
      const bool is_over = span < spans_.size() && spans_[span].enters_at_speed;
      path_.leg_end_s_[spans_[span - 1].leg] = is_over ? end_s : phase.start_s + phase.duration_s / 2.0;
    }
  }
  // A leg without a way ends with the one before it.
  for (std::size_t leg = 1; leg < legs; ++leg) {
    path_.leg_end_s_[leg] = std::max(path_.leg_end_s_[leg], path_.leg_end_s_[leg - 1]);
  }
  path_.profile_ = Profile::steady(path_.duration_s_);
}

bool BlendedPath::plan(const Joints& from_rad, std::span<const Leg> legs, const LineLimits& limits) {
  return PathPlanner(limits, *this).plan(from_rad, legs);
}

}  // namespace cliport

// The rates of a blended path's spans: as fast as the blends between them leave room for.
#include <algorithm>
#include <cmath>

#include "blended_path_planner.hpp"

namespace cliport {
namespace {

constexpr double kRounding = 1e-9;
constexpr int kPolishes = 4;
constexpr double kLeastRate = 1e-3;  // 1/s

double linear(const Coordinates& way) { return std::hypot(way[0], way[1], way[2]); }

}  // namespace

Blend PathPlanner::blend_before(std::size_t span) const {
  Coordinates change{};
  for (std::size_t i = 0; i < change.size(); ++i) {
    if (span < spans_.size()) change[i] += spans_[span].rate * spans_[span].way[i];
    if (span > 0) change[i] -= spans_[span - 1].rate * spans_[span - 1].way[i];
  }
  const auto [_, a, j] = limits_.linear;
  const auto [__, a_yaw, j_yaw] = limits_.angular;
  const Share& share = shares_[span];
  const SpeedChange speed(0.0, linear(change), {0.0, a * share.acceleration, j * share.jerk});
  const SpeedChange yaw(0.0, std::abs(change[3]), {0.0, a_yaw * share.acceleration, j_yaw * share.jerk});
  const double jerk_s = std::max(speed.jerk_s, yaw.jerk_s);
  const double ramp_s = std::max(speed.jerk_s + speed.hold_s, yaw.jerk_s + yaw.hold_s);
  return {jerk_s, ramp_s - jerk_s};
}

void PathPlanner::refresh(std::size_t span) {
  blends_[span] = blend_before(span);
  blends_[span + 1] = blend_before(span + 1);
}

double PathPlanner::cruise_share(std::size_t span) const {
  const Span& now = spans_[span];
  const double in_s = blends_[span].duration_s() / 2.0;
  const double out_s = blends_[span + 1].duration_s() / 2.0;
  double share = 1.0 - now.rate * ((now.enters_at_speed ? 0.0 : in_s) + out_s);
  if (span + 1 < spans_.size() && spans_[span + 1].enters_at_speed) {
    const Span& next = spans_[span + 1];
    share -= next.rate * next.length_m * out_s / now.length_m;
  }
  return share;
}

double PathPlanner::excess(std::size_t span) const {
  const Span& now = spans_[span];
  const double in_m = now.rate * now.length_m * blends_[span].duration_s() / 2.0;
  const double out_m = now.rate * now.length_m * blends_[span + 1].duration_s() / 2.0;
  return std::max({1.0 - cruise_share(span), in_m / now.cut_in_m, out_m / now.cut_out_m});
}

bool PathPlanner::fits() const {
  for (std::size_t span = 0; span < spans_.size(); ++span) {
    if (!(excess(span) <= 1.0 + kRounding)) return false;
  }
  return true;
}

/// Slower where the blends are too long, until all fit: so far no faster than it was.
/// @return false when they do not fit at any speed: a descent that is entered at speed needs more than the way before
/// it
bool PathPlanner::shrink() {
  for (bool all = false; !all;) {
    all = true;
    for (std::size_t span = 0; span < spans_.size(); ++span) {
      const double over = excess(span);
      if (over <= 1.0 + kRounding) continue;
      all = false;
      spans_[span].rate /= std::clamp(std::sqrt(over), 1.01, 2.0);
      if (!(spans_[span].rate >= kLeastRate)) return false;
      refresh(span);
    }
  }
  return true;
}

void PathPlanner::widen(std::size_t span) {
  double low = spans_[span].rate;
  double high = spans_[span].most;
  const auto fits_at = [&](double rate) {
    spans_[span].rate = rate;
    refresh(span);
    return fits();
  };
  if (fits_at(high)) return;
  for (int i = 0; i < 10; ++i) {
    const double middle = (low + high) / 2.0;
    (fits_at(middle) ? low : high) = middle;
  }
  fits_at(low);
}

double PathPlanner::whole_s() const {
  double whole = blends_.back().duration_s();
  for (std::size_t span = 0; span < spans_.size(); ++span) {
    whole += blends_[span].duration_s() + cruise_share(span) / spans_[span].rate;
  }
  return whole;
}

/// A span's rate is changed and its neighbours follow: kept where the whole becomes shorter.
void PathPlanner::polish() {
  for (int round = 0; round < kPolishes; ++round) {
    const double before_s = whole_s();
    for (std::size_t span = 0; span < spans_.size(); ++span) {
      for (const double factor : {0.7, 0.9, 1.1, 1.4}) {
        const std::vector<Span> spans = spans_;
        const std::vector<Blend> blends = blends_;
        const double best_s = whole_s();
        spans_[span].rate = std::max(kLeastRate, std::min(spans_[span].rate * factor, spans_[span].most));
        refresh(span);
        if (fits()) {
          if (span > 0) widen(span - 1);
          if (span + 1 < spans_.size()) widen(span + 1);
          if (whole_s() < best_s - kRounding) continue;
        }
        spans_ = spans;
        blends_ = blends;
      }
    }
    if (whole_s() > before_s * 0.995) return;
  }
}

bool PathPlanner::choose_rates() {
  for (Span& span : spans_) span.rate = span.most;
  for (std::size_t span = 0; span < spans_.size(); ++span) refresh(span);
  if (!shrink()) return false;
  polish();
  return true;
}

}  // namespace cliport

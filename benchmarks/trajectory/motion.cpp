// How near the arm's motion comes to the best that the configured limits allow, over random pick-and-places, with the
// largest jerk; and, where Ruckig is there, our profiles beside Ruckig's.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <random>
#include <vector>

#include "cliport/controller.hpp"
#include "cliport/trajectory.hpp"
#ifdef WITH_RUCKIG
#include <ruckig/ruckig.hpp>
#endif

namespace {

using namespace cliport;
using Point = std::array<double, 3>;

const ControllerConfig kConfig;
const MotionLimits kAngular{kConfig.yaw_speed_radps, kConfig.yaw_acceleration_radps2, kConfig.yaw_jerk_radps3};
constexpr double kTravelMps = 0.5;    // config/default.yaml
constexpr double kDescendMps = 0.08;  // likewise

struct Leg {
  Point to;
  double yaw_rad;
  double speed_mps;
};

MotionLimits linear(double speed_mps) { return {speed_mps, kConfig.acceleration_mps2, kConfig.jerk_mps3}; }

LineLimits line_limits() {
  return {kConfig.tool,
          kConfig.joint_limits,
          kConfig.joint_margin_rad,
          linear(kConfig.speed_mps),
          kAngular,
          {kConfig.speed_mps, kConfig.stop_acceleration_mps2, kConfig.stop_jerk_mps3}};
}

double uniform(std::mt19937& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

double distance(const Point& a, const Point& b) { return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]); }

/// Seconds to cover a distance from rest when nothing has to be left in hand for stopping: no motion is faster.
double fastest_from_rest_s(double length_m, const MotionLimits& limits) {
  double p = 0.0, v = 0.0, a = 0.0, t = 0.0;
  for (constexpr double kStep = 1e-5; p < length_m; t += kStep) {
    a = std::min(limits.acceleration, a + limits.jerk * kStep);
    v = std::min(limits.velocity, v + a * kStep);
    p += v * kStep;
  }
  return t;
}

/// What a leg takes when the tool stops at both its ends, and nothing but the configured limits counts.
double best_s(double length_m, double turn_rad, double speed_mps) {
  return std::max(Profile::rest_to_rest(length_m, linear(speed_mps)).duration_s(),
                  Profile::rest_to_rest(std::abs(turn_rad), kAngular).duration_s());
}

/// The tool's turn on a line: joint 7 decides which way round.
double turn_of(const Line& line) {
  Joints start;
  Joints end;
  line.joints(0.0, start);
  line.joints(1.0, end);
  return (end[0] - end[6]) - (start[0] - start[6]);
}

/// What a line takes at least because no joint may be faster than it is allowed to be.
double joints_best_s(const Line& line) {
  constexpr int kPieces = 1000;
  double sum_s = 0.0;
  Joints before;
  Joints after;
  line.joints(0.0, before);
  for (int k = 1; k <= kPieces; ++k) {
    line.joints(static_cast<double>(k) / kPieces, after);
    double piece_s = 0.0;
    for (std::size_t i = 0; i < 7; ++i) {
      piece_s = std::max(piece_s, std::abs(after[i] - before[i]) / kConfig.joint_limits.dq_max_radps[i]);
    }
    sum_s += piece_s;
    before = after;
  }
  return sum_s;
}

/// What two legs straight on from one another take at least: no stop between them.
double best_through_s(double first_m, double first_mps, double second_m, double second_mps) {
  const double ramp_s = Profile::rest_to_rest(1e3, linear(second_mps)).duration_s() - 1e3 / second_mps;
  return fastest_from_rest_s(first_m, linear(first_mps)) + second_m / second_mps + ramp_s / 2.0;
}

struct Jerk {
  double tool_mps3 = 0.0, joint_share = 0.0;
};

void look_at_jerk(const Line& line, Jerk& most) {
  const Profile profile = line.profile();
  std::array<Point, 4> p{};
  std::array<Joints, 4> q{};
  const int cycles = static_cast<int>(std::ceil(profile.duration_s() / 0.001));
  for (int k = 0; k <= cycles; ++k) {
    std::rotate(p.begin(), p.begin() + 1, p.end());
    std::rotate(q.begin(), q.begin() + 1, q.end());
    line.joints(profile.at(k * 0.001).position, q[3]);
    const Transform T = forward(q[3], kConfig.tool);
    p[3] = {T[3], T[7], T[11]};
    if (k < 3) continue;
    const auto third = [](double a, double b, double c, double d) { return (d - 3 * c + 3 * b - a) / 1e-9; };
    Point jerk;
    for (std::size_t i = 0; i < 3; ++i) jerk[i] = third(p[0][i], p[1][i], p[2][i], p[3][i]);
    most.tool_mps3 = std::max(most.tool_mps3, std::hypot(jerk[0], jerk[1], jerk[2]));
    for (std::size_t i = 0; i < 7; ++i) {
      const double joint = std::abs(third(q[0][i], q[1][i], q[2][i], q[3][i]));
      most.joint_share = std::max(most.joint_share, joint / kConfig.joint_limits.jerk_max_radps3[i]);
    }
  }
}

/// The legs of a pick and a place, as src/control/plan.ts makes them over blocks of 4 cm.
std::vector<Leg> pick_and_place(const Point& pick, const Point& place, double yaw_rad, double turn_rad) {
  const auto at = [](const Point& p, double z) { return Point{p[0], p[1], z}; };
  const double over_m = 0.13, approach_m = 0.065, surface_m = 0.04;
  return {
      {at(pick, 0.09), yaw_rad, kTravelMps},
      {at(pick, approach_m), yaw_rad, kTravelMps},
      {at(pick, surface_m), yaw_rad, kDescendMps},
      {at(pick, over_m), yaw_rad, kTravelMps},
      {at(place, over_m), yaw_rad + turn_rad, kTravelMps},
      {at(place, approach_m), yaw_rad + turn_rad, kTravelMps},
      {at(place, surface_m), yaw_rad + turn_rad, kDescendMps},
      {at(place, over_m), yaw_rad + turn_rad, kTravelMps},
  };
}

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * (values.size() - 1))];
}

void measure_motion() {
  std::mt19937 random(1);
  std::vector<double> ratios, ratios_through, takes_s;
  Jerk jerk;
  while (ratios.size() < 500) {
    const auto spot = [&] { return Point{uniform(random, 0.3, 0.7), uniform(random, -0.45, 0.45), 0.0}; };
    const Point pick = spot(), place = spot();
    const double yaw = uniform(random, -0.8, 0.8), turn = uniform(random, -1.5, 1.5);
    Joints q;
    if (!inverse({0.3, 0.0, 0.5}, 0.0, kConfig.tool, kConfig.joint_limits, 0.1, q)) return;
    Point from{0.3, 0.0, 0.5};
    double took_s = 0.0, best = 0.0, best_through = 0.0;
    bool reachable = true;
    const std::vector<Leg> legs = pick_and_place(pick, place, yaw, turn);
    for (std::size_t i = 0; i < legs.size() && reachable; ++i) {
      Line line;
      reachable = line.plan(q, legs[i].to, legs[i].yaw_rad, legs[i].speed_mps, line_limits());
      if (!reachable) break;
      took_s += line.profile().duration_s();
      const double alone_s =
          std::max(best_s(distance(from, legs[i].to), turn_of(line), legs[i].speed_mps), joints_best_s(line));
      best += alone_s;
      // Legs 1 and 2, 5 and 6 go straight down one after the other.
      if (i == 1 || i == 5) {
        best_through += best_through_s(distance(from, legs[i].to), legs[i].speed_mps,
                                       distance(legs[i].to, legs[i + 1].to), legs[i + 1].speed_mps);
      } else if (i != 2 && i != 6) {
        best_through += alone_s;
      }
      look_at_jerk(line, jerk);
      line.joints(1.0, q);
      from = legs[i].to;
    }
    if (!reachable) continue;
    ratios.push_back(took_s / best);
    ratios_through.push_back(took_s / best_through);
    takes_s.push_back(took_s);
  }
  std::printf("straight-line pick, lift, transit, place: %zu random ones, %zu legs each, grasp not counted\n",
              ratios.size(), pick_and_place({}, {}, 0, 0).size());
  std::printf("  limits: %.2f m/s, %.1f m/s2, %.0f m/s3 (yaw %.1f rad/s, %.0f, %.0f); travel %.2f, descent %.2f m/s\n",
              kConfig.speed_mps, kConfig.acceleration_mps2, kConfig.jerk_mps3, kAngular.velocity, kAngular.acceleration,
              kAngular.jerk, kTravelMps, kDescendMps);
  std::printf("  takes                                       p50 %6.3f s   max %6.3f s\n", quantile(takes_s, 0.5),
              quantile(takes_s, 1.0));
  const auto within = std::count_if(ratios.begin(), ratios.end(), [](double ratio) { return ratio <= 1.25; });
  std::printf("  to the best with a stop after every leg     p50 %6.3f     p90 %6.3f   p99 %6.3f   max %6.3f\n",
              quantile(ratios, 0.5), quantile(ratios, 0.9), quantile(ratios, 0.99), quantile(ratios, 1.0));
  std::printf("  at most 1.25 times that best                %td of %zu\n", within, ratios.size());
  std::printf("  to the best without stops on straight ways  p50 %6.3f     max %6.3f\n", quantile(ratios_through, 0.5),
              quantile(ratios_through, 1.0));
  std::printf("  largest jerk: tool %.2f m/s3, joints %.4f of their limits\n", jerk.tool_mps3, jerk.joint_share);
}

#ifdef WITH_RUCKIG
double seconds_of(const auto& work, int count) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) work(i);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / count;
}

void compare_with_ruckig() {
  std::mt19937 random(2);
  const auto spread = [&](double low, double high) { return std::exp(uniform(random, std::log(low), std::log(high))); };
  struct Case {
    double distance;
    MotionLimits limits;
    double share;
  };
  std::vector<Case> cases(10'000);
  for (Case& c : cases) {
    c = {spread(1e-4, 2.0), {spread(0.01, 3.0), spread(0.1, 20.0), spread(1.0, 2000.0)}, uniform(random, 0.02, 0.98)};
  }
  ruckig::Ruckig<1> otg(0.001);
  const auto input_of = [](const Case& c) {
    ruckig::InputParameter<1> input;
    input.current_position = {0.0};
    input.target_position = {c.distance};
    input.max_velocity = {c.limits.velocity};
    input.max_acceleration = {c.limits.acceleration};
    input.max_jerk = {c.limits.jerk};
    return input;
  };
  double worst = 0.0, best = 10.0, worst_stop = 0.0, best_stop = 10.0;
  for (const Case& c : cases) {
    const Profile ours = Profile::rest_to_rest(c.distance, c.limits);
    ruckig::Trajectory<1> theirs;
    ruckig::InputParameter<1> input = input_of(c);
    if (otg.calculate(input, theirs) < 0) continue;
    worst = std::max(worst, ours.duration_s() / theirs.get_duration());
    best = std::min(best, ours.duration_s() / theirs.get_duration());

    const MotionState from = ours.at(c.share * ours.duration_s());
    const Profile stop = Profile::stop(from, c.limits);
    input.control_interface = ruckig::ControlInterface::Velocity;
    input.current_position = {from.position};
    input.current_velocity = {from.velocity};
    input.current_acceleration = {from.acceleration};
    input.target_velocity = {0.0};
    if (otg.calculate(input, theirs) < 0) continue;
    worst_stop = std::max(worst_stop, stop.duration_s() / theirs.get_duration());
    best_stop = std::min(best_stop, stop.duration_s() / theirs.get_duration());
  }
  double sum = 0.0;
  const auto ours = [&](int i) { sum += Profile::rest_to_rest(cases[i].distance, cases[i].limits).duration_s(); };
  const auto theirs = [&](int i) {
    ruckig::Trajectory<1> trajectory;
    ruckig::InputParameter<1> input = input_of(cases[i]);
    otg.calculate(input, trajectory);
    sum += trajectory.get_duration();
  };
  const int count = static_cast<int>(cases.size());
  std::vector<double> ours_s, theirs_s;
  for (int round = 0; round < 15; ++round) {  // interleaved: whatever disturbs one disturbs the other
    ours_s.push_back(seconds_of(ours, count));
    theirs_s.push_back(seconds_of(theirs, count));
  }
  if (!(sum > 0.0)) return;  // keeps the calculations from being optimised away
  std::printf("beside Ruckig on %d random profiles with the same limits\n", count);
  std::printf("  duration, ours to Ruckig's: rest to rest %.9f..%.9f, stop from within one %.9f..%.9f\n", best, worst,
              best_stop, worst_stop);
  std::printf("  calculation, median of 15 rounds: ours %.3f us, Ruckig %.3f us\n", quantile(ours_s, 0.5) * 1e6,
              quantile(theirs_s, 0.5) * 1e6);
}
#endif

}  // namespace

int main() {
  measure_motion();
#ifdef WITH_RUCKIG
  compare_with_ruckig();
#else
  std::printf("beside Ruckig: skipped, its wheel is not there (Linux on x86-64 only)\n");
#endif
}

// Paths with cut corners: the limits of tool and joints at 1 kHz, as planned and stopped at any moment.
#include "cliport/blended_path.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "trajectory_rig.hpp"

namespace cliport {
namespace {

constexpr double kPi = std::numbers::pi;
using Point = std::array<double, 3>;

LineLimits path_limits() {
  return {
      .tool = {},
      .joint_limits = panda_joint_limits(),
      .joint_margin_rad = 0.1,
      .linear = {0.6, 2.0, 20.0},
      .angular = {1.5, 5.0, 50.0},
      .stop = {0.6, 5.0, 500.0},
  };
}

Point tip(const Joints& q, const Tool& tool) {
  const Transform T = forward(q, tool);
  return {T[3], T[7], T[11]};
}

Joints at_rest(const Point& p, double yaw_rad, const LineLimits& limits) {
  Joints q{};
  EXPECT_TRUE(inverse(p, yaw_rad, limits.tool, limits.joint_limits, limits.joint_margin_rad, q));
  return q;
}

Point minus(const Point& a, const Point& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
double norm(const Point& p) { return std::hypot(p[0], p[1], p[2]); }

/// Largest derivatives of the tool by differences at 1 kHz.
struct Largest {
  double speed_mps = 0.0, acceleration_mps2 = 0.0, jerk_mps3 = 0.0;
};

/// Runs a path at 1 kHz, if wanted with a stop after `stop_s`, and checks the joints as a robot would.
Largest run(const BlendedPath& path, const Joints& start, const LineLimits& limits, double stop_s = 1e9) {
  const JointLimits& joint = limits.joint_limits;
  Profile profile = path.profile();
  Joints q = start, dq{}, ddq{};
  Point p = tip(start, limits.tool), v{}, a{};
  Largest largest;
  double t = 0.0;
  bool stopped = false;
  for (int cycle = 0; cycle < 100000; ++cycle) {
    t += kCycleS;
    if (!stopped && t >= stop_s) {
      profile = path.stop(profile.at(t - kCycleS));
      t = kCycleS;
      stopped = true;
    }
    Joints next;
    EXPECT_TRUE(path.joints(profile.at(t).position, next));
    for (std::size_t i = 0; i < 7; ++i) {
      const double vi = (next[i] - q[i]) / kCycleS, ai = (vi - dq[i]) / kCycleS, ji = (ai - ddq[i]) / kCycleS;
      EXPECT_LE(std::abs(vi), joint.dq_max_at(i, q[i], vi)) << "joint " << i + 1;
      EXPECT_LE(std::abs(ai), joint.ddq_max_radps2[i]) << "joint " << i + 1 << " at " << t << " s";
      EXPECT_LE(std::abs(ji), joint.jerk_max_radps3[i]) << "joint " << i + 1 << " at " << t << " s";
      dq[i] = vi;
      ddq[i] = ai;
    }
    q = next;
    const Point p_next = tip(q, limits.tool);
    Point v_next = minus(p_next, p), a_next, j;
    for (double& value : v_next) value /= kCycleS;
    for (std::size_t i = 0; i < 3; ++i) a_next[i] = (v_next[i] - v[i]) / kCycleS;
    for (std::size_t i = 0; i < 3; ++i) j[i] = (a_next[i] - a[i]) / kCycleS;
    largest.speed_mps = std::max(largest.speed_mps, norm(v_next));
    largest.acceleration_mps2 = std::max(largest.acceleration_mps2, norm(a_next));
    largest.jerk_mps3 = std::max(largest.jerk_mps3, norm(j));
    p = p_next;
    v = v_next;
    a = a_next;
    if (t >= profile.duration_s() + 3 * kCycleS) break;
  }
  EXPECT_LT(norm(v), 1e-9) << "at rest at its end";
  return largest;
}

struct Case {
  Joints start;
  Point from;
  std::vector<Leg> legs;
};

/// A few legs in reach, with blends of any size; every other case ends in a way straight down and a slow descent.
Case any_case(std::mt19937& random, const LineLimits& limits) {
  const auto any_point = [&](double& yaw) {
    for (;;) {
      const Point p{uniform(random, 0.15, 0.75), uniform(random, -0.5, 0.5), uniform(random, 0.1, 0.6)};
      yaw = uniform(random, -kPi / 2, kPi / 2);
      Joints q;
      if (inverse(p, yaw, limits.tool, limits.joint_limits, limits.joint_margin_rad, q)) return p;
    }
  };
  Case made;
  double yaw = 0.0;
  made.from = any_point(yaw);
  made.start = at_rest(made.from, yaw, limits);
  const int count = std::uniform_int_distribution<int>(2, 5)(random);
  for (int i = 0; i < count; ++i) {
    const Point p = any_point(yaw);
    made.legs.push_back({p, yaw, uniform(random, 0.1, 0.6), uniform(random, 0.005, 0.15), false});
  }
  if (uniform(random, 0.0, 1.0) < 0.5) {
    Point below = made.legs.back().p_base_m;
    below[2] -= uniform(random, 0.02, 0.1);
    made.legs.push_back({below, yaw, 0.5, 0.02, false});
    below[2] -= 0.02;
    made.legs.push_back({below, yaw, 0.08, 0.0, true});
  }
  return made;
}

TEST(BlendedPath, ToolAndJointsKeepEveryLimitOnRandomPaths) {
  const LineLimits limits = path_limits();
  std::mt19937 random(21);
  int planned = 0;
  for (int round = 0; round < 120; ++round) {
    const Case made = any_case(random, limits);
    BlendedPath path;
    if (!path.plan(made.start, made.legs, limits)) continue;
    ++planned;
    const Largest largest = run(path, made.start, limits);
    double fastest = 0.0;
    for (const Leg& leg : made.legs) fastest = std::max(fastest, leg.speed_mps);
    // Differences of one cycle of a reference that is rounded at 1e-16: the jerk's last digits are noise.
    ASSERT_LE(largest.speed_mps, fastest + 1e-9) << "round " << round;
    ASSERT_LE(largest.acceleration_mps2, limits.linear.acceleration + 1e-6) << "round " << round;
    ASSERT_LE(largest.jerk_mps3, limits.linear.jerk + 1e-3) << "round " << round;
    if (HasFailure()) return;
  }
  EXPECT_GT(planned, 80);
}

TEST(BlendedPath, AStopAtAnyMomentComesToRestOnThePathWithinTheLimitsOfStopping) {
  const LineLimits limits = path_limits();
  std::mt19937 random(22);
  int stopped = 0;
  for (int round = 0; round < 60; ++round) {
    const Case made = any_case(random, limits);
    BlendedPath path;
    if (!path.plan(made.start, made.legs, limits)) continue;
    for (int stop = 0; stop < 8; ++stop) {
      const double stop_s = uniform(random, 0.0, path.duration_s());
      const Largest largest = run(path, made.start, limits, stop_s);
      ASSERT_LE(largest.acceleration_mps2, limits.stop.acceleration + 0.05) << "round " << round << " at " << stop_s;
      ASSERT_LE(largest.jerk_mps3, limits.stop.jerk + 1.0) << "round " << round << " at " << stop_s;
      const Profile rest = path.stop(path.profile().at(stop_s));
      ASSERT_LT(rest.duration_s(), 0.5) << "round " << round << " at " << stop_s;
      if (HasFailure()) return;
      ++stopped;
    }
  }
  EXPECT_GT(stopped, 300);
}

/// How far a point lies outside the triangle of three others, in and off its plane.
double outside_m(const Point& p, const Point& a, const Point& b, const Point& c) {
  const Point u = minus(a, b), w = minus(c, b), d = minus(p, b);
  const auto dot = [](const Point& x, const Point& y) { return x[0] * y[0] + x[1] * y[1] + x[2] * y[2]; };
  const double uu = dot(u, u), ww = dot(w, w), uw = dot(u, w);
  const double det = std::max(uu * ww - uw * uw, 1e-18);
  const double s = (dot(d, u) * ww - dot(d, w) * uw) / det, t = (dot(d, w) * uu - dot(d, u) * uw) / det;
  Point off;
  for (std::size_t i = 0; i < 3; ++i) off[i] = d[i] - s * u[i] - t * w[i];
  const double over = std::max({-s, -t, s + t - 1.0, 0.0}) * std::sqrt(std::max(uu, ww));
  return std::hypot(norm(off), over);
}

double from_segment_m(const Point& p, const Point& a, const Point& b) {
  const Point ab = minus(b, a), ap = minus(p, a);
  const double squared = ab[0] * ab[0] + ab[1] * ab[1] + ab[2] * ab[2];
  const double share = std::clamp((ab[0] * ap[0] + ab[1] * ap[1] + ab[2] * ap[2]) / squared, 0.0, 1.0);
  return norm({ap[0] - share * ab[0], ap[1] - share * ab[1], ap[2] - share * ab[2]});
}

TEST(BlendedPath, ItLeavesALineOnlyInTheTriangleThatTheBlendRadiusMarksOff) {
  const LineLimits limits = path_limits();
  std::mt19937 random(23);
  for (int round = 0; round < 60; ++round) {
    const Case made = any_case(random, limits);
    BlendedPath path;
    if (!path.plan(made.start, made.legs, limits)) continue;
    std::vector<Point> corners{made.from};
    for (const Leg& leg : made.legs) corners.push_back(leg.p_base_m);
    const auto towards = [](const Point& from, const Point& to, double radius_m) {
      const double share = std::min(1.0, radius_m / norm(minus(to, from)));
      return Point{from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1]),
                   from[2] + share * (to[2] - from[2])};
    };
    for (double t = 0.0; t < path.duration_s(); t += 0.005) {
      Joints q;
      ASSERT_TRUE(path.joints(t, q));
      const Point p = tip(q, limits.tool);
      double nearest = 1.0;
      for (std::size_t i = 0; i + 1 < corners.size(); ++i) {
        nearest = std::min(nearest, from_segment_m(p, corners[i], corners[i + 1]));
        if (i == 0) continue;
        const double radius_m = made.legs[i - 1].blend_radius_m;
        nearest = std::min(nearest, outside_m(p, towards(corners[i], corners[i - 1], radius_m), corners[i],
                                              towards(corners[i], corners[i + 1], radius_m)));
      }
      ASSERT_LT(nearest, 1e-5) << "round " << round << " at " << t;
    }
  }
}

TEST(BlendedPath, ADescentBeginsAtItsOwnSpeed) {
  const LineLimits limits = path_limits();
  const Point high{0.5, 0.1, 0.3};
  const Joints start = at_rest({0.4, -0.2, 0.3}, 0.0, limits);
  BlendedPath path;
  ASSERT_TRUE(path.plan(start,
                        std::vector<Leg>{{high, 0.0, 0.5, 0.1, false},
                                         {{0.5, 0.1, 0.05}, 0.0, 0.5, 0.02, false},
                                         {{0.5, 0.1, 0.02}, 0.0, 0.08, 0.0, true}},
                        limits));
  double fastest = 0.0, before = 0.0;
  for (double t = 0.0; t + kCycleS < path.duration_s(); t += kCycleS) {
    Joints q, next;
    ASSERT_TRUE(path.joints(t, q) && path.joints(t + kCycleS, next));
    const double speed = norm(minus(tip(next, limits.tool), tip(q, limits.tool))) / kCycleS;
    double& largest = tip(q, limits.tool)[2] < 0.05 ? fastest : before;
    largest = std::max(largest, speed);
  }
  EXPECT_GT(before, 0.3);
  EXPECT_LE(fastest, 0.08 + 1e-3);
  EXPECT_EQ(path.leg_at(path.leg_begins_s(2) + 1e-6), 2u);
}

TEST(BlendedPath, AWayTooShortForADescentAtItsOwnSpeedIsTimedOrRefusedInTheEnd) {
  const LineLimits limits = path_limits();
  const Joints start = at_rest({0.4, -0.2, 0.031}, 0.0, limits);
  int refused = 0, timed = 0;
  for (const double before_m : {2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01}) {
    for (const double descent_m : {5e-4, 2e-3, 0.01}) {
      const double z = 0.031 - before_m;
      BlendedPath path;
      const bool is_planned = path.plan(start,
                                        std::vector<Leg>{{{0.38, -0.1, 0.031}, 0.0, 0.08, 0.02, false},
                                                         {{0.38, -0.1, z}, 0.0, 0.6, 0.02, false},
                                                         {{0.38, -0.1, z - descent_m}, 0.0, 0.08, 0.0, true}},
                                        limits);
      ++(is_planned ? timed : refused);
      EXPECT_LT(is_planned ? path.duration_s() : 0.0, 5.0);
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(timed, 0);
}

TEST(BlendedPath, CuttingTheCornersOfAPickSavesTime) {
  const LineLimits limits = path_limits();
  const Joints start = at_rest({0.2, 0.0, 0.62}, 0.0, limits);
  const std::vector<Leg> legs{{{0.55, 0.25, 0.1}, 0.3, 0.5, 0.05, false},
                              {{0.55, 0.25, 0.045}, 0.3, 0.5, 0.02, false},
                              {{0.55, 0.25, 0.025}, 0.3, 0.08, 0.0, true}};
  double lines_s = 0.0;
  Joints at = start;
  for (const Leg& leg : legs) {
    Line line;
    ASSERT_TRUE(line.plan(at, leg.p_base_m, leg.yaw_rad, leg.speed_mps, limits));
    lines_s += line.profile().duration_s();
    ASSERT_TRUE(line.joints(1.0, at));
  }
  BlendedPath path;
  ASSERT_TRUE(path.plan(start, legs, limits));
  RecordProperty("lines_s", std::to_string(lines_s));
  RecordProperty("path_s", std::to_string(path.duration_s()));
  EXPECT_LT(path.duration_s(), lines_s - 0.2);
}

TEST(BlendedPath, WhatCannotBeReachedOrStoppedIsNotPlanned) {
  LineLimits limits = path_limits();
  const Joints start = at_rest({0.4, -0.2, 0.3}, 0.0, limits);
  const std::vector<Leg> far{{{0.5, 0.1, 0.3}, 0.0, 0.5, 0.1, false}, {{0.95, 0.4, 0.3}, 0.0, 0.5, 0.0, false}};
  const std::vector<Leg> near{{{0.5, 0.1, 0.3}, 0.0, 0.5, 0.1, false}, {{0.5, 0.1, 0.1}, 0.0, 0.5, 0.0, false}};
  BlendedPath path;
  EXPECT_FALSE(path.plan(start, far, limits));
  EXPECT_TRUE(path.plan(start, near, limits));
  Joints bent = start;
  bent[2] += 0.2;
  EXPECT_FALSE(path.plan(bent, near, limits)) << "not in the posture of tool_down";
  limits.stop = {0.6, 2.05, 500.0};
  EXPECT_FALSE(path.plan(start, near, limits)) << "nothing is left for a stop";
}

}  // namespace
}  // namespace cliport

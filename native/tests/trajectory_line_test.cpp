// Lines of the tool, as joints.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <random>

#include "trajectory_rig.hpp"

namespace cliport {
namespace {

constexpr double kPi = std::numbers::pi;

LineLimits line_limits() {
  return {
      .tool = {},
      .joint_limits = panda_joint_limits(),
      .joint_margin_rad = 0.1,
      .linear = {0.6, 2.0, 20.0},
      .angular = {1.5, 5.0, 50.0},
      .stop = {0.6, 5.0, 500.0},
  };
}

struct Pose {
  std::array<double, 3> p;
  double yaw;
  Joints q;
};

Pose any_pose(std::mt19937& random, const LineLimits& limits) {
  for (;;) {
    Pose pose{{uniform(random, 0.12, 0.78), uniform(random, -0.5, 0.5), uniform(random, 0.0, 0.6)},
              uniform(random, -kPi, kPi),
              {}};
    if (inverse(pose.p, pose.yaw, limits.tool, limits.joint_limits, limits.joint_margin_rad, pose.q)) return pose;
  }
}

/// Runs the line at 1 ms, optionally stopping on the way, and checks what a robot would.
void expect_sound(const Line& line, const Joints& start, const LineLimits& limits, double stop_at_share) {
  const JointLimits& joint = limits.joint_limits;
  Profile profile = line.profile();
  Joints q = start;
  Joints dq{};
  double t = 0.0;
  bool stopped = stop_at_share >= 1.0;
  const double stop_s = profile.duration_s() * stop_at_share;
  for (int cycle = 0;; ++cycle) {
    t += kCycleS;
    if (!stopped && t >= stop_s) {
      profile = line.stop(profile.at(t - kCycleS));
      t = kCycleS;
      stopped = true;
    }
    Joints next;
    ASSERT_TRUE(line.joints(profile.at(t).position, next));
    for (std::size_t i = 0; i < 7; ++i) {
      const double v = (next[i] - q[i]) / kCycleS;
      const double a = (v - dq[i]) / kCycleS;
      ASSERT_LE(std::abs(v), joint.dq_max_radps[i]) << "joint " << i + 1;
      ASSERT_LE(std::abs(a), joint.ddq_max_radps2[i]) << "joint " << i + 1 << " at " << t << " s";
      dq[i] = v;
    }
    q = next;
    if (t >= profile.duration_s() + 2 * kCycleS) break;
    ASSERT_LT(cycle, 200000);
  }
}

TEST(Line, EveryJointKeepsItsLimitsOnRandomLinesAlsoWhenStopped) {
  const LineLimits limits = line_limits();
  std::mt19937 random(4);
  int planned = 0;
  for (int round = 0; round < 400; ++round) {
    const Pose a = any_pose(random, limits);
    const Pose b = any_pose(random, limits);
    Line line;
    if (!line.plan(a.q, b.p, b.yaw, 0.6, limits)) continue;
    ++planned;
    expect_sound(line, a.q, limits, round % 2 == 0 ? 1.0 : uniform(random, 0.0, 1.0));
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(planned, 350);
}

TEST(Line, TheJointsBoundTheSpeedWhereTheToolsLimitsDoNot) {
  LineLimits limits = line_limits();
  limits.linear = {5.0, 100.0, 5000.0};
  limits.angular = {10.0, 200.0, 20000.0};
  limits.stop = {5.0, 200.0, 20000.0};
  std::mt19937 random(8);
  for (int round = 0; round < 300; ++round) {
    const Pose a = any_pose(random, limits);
    const Pose b = any_pose(random, limits);
    Line line;
    if (!line.plan(a.q, b.p, b.yaw, 5.0, limits)) continue;
    expect_sound(line, a.q, limits, round % 2 == 0 ? 1.0 : uniform(random, 0.0, 1.0));
    if (HasFatalFailure()) return;
  }
}

TEST(Line, AStopIsNoHarderThanTheJointsAllowWhereItComesToRest) {
  LineLimits limits = line_limits();
  limits.stop = {5.0, 200.0, 20000.0};  // the joints decide
  Joints bent;
  ASSERT_TRUE(inverse({0.4, -0.2, 0.13}, 0.0, limits.tool, limits.joint_limits, 0.1, bent));
  Line line;
  ASSERT_TRUE(line.plan(bent, {0.68, 0.42, 0.13}, 0.0, 0.6, limits));
  double hardest = 0.0, sharpest = 0.0;
  for (double share = 0.01; share < 1.0; share += 0.01) {
    const Profile stop = line.stop(line.profile().at(line.profile().duration_s() * share));
    std::array<Joints, 4> q;
    for (int k = 0; k * kCycleS <= stop.duration_s(); ++k) {
      std::rotate(q.begin(), q.begin() + 1, q.end());
      ASSERT_TRUE(line.joints(stop.at(k * kCycleS).position, q[3]));
      for (std::size_t i = 0; k >= 3 && i < 7; ++i) {
        const double ddq = (q[3][i] - 2.0 * q[2][i] + q[1][i]) / (kCycleS * kCycleS);
        const double jerk = (q[3][i] - 3.0 * q[2][i] + 3.0 * q[1][i] - q[0][i]) / (kCycleS * kCycleS * kCycleS);
        hardest = std::max(hardest, std::abs(ddq) / limits.joint_limits.ddq_max_radps2[i]);
        sharpest = std::max(sharpest, std::abs(jerk) / limits.joint_limits.jerk_max_radps3[i]);
      }
    }
  }
  EXPECT_LE(hardest, 0.9) << "of a joint's acceleration, curvature included";
  EXPECT_LE(sharpest, 0.505) << "half of a joint's jerk";
  EXPECT_GE(sharpest, 0.45) << "and it is used";
}

TEST(Line, TheToolStaysOnTheLineAndEndsInTheJointsOfTheInverse) {
  const LineLimits limits = line_limits();
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    const Pose a = any_pose(random, limits);
    const Pose b = any_pose(random, limits);
    Line line;
    if (!line.plan(a.q, b.p, b.yaw, 0.6, limits)) continue;
    for (double s = 0.0; s <= 1.0; s += 0.01) {
      Joints q;
      ASSERT_TRUE(line.joints(s, q));
      const Transform T = forward(q, limits.tool);
      for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(T[4 * i + 3], a.p[i] + s * (b.p[i] - a.p[i]), 1e-9);
      EXPECT_NEAR(T[10], -1.0, 1e-12);
    }
    Joints end;
    ASSERT_TRUE(line.joints(1.0, end));
    for (std::size_t i = 0; i < 7; ++i) EXPECT_NEAR(end[i], b.q[i], 1e-9) << "joint " << i + 1;
  }
}

TEST(Line, PositionAndYawArriveTogetherAtTheSlowersPace) {
  const LineLimits limits = line_limits();
  Joints start;
  ASSERT_TRUE(inverse({0.5, 0.0, 0.3}, 0.0, limits.tool, limits.joint_limits, 0.1, start));
  Line straight;
  Line turning;
  ASSERT_TRUE(straight.plan(start, {0.5, 0.1, 0.3}, 0.0, 0.2, limits));
  ASSERT_TRUE(turning.plan(start, {0.5, 0.1, 0.3}, 1.5, 0.2, limits));
  const auto fastest = [](const Line& line) {
    double most = 0.0;
    for (double t = 0.0; t < line.profile().duration_s(); t += kCycleS) {
      most = std::max(most, line.profile().at(t).velocity);
    }
    return most;
  };
  EXPECT_NEAR(fastest(straight) * straight.length_m(), 0.2, 1e-9) << "the speed that was asked for";
  EXPECT_LE(fastest(turning) * 1.5, limits.angular.velocity + 1e-9);
  EXPECT_LT(fastest(turning), fastest(straight));
}

TEST(Line, ALineWhoseFarEndIsSlowIsFastWhereItMayBe) {
  const LineLimits limits = line_limits();
  Joints start;
  ASSERT_TRUE(inverse({0.4, -0.2, 0.13}, 0.0, limits.tool, limits.joint_limits, 0.1, start));
  Line line;
  ASSERT_TRUE(line.plan(start, {0.68, 0.42, 0.13}, 0.0, 0.5, limits));
  double most_mps = 0.0;
  for (double t = 0.0; t < line.profile().duration_s(); t += kCycleS) {
    most_mps = std::max(most_mps, line.profile().at(t).velocity * line.length_m());
  }
  EXPECT_GT(most_mps, 0.4) << "the far end alone allows 0.08";
  expect_sound(line, start, limits, 1.0);
  for (double share = 0.05; share < 1.0; share += 0.05) expect_sound(line, start, limits, share);
}

TEST(Line, YawTurnsTheLongWayRoundRatherThanThroughTheLimitOfJointSeven) {
  const LineLimits limits = line_limits();
  // Both yaws are 0.45 rad beside the gap of joint 7: the short way between them leads through it.
  const double gap = -0.75 * kPi;
  Joints start;
  ASSERT_TRUE(inverse({0.5, 0.0, 0.2}, gap - 0.45, limits.tool, limits.joint_limits, 0.1, start));
  Line line;
  ASSERT_TRUE(line.plan(start, {0.5, 0.0, 0.2}, gap + 0.45, 0.6, limits));
  double turned = 0.0;
  Joints before = start;
  for (double s = 0.01; s < 1.005; s += 0.01) {
    Joints q;
    ASSERT_TRUE(line.joints(s, q));
    EXPECT_LE(std::abs(q[6]), 2.8973 - 0.1 + 1e-9);
    turned += std::abs(q[6] - before[6]);
    before = q;
  }
  EXPECT_NEAR(turned, 2 * kPi - 0.9, 1e-6);
}

TEST(Line, AnArmMovedByHandIsLedIntoThePlanarPosture) {
  const LineLimits limits = line_limits();
  std::mt19937 random(6);
  int planned = 0;
  for (int round = 0; round < 200; ++round) {
    const Pose a = any_pose(random, limits);
    const Pose b = any_pose(random, limits);
    Joints start = a.q;
    for (double& q : start) q += uniform(random, -0.08, 0.08);
    Line line;
    if (!line.plan(start, b.p, b.yaw, 0.6, limits)) continue;
    ++planned;
    Joints first;
    Joints last;
    ASSERT_TRUE(line.joints(0.0, first));
    ASSERT_TRUE(line.joints(1.0, last));
    for (std::size_t i = 0; i < 7; ++i) {
      EXPECT_NEAR(first[i], start[i], 1e-12);
      EXPECT_NEAR(last[i], b.q[i], 1e-9);
    }
    expect_sound(line, start, limits, 1.0);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(planned, 80);
}

TEST(Line, AStartFarFromTheToolDownPostureIsRefused) {
  const LineLimits limits = line_limits();
  Line line;
  EXPECT_FALSE(line.plan({0, -0.8, 0, -2.3, 0, 2.5, 0.8}, {0.5, 0.0, 0.2}, 0.0, 0.3, limits))
      << "tool tilted by a radian";
  Joints elbow_out;
  ASSERT_TRUE(inverse({0.5, 0.0, 0.2}, 0.0, limits.tool, limits.joint_limits, 0.1, elbow_out));
  elbow_out[2] += 0.9;
  EXPECT_FALSE(line.plan(elbow_out, {0.5, 0.0, 0.2}, 0.0, 0.3, limits));
}

TEST(Line, LinesOutOfReachAreRefused) {
  const LineLimits limits = line_limits();
  Joints left;
  ASSERT_TRUE(inverse({0.12, 0.45, 0.3}, 0.0, limits.tool, limits.joint_limits, 0.1, left));
  Line line;
  EXPECT_FALSE(line.plan(left, {0.75, 0.5, 0.1}, 0.0, 0.3, limits)) << "target beyond reach";
  EXPECT_FALSE(line.plan(left, {-0.12, -0.45, 0.3}, 0.0, 0.3, limits)) << "through the base axis";
  Joints right;
  ASSERT_TRUE(inverse({0.12, -0.45, 0.3}, 0.0, limits.tool, limits.joint_limits, 0.1, right));
  EXPECT_FALSE(line.plan(left, {0.12, -0.45, 0.3}, 0.0, 0.3, limits)) << "too near the shoulder half way";
}

TEST(Line, NothingToMoveTakesNoTime) {
  const LineLimits limits = line_limits();
  Joints start;
  ASSERT_TRUE(inverse({0.5, 0.1, 0.2}, 0.3, limits.tool, limits.joint_limits, 0.1, start));
  Line line;
  ASSERT_TRUE(line.plan(start, {0.5, 0.1, 0.2}, 0.3, 0.3, limits));
  EXPECT_EQ(line.profile().duration_s(), 0.0);
}

}  // namespace
}  // namespace cliport

// Profiles: position over time along one coordinate.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "trajectory_rig.hpp"

namespace cliport {
namespace {

/// Log-uniform: short and long, slow and fast.
double spread(std::mt19937& random, double low, double high) {
  return std::exp(uniform(random, std::log(low), std::log(high)));
}

MotionLimits any_limits(std::mt19937& random) {
  return {spread(random, 0.01, 3.0), spread(random, 0.1, 20.0), spread(random, 1.0, 2000.0)};
}

/// Positions at every cycle until rest, and one more.
std::vector<double> sample(const Profile& profile) {
  std::vector<double> positions;
  const int cycles = static_cast<int>(std::ceil(profile.duration_s() / kCycleS)) + 1;
  for (int k = 0; k <= cycles; ++k) positions.push_back(profile.at(k * kCycleS).position);
  return positions;
}

/// Backward differences at 1 ms, as the robot takes them: never above the limits, which bound the derivatives.
void expect_within(const std::vector<double>& p, const MotionState& before, const MotionLimits& limits) {
  double v = before.velocity;
  double a = before.acceleration;
  for (std::size_t k = 1; k < p.size(); ++k) {
    const double v_now = (p[k] - p[k - 1]) / kCycleS;
    const double a_now = (v_now - v) / kCycleS;
    ASSERT_LE(std::abs(v_now), limits.velocity * (1 + 1e-9) + 1e-9);
    // The first difference spans no whole cycle of the derivative before it.
    if (k >= 2) {
      ASSERT_LE(std::abs(a_now), limits.acceleration * (1 + 1e-6) + 1e-6);
    }
    if (k >= 3) {
      ASSERT_LE(std::abs(a_now - a) / kCycleS, limits.jerk * (1 + 1e-6) + 2e-3);
    }
    v = v_now;
    a = a_now;
  }
}

TEST(Profile, FromRestToRestKeepsEveryLimitAndEndsExactlyAtTheTarget) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    const MotionLimits limits = any_limits(random);
    const double distance = spread(random, 1e-5, 2.0);
    const Profile profile = Profile::rest_to_rest(distance, limits);
    const std::vector<double> p = sample(profile);
    ASSERT_TRUE(std::is_sorted(p.begin(), p.end(), [](double a, double b) { return a < b - 1e-12; }));
    expect_within(p, {}, limits);
    EXPECT_EQ(profile.end(), distance);
    EXPECT_EQ(p.back(), distance);
    const MotionState rest = profile.at(profile.duration_s());
    EXPECT_EQ(rest.velocity, 0.0);
    EXPECT_EQ(rest.acceleration, 0.0);
    EXPECT_NEAR(profile.at(profile.duration_s() * (1 - 1e-9)).position, distance, 1e-6 * distance);
  }
}

TEST(Profile, IsAsFastAsItsLimitsAllow) {
  // Each of the four shapes reaches the limit that shapes it.
  const auto peak = [](double distance, const MotionLimits& limits) {
    const Profile profile = Profile::rest_to_rest(distance, limits);
    MotionState most;
    for (double t = 0.0; t < profile.duration_s(); t += 1e-4) {
      most.velocity = std::max(most.velocity, profile.at(t).velocity);
      most.acceleration = std::max(most.acceleration, profile.at(t).acceleration);
    }
    return most;
  };
  EXPECT_NEAR(peak(1.0, {0.5, 2.0, 20.0}).velocity, 0.5, 1e-3);
  EXPECT_NEAR(peak(1.0, {0.5, 2.0, 20.0}).acceleration, 2.0, 1e-2);
  EXPECT_NEAR(peak(1.0, {0.1, 2.0, 20.0}).velocity, 0.1, 1e-3);
  EXPECT_NEAR(peak(0.2, {5.0, 2.0, 40.0}).acceleration, 2.0, 1e-2);
  // 2 j T^3 is the distance when neither velocity nor acceleration is reached.
  EXPECT_NEAR(Profile::rest_to_rest(0.01, {5.0, 50.0, 20.0}).duration_s(), 4 * std::cbrt(0.01 / 40.0), 1e-9);
  // distance / v + v / a + a / j when all are.
  EXPECT_NEAR(Profile::rest_to_rest(1.0, {0.5, 2.0, 20.0}).duration_s(), 2.0 + 0.25 + 0.1, 1e-9);
}

TEST(Profile, NothingToDoTakesNoTime) {
  EXPECT_EQ(Profile::rest_to_rest(0.0, {1, 1, 1}).duration_s(), 0.0);
  EXPECT_EQ(Profile().at(1.0).position, 0.0);
  const Profile at_rest = Profile::stop({0.7, 0.0, 0.0}, {1, 1, 1});
  EXPECT_EQ(at_rest.duration_s(), 0.0);
  EXPECT_EQ(at_rest.at(0.0).position, 0.7);
}

TEST(Profile, ThroughSeveralPiecesEachKeepsItsOwnLimitsAndNothingJumps) {
  std::mt19937 random(9);
  int planned = 0;
  for (int round = 0; round < 1000; ++round) {
    const std::size_t count = 2 + round % 2;
    std::array<Piece, 3> pieces;
    for (Piece& piece : pieces) piece = {uniform(random, 0.05, 0.5), any_limits(random)};
    Profile profile;
    if (!Profile::through({pieces.data(), count}, profile)) continue;
    ++planned;
    double length = 0.0, t = 0.0, begins = 0.0;
    for (std::size_t i = 0; i < count; ++i) length += pieces[i].length;
    EXPECT_NEAR(profile.end(), length, 1e-9);
    const double step_s = profile.duration_s() / 2000;
    std::size_t piece = 0;
    MotionState before{};
    for (int k = 0; k < 2000; ++k, t += step_s) {
      const MotionState now = profile.at(t);
      ASSERT_GE(now.position, before.position - 1e-9);
      if (piece + 1 < count && now.position > begins + pieces[piece].length) begins += pieces[piece++].length;
      const MotionLimits& limits = pieces[piece].limits;
      ASSERT_LE(now.velocity, limits.velocity * (1 + 1e-6)) << "piece " << piece;
      ASSERT_LE(std::abs(now.acceleration), limits.acceleration * (1 + 1e-6)) << "piece " << piece;
      const double steepest = std::max(limits.jerk, pieces[piece == 0 ? 0 : piece - 1].limits.jerk);
      ASSERT_LE(std::abs(now.acceleration - before.acceleration), steepest * step_s * 1.001 + 1e-9);
      before = now;
    }
    EXPECT_NEAR(profile.at(profile.duration_s() * (1 - 1e-9)).position, length, 1e-6)
        << "the end is reached, not declared";
  }
  EXPECT_GT(planned, 500);
}

TEST(Profile, PiecesOfEqualLimitsTakeNoLongerThanOne) {
  const MotionLimits limits{0.5, 2.0, 20.0};
  const std::array<Piece, 2> pieces{{{0.5, limits}, {0.5, limits}}};
  Profile profile;
  ASSERT_TRUE(Profile::through(pieces, profile));
  EXPECT_NEAR(profile.duration_s(), Profile::rest_to_rest(1.0, limits).duration_s(), 1e-9);
}

TEST(Profile, AStopFromAnywhereOnAProfileKeepsItsLimitsNeverReversesAndStaysShortOfTheTarget) {
  std::mt19937 random(2);
  for (int round = 0; round < 1000; ++round) {
    const MotionLimits drive = any_limits(random);
    const MotionLimits limits{drive.velocity, drive.acceleration * uniform(random, 1.0, 5.0),
                              drive.jerk * uniform(random, 1.0, 10.0)};
    const Profile profile = Profile::rest_to_rest(spread(random, 1e-4, 2.0), drive);
    const MotionState from = profile.at(profile.duration_s() * uniform(random, 0.0, 1.0));
    const Profile stop = Profile::stop(from, limits);
    // The velocity may grow while the acceleration is taken back, but not above the drive's.
    const std::vector<double> p = sample(stop);
    ASSERT_TRUE(std::is_sorted(p.begin(), p.end(), [](double a, double b) { return a < b - 1e-12; }));
    expect_within(p, from, limits);
    EXPECT_EQ(stop.at(0.0).position, from.position);
    EXPECT_NEAR(stop.at(0.0).velocity, from.velocity, 1e-12);
    EXPECT_LE(stop.end(), profile.end() * (1 + 1e-9));
    EXPECT_LE(stop.duration_s(), profile.duration_s() * (1 + 1e-9));
    EXPECT_EQ(stop.at(stop.duration_s()).velocity, 0.0);
    EXPECT_NEAR(stop.at(stop.duration_s() * (1 - 1e-9)).velocity, 0.0, 1e-6) << "rest is reached, not declared";
  }
}

TEST(Profile, AStopFromAnyStateComesToRestWithoutReversing) {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    const MotionLimits limits = any_limits(random);
    const MotionState from{uniform(random, -1, 1), spread(random, 1e-4, 3.0), uniform(random, -30.0, 30.0)};
    const Profile stop = Profile::stop(from, limits);
    double before = from.position;
    for (int k = 1; k <= 200; ++k) {
      const double now = stop.at(stop.duration_s() * k / 200).position;
      ASSERT_GE(now, before - 1e-12);
      before = now;
    }
    EXPECT_NEAR(stop.at(stop.duration_s() * (1 - 1e-9)).velocity, 0.0, 1e-5);
    EXPECT_NEAR(stop.at(stop.duration_s() * (1 - 1e-9)).acceleration, 0.0, 1e-3);
    EXPECT_EQ(stop.at(1e9).position, stop.end());
  }
}

}  // namespace
}  // namespace cliport

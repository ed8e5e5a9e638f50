#include "command_rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "error_names.hpp"

namespace cliport::fci {
namespace {

constexpr Joints kStart{0.0, -0.8, 0.0, -2.3, 0.0, 1.6, 0.8};

CommandRules rules_at_start() {
  CommandRules rules(panda_joint_limits());
  rules.begin(kStart);
  return rules;
}

std::string name_of(std::optional<ErrorIndex> violation) { return violation ? error_name(*violation) : ""; }

/// Joint 1 moved by a distance from where it starts.
Joints moved(double distance_rad) {
  Joints q = kStart;
  q[0] += distance_rad;
  return q;
}

/// Position after t of a motion with constant jerk.
double jerked(double jerk_radps3, double t_s) { return jerk_radps3 * t_s * t_s * t_s / 6.0; }

TEST(CommandRules, AnArmMayBeHeldWhereItIs) {
  CommandRules rules = rules_at_start();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(name_of(rules.check_position(kStart, i == 9)), "");
}

TEST(CommandRules, AStartElsewhereIsNamed) {
  CommandRules rules = rules_at_start();
  EXPECT_EQ(name_of(rules.check_position(moved(0.01), false)), "joint_position_motion_generator_start_pose_invalid");
}

TEST(CommandRules, AJumpIsAVelocityDiscontinuity) {
  CommandRules rules = rules_at_start();
  EXPECT_EQ(name_of(rules.check_position(kStart, false)), "");
  EXPECT_EQ(name_of(rules.check_position(moved(1e-4), false)), "joint_motion_generator_velocity_discontinuity");
}

TEST(CommandRules, AStepInAccelerationIsAnAccelerationDiscontinuity) {
  CommandRules rules = rules_at_start();
  EXPECT_EQ(name_of(rules.check_position(kStart, false)), "");
  // 10 rad/s^2 from one millisecond to the next, of 15 that are allowed.
  EXPECT_EQ(name_of(rules.check_position(moved(10.0 * 1e-6), false)),
            "joint_motion_generator_acceleration_discontinuity");
}

/// Position commands whose backward differences have a given jerk from rest. @return first violation's name
std::string drive_with_jerk(CommandRules& rules, double jerk_radps3, double ddq_max_radps2, int cycles) {
  double q = 0.0;
  double dq = 0.0;
  double ddq = 0.0;
  for (int i = 0; i < cycles; ++i) {
    ddq = std::min(ddq + jerk_radps3 * kCycleS, ddq_max_radps2);
    dq += ddq * kCycleS;
    q += dq * kCycleS;
    const std::string violation = name_of(rules.check_position(moved(q), false));
    if (!violation.empty()) return violation;
  }
  return "";
}

TEST(CommandRules, JerkJustBelowTheLimitPassesAndJustAboveItDoesNot) {
  CommandRules below = rules_at_start();
  EXPECT_EQ(drive_with_jerk(below, 0.99 * 7500.0, 14.0, 20), "");
  CommandRules above = rules_at_start();
  EXPECT_EQ(drive_with_jerk(above, 1.01 * 7500.0, 14.0, 20), "joint_motion_generator_acceleration_discontinuity");
}

TEST(CommandRules, TooMuchAccelerationIsAVelocityDiscontinuity) {
  CommandRules rules = rules_at_start();
  EXPECT_EQ(drive_with_jerk(rules, 1000.0, 15.1, 50), "joint_motion_generator_velocity_discontinuity");
}

TEST(CommandRules, TooFastIsAVelocityLimit) {
  CommandRules rules = rules_at_start();
  EXPECT_EQ(drive_with_jerk(rules, 1000.0, 10.0, 500), "joint_motion_generator_velocity_limits_violation");
}

TEST(CommandRules, OutsideTheJointsRangeIsAPositionLimit) {
  CommandRules rules(panda_joint_limits());
  Joints end = kStart;
  end[0] = panda_joint_limits().q_max_rad[0];
  rules.begin(end);
  end[0] += 1e-6;
  EXPECT_EQ(name_of(rules.check_position(end, false)), "joint_motion_generator_position_limits_violation");
}

TEST(CommandRules, AMotionMayNotEndAtSpeed) {
  CommandRules rules = rules_at_start();
  double q = 0.0;
  for (int ms = 1; ms <= 100; ++ms) {
    q = jerked(100.0, ms * kCycleS);
    ASSERT_EQ(name_of(rules.check_position(moved(q), false)), "");
  }
  EXPECT_EQ(name_of(rules.check_position(moved(jerked(100.0, 0.101)), true)),
            "joint_motion_generator_velocity_discontinuity");
}

TEST(CommandRules, TorqueMayChangeByOneNewtonMetreAMillisecond) {
  CommandRules rules = rules_at_start();
  EXPECT_EQ(name_of(rules.check_torque({1, 1, 1, 1, 1, 1, 1})), "");
  EXPECT_EQ(name_of(rules.check_torque({2.1, 1, 1, 1, 1, 1, 1})), "controller_torque_discontinuity");
}

TEST(CommandRules, ALostCycleGoesOnWithConstantAcceleration) {
  CommandRules rules = rules_at_start();
  for (int ms = 1; ms <= 50; ++ms) {
    ASSERT_EQ(name_of(rules.check_position(moved(jerked(100.0, ms * kCycleS)), false)), "");
  }
  const double dq = rules.dq_radps()[0];
  const double ddq = rules.ddq_radps2()[0];
  rules.extrapolate_position();
  EXPECT_DOUBLE_EQ(rules.dq_radps()[0], dq + ddq * kCycleS);
  EXPECT_DOUBLE_EQ(rules.ddq_radps2()[0], ddq);
}

TEST(CommandRules, ANumberThatIsNotFiniteIsRefused) {
  CommandRules rules = rules_at_start();
  EXPECT_NE(name_of(rules.check_position(moved(std::nan("")), false)), "");
  EXPECT_NE(name_of(rules.check_torque({std::nan(""), 0, 0, 0, 0, 0, 0})), "");
}

}  // namespace
}  // namespace cliport::fci

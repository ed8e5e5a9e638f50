// The file of limits: what it may hold, and what is said about one that is wrong.
#include "limits_file.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <string>

namespace cliport {
namespace {

/// What is said about a text, or 'accepted'.
std::string message(const std::string& text) {
  try {
    parse_limits(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

TEST(LimitsFile, NamesTheArmItsBoxesAndItsCeilings) {
  const ControllerConfig config = parse_limits(R"(
    arm: fr3              # a comment
    speed_mps: 0.25
    motion_box_m: [0.2, 0.7, -0.4, 0.4, 0.0, 0.6]
    keep_out_m: [0.6, 0.7, 0.3, 0.4, 0, 0.5]
    keep_out_m: [0.2, 0.3, -0.4, -0.3, 0, 0.2]
    tool_length_m: 0.2
    held_mass_kg: 0.3
  )");
  EXPECT_EQ(config.arm, ArmModel::kFr3);
  EXPECT_EQ(config.joint_limits.q_min_rad[5], 0.5445);
  EXPECT_EQ(config.speed_mps, 0.25);
  EXPECT_EQ(config.motion_box_m[1], 0.7);
  ASSERT_EQ(config.keep_out_m.size(), 2u);
  EXPECT_EQ(config.keep_out_m[1][3], -0.3);
  EXPECT_EQ(config.held_load.mass_kg, 0.3);
  EXPECT_NEAR(config.held_load.F_x_center_m[2], 0.22, 1e-12);
  EXPECT_EQ(config.force_ceiling_n, ControllerConfig{}.force_ceiling_n) << "left out";
}

TEST(LimitsFile, TheArmSetsTheDefaultsWhereverItStands) {
  const ControllerConfig config = parse_limits("speed_mps: 0.25\narm: fr3");
  EXPECT_EQ(config.arm, ArmModel::kFr3);
  EXPECT_EQ(config.speed_mps, 0.25);
}

TEST(LimitsFile, WhatIsWrongIsNamedWithItsLine) {
  EXPECT_EQ(message(""), "accepted");
  EXPECT_EQ(message("# nothing but a comment"), "accepted");
  EXPECT_EQ(message("speed_mps: fast"), "line 1: Expected a number for speed_mps but received 'fast'");
  EXPECT_EQ(message("speed_mps:"), "line 1: Expected a number for speed_mps but received ''");
  EXPECT_NE(message("arm: ur5").find("Expected panda or fr3 for arm but received 'ur5'"), std::string::npos);
  EXPECT_NE(message("keep_out_m: [0, 1, 0, 1, 0]").find("line 1: Expected [x min, x max"), std::string::npos);
  EXPECT_NE(message("keep_out_m: [1, 0, 0, 1, 0, 1]").find("keep_out_m[0], lower end of x"), std::string::npos);
  EXPECT_NE(message("speed_mps: nan").find("a number"), std::string::npos);
  EXPECT_NE(message("speed_mps: .inf").find("a number"), std::string::npos);
  EXPECT_NE(message("speed_mps").find("'key: value'"), std::string::npos);
  EXPECT_NE(message("speed_mps: 1.8").find("at most the limit of a panda"), std::string::npos);
  EXPECT_NE(message("arm: fr3\nacceleration_mps2: 10").find("at most the limit of a fr3"), std::string::npos);
  EXPECT_THROW(read_limits("/nowhere/limits.txt"), std::invalid_argument);
}

TEST(LimitsFile, AMisspeltKeyIsNamedWithTheOneThatIsNear) {
  EXPECT_EQ(message("\n\nspeed: 0.5"),
            "line 3: Unknown key 'speed' (did you mean 'speed_mps'?), expected one of config/controller-limits.txt");
  EXPECT_NE(message("motoin_box_m: 1").find("(did you mean 'motion_box_m'?)"), std::string::npos);
  EXPECT_EQ(message("colour: 1"), "line 1: Unknown key 'colour', expected one of config/controller-limits.txt");
}

TEST(LimitsFile, AKeyThatComesTwiceIsRefusedSinceOnlyOneCouldCount) {
  EXPECT_EQ(message("speed_mps: 0.5\nspeed_mps: 0.1"), "line 2: Expected speed_mps once, but it is on line 1 too");
}

TEST(LimitsFile, TheFileOfDefaultsHoldsTheDefaults) {
  const ControllerConfig config = read_limits(CLIPORT_FIXTURES "/../../config/controller-limits.txt");
  const ControllerConfig defaults;
  EXPECT_EQ(config.motion_box_m, defaults.motion_box_m);
  EXPECT_EQ(config.speed_mps, defaults.speed_mps);
  EXPECT_EQ(config.force_ceiling_n, defaults.force_ceiling_n);
  EXPECT_EQ(config.watchdog_s, defaults.watchdog_s);
}

TEST(LimitsFile, AnyDamageIsRefusedWithAReasonOrLeavesLimitsThatAControllerAccepts) {
  std::ifstream file(CLIPORT_FIXTURES "/../../config/controller-limits.txt");
  const std::string whole((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::mt19937 random(1);
  int refused = 0;
  for (int round = 0; round < 1000; ++round) {
    std::string text = whole.substr(0, 200 + random() % (whole.size() - 200));
    for (int i = 0; i < 3; ++i) text[random() % text.size()] = "[]{}:,&*!|>-#'\"%@`\n\t0x"[random() % 22];
    const std::string said = message(text);
    if (said == "accepted") {
      EXPECT_NO_THROW(Controller(parse_limits(text), Joints{}));
    } else {
      ++refused;
      EXPECT_TRUE(said.starts_with("line ") || said.starts_with("Expected ")) << said;
    }
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace cliport

#include "franka/hand.hpp"

#include <gtest/gtest.h>

#include "franka_cell.hpp"

namespace cliport::fci {
namespace {

HandServerOptions quick(std::optional<double> object_width_m = std::nullopt) {
  return {.address = "127.0.0.3", .object_width_m = object_width_m, .time_scale = 0.1};
}

std::string refusal(bool home) {
  try {
    Hand hand("127.0.0.3", {}, home);
  } catch (const ConnectError& error) {
    return error.what();
  }
  return "";
}

TEST(FrankaHand, AnAbsentHandIsSaidWithWhatToDo) {
  EXPECT_NE(refusal(false).find("--end-effector none"), std::string::npos);
}

TEST(FrankaHand, AHandThatWasNotHomedIsNotHomedUnasked) {
  HandServer server(quick());
  EXPECT_NE(refusal(false).find("--home-hand"), std::string::npos);
  EXPECT_EQ(server.received().homings, 0U);
  EXPECT_EQ(refusal(true), "");
  EXPECT_EQ(server.received().homings, 1U);
}

TEST(FrankaHand, AnotherVersionIsSaid) {
  HandServerOptions options = quick();
  options.version = 4;
  HandServer server(options);
  EXPECT_NE(refusal(true).find("speaks version 4"), std::string::npos);
}

TEST(FrankaHand, WhatLiesBetweenTheFingersIsHeldUntilItIsReleased) {
  HandServer server(quick(0.03));
  Hand hand("127.0.0.3", {}, true);
  EXPECT_FALSE(hand.read().holding);
  hand.grasp();
  EXPECT_TRUE(hand.read().holding);
  EXPECT_NEAR(server.view().width_m, 0.03, 1e-6);
  EXPECT_NEAR(hand.read().width_m.value(), 0.03, 1e-6);
  EXPECT_DOUBLE_EQ(server.received().grasp_force_n, HandSettings{}.force_n);
  hand.release();
  EXPECT_FALSE(hand.read().holding);
  EXPECT_NEAR(server.view().width_m, 0.08, 1e-6);
}

TEST(FrankaHand, EmptyFingersHoldNothingThoughTheHandSaysGrasped) {
  HandServer server(quick());
  Hand hand("127.0.0.3", {}, true);
  hand.grasp();
  EXPECT_TRUE(server.view().is_grasped);
  EXPECT_FALSE(hand.read().holding);
}

TEST(FrankaHand, AGraspThatBlocksIsStoppedWhenNobodyWantsItAnyMore) {
  HandServerOptions options = quick(0.03);
  options.time_scale = 50.0;  // half a minute for a grasp
  options.homed = true;
  HandServer server(options);
  Hand hand("127.0.0.3", {}, false);
  EndEffectorThread thread(hand, [](const std::string&) {});
  thread.command(true);
  const auto until = [&](auto condition) {
    for (int i = 0; i < 20'000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return condition();
  };
  ASSERT_TRUE(until([&] { return server.received().grasps == 1; }));
  thread.command(false);
  EXPECT_TRUE(until([&] { return server.received().stops >= 1; }));
  EXPECT_TRUE(until([&] { return server.received().moves == 1; }));
  EXPECT_FALSE(thread.holding());
}

}  // namespace
}  // namespace cliport::fci

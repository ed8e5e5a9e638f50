#include "franka/connection.hpp"

#include <gtest/gtest.h>

#include "franka/translate.hpp"
#include "franka_cell.hpp"

namespace cliport::fci {
namespace {

std::string refusal(const Settings& settings, const ControllerConfig& config = {}) {
  try {
    connect(settings, config);
  } catch (const ConnectError& error) {
    return error.what();
  }
  return "";
}

TEST(FrankaConnection, NobodyAtTheAddressIsSaidWithWhatToLookAt) {
  const std::string text = refusal(settings_for("127.0.0.99", Drive::kTorque));
  EXPECT_NE(text.find("127.0.0.99"), std::string::npos) << text;
  EXPECT_NE(text.find("FCI"), std::string::npos) << text;
  EXPECT_NE(text.find("cable"), std::string::npos) << text;
}

TEST(FrankaConnection, ARobotOfAnotherVersionIsSaidWithTheLibfrankaThatItNeeds) {
  RobotServer robot({.address = "127.0.0.2", .version = 7});
  const std::string text = refusal(settings_for("127.0.0.2", Drive::kTorque));
  EXPECT_NE(text.find("speaks version 7"), std::string::npos) << text;
  EXPECT_NE(text.find("libfranka 5"), std::string::npos) << text;
  EXPECT_NE(text.find("7 is 0.13.x"), std::string::npos) << text;
}

TEST(FrankaConnection, AnArmOtherThanTheConfiguredOneIsRefusedBeforeItIsSetUp) {
  RobotServer robot({.address = "127.0.0.2"});
  const std::string text = refusal(settings_for("127.0.0.2", Drive::kTorque), config_for(ArmModel::kFr3));
  EXPECT_NE(text.find("arm: fr3"), std::string::npos) << text;
  EXPECT_EQ(robot.received().loads, 0U);
}

TEST(FrankaConnection, ARobotWithOtherKinematicsIsRefused) {
  RobotServer robot({.address = "127.0.0.2", .robot = {.q_rad = posture(), .kinematics_off_m = 0.02}});
  const std::string text = refusal(settings_for("127.0.0.2", Drive::kTorque));
  EXPECT_NE(text.find("20 mm away"), std::string::npos) << text;
}

TEST(FrankaConnection, AToolThatDeskDoesNotKnowIsSetAndWarnedAbout) {
  RobotServer robot({.address = "127.0.0.2", .robot = {.q_rad = posture()}});
  ControllerConfig config;
  config.tool.flange_to_tcp_m += 0.05;
  const Connection connection = connect(settings_for("127.0.0.2", Drive::kTorque), config);
  EXPECT_NEAR(robot.received().NE_T_EE[14], 0.05, 1e-12);
  const std::vector<std::string>& warnings = connection.warnings;
  EXPECT_TRUE(std::any_of(warnings.begin(), warnings.end(),
                          [](const std::string& text) { return text.find("50 mm") != std::string::npos; }));
}

TEST(FrankaConnection, TheRobotIsToldToolThresholdsLoadAndStiffness) {
  RobotServer robot({.address = "127.0.0.2", .robot = {.q_rad = posture()}});
  ControllerConfig config;
  config.tool_load.mass_kg = 0.4;
  Settings settings = settings_for("127.0.0.2", Drive::kPosition);
  const Connection connection = connect(settings, config);
  const Received received = robot.received();
  EXPECT_TRUE(connection.is_set_up);
  EXPECT_DOUBLE_EQ(received.load_kg, 0.4);
  EXPECT_EQ(received.joint_stiffness, settings.joint_stiffness_nmprad);
  EXPECT_DOUBLE_EQ(received.upper_force_n[2], settings.reflex_factor * config.force_ceiling_n);
  EXPECT_NEAR(received.NE_T_EE[0], 1.0, 1e-12);  // Desk knows the tool already
  EXPECT_EQ(received.moves, 0U);
}

TEST(FrankaConnection, ARobotThatWaitsForAPersonIsConnectedToAndNotSetUp) {
  RobotServer robot({.address = "127.0.0.2", .robot = {.q_rad = posture()}});
  robot.press_user_stop(true);
  const Connection connection = connect(settings_for("127.0.0.2", Drive::kTorque), {});
  EXPECT_FALSE(connection.is_set_up);
  EXPECT_EQ(fault_of(connection.state), Reason::kUserStop);
  EXPECT_EQ(robot.received().recoveries, 0U);
}

TEST(FrankaConnection, WithoutAModelOfTheRobotAPersonIsTold) {
  RobotServer robot({.address = "127.0.0.2", .robot = {.q_rad = posture()}});
  const Connection connection = connect(settings_for("127.0.0.2", Drive::kTorque), {});
  EXPECT_FALSE(connection.model);
  const std::vector<std::string>& warnings = connection.warnings;
  EXPECT_TRUE(std::any_of(warnings.begin(), warnings.end(),
                          [](const std::string& text) { return text.find("no model") != std::string::npos; }));
}

TEST(FrankaConnection, SettingsThatMakeNoSenseAreNamed) {
  Settings settings = settings_for("127.0.0.2", Drive::kTorque);
  settings.reflex_factor = 0.5;
  try {
    check_settings(settings);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("reflex_factor"), std::string::npos);
  }
}

}  // namespace
}  // namespace cliport::fci

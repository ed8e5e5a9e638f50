// The command line of cliport-controller.
#include "options.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace cliport {
namespace {

ControllerCommandLine parse(std::initializer_list<const char*> arguments) {
  std::vector<const char*> argv{"cliport-controller"};
  argv.insert(argv.end(), arguments);
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

/// What is said about a wrong use, or 'accepted'.
std::string message(std::initializer_list<const char*> arguments) {
  try {
    parse(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Options, WhatIsLeftOutKeepsItsDefault) {
  const ControllerCommandLine line = parse({});
  EXPECT_EQ(line.backend, "sim");
  EXPECT_EQ(line.bind, "tcp://127.0.0.1:5600");
  EXPECT_EQ(line.cpu, -1);
  EXPECT_TRUE(line.realtime);
  EXPECT_FALSE(line.help);
}

TEST(Options, EachGoesWhereItBelongs) {
  const ControllerCommandLine line = parse({"--backend",
                                            "franka",
                                            "--bind",
                                            "tcp://127.0.0.1:*",
                                            "--limits",
                                            "a b.yaml",
                                            "--keys",
                                            "k",
                                            "--cpu",
                                            "3",
                                            "--sim-surface-z",
                                            "-0.02",
                                            "--robot-ip",
                                            "10.0.0.2",
                                            "--franka-drive",
                                            "position",
                                            "--end-effector",
                                            "none",
                                            "--home-hand",
                                            "--require-realtime",
                                            "--trace",
                                            "/dev/shm/t",
                                            "--no-realtime",
                                            "--check",
                                            "-h"});
  EXPECT_EQ(line.backend, "franka");
  EXPECT_EQ(line.bind, "tcp://127.0.0.1:*");
  EXPECT_EQ(line.limits, "a b.yaml");
  EXPECT_EQ(line.keys, "k");
  EXPECT_EQ(line.cpu, 3);
  EXPECT_EQ(line.sim_surface_z_m, -0.02);
  EXPECT_EQ(line.robot_ip, "10.0.0.2");
  EXPECT_EQ(line.franka_drive, "position");
  EXPECT_EQ(line.end_effector, "none");
  EXPECT_TRUE(line.home_hand);
  EXPECT_TRUE(line.require_realtime);
  EXPECT_EQ(line.trace, "/dev/shm/t");
  EXPECT_FALSE(line.realtime);
  EXPECT_TRUE(line.check);
  EXPECT_TRUE(line.help);
}

TEST(Options, AValueMayStandBehindAnEqualsSignAndTheLastOneCounts) {
  EXPECT_EQ(parse({"--deoxys=tcp://127.0.0.1:5555"}).deoxys, "tcp://127.0.0.1:5555");
  EXPECT_EQ(parse({"--cpu", "1", "--cpu=2"}).cpu, 2);
}

TEST(Options, AWrongValueIsNamedWithWhatWasExpected) {
  EXPECT_EQ(message({"--cpu", "two"}), "Expected the number of a core for --cpu but received 'two'");
  EXPECT_EQ(message({"--cpu", "-1"}), "Expected the number of a core for --cpu but received '-1'");
  EXPECT_EQ(message({"--sim-surface-z", "nan"}), "Expected metres for --sim-surface-z but received 'nan'");
  EXPECT_EQ(message({"--sim-surface-z", "inf"}), "Expected metres for --sim-surface-z but received 'inf'");
  EXPECT_EQ(message({"--franka-drive", "velocity"}),
            "Expected 'torque' or 'position' for --franka-drive but received 'velocity'");
  EXPECT_EQ(message({"--end-effector", "cup"}), "Expected 'hand' or 'none' for --end-effector but received 'cup'");
  EXPECT_EQ(message({"--backend", "ur5"}), "Expected 'sim' or 'franka' for --backend but received 'ur5'");
  EXPECT_EQ(message({"--check", "--limits"}), "Expected a value after --limits");
  EXPECT_EQ(message({"--backend", "franka"}), "Expected the robot's address after --robot-ip, for --backend franka");
  EXPECT_TRUE(
      message({"--backend", "franka", "--deoxys", "tcp://127.0.0.1:5555"}).starts_with("Expected --backend sim"));
}

TEST(Options, AMisspeltOneIsNamedWithTheOneThatIsNear) {
  EXPECT_EQ(message({"--limit", "x"}), "Unknown option '--limit' (did you mean '--limits'?)");
  EXPECT_EQ(message({"--bakcend=sim"}), "Unknown option '--bakcend=sim' (did you mean '--backend'?)");
  EXPECT_EQ(message({"--colour"}), "Unknown option '--colour'");
  EXPECT_EQ(message({"sim"}), "Unknown option 'sim'");
}

}  // namespace
}  // namespace cliport

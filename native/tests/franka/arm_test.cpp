// The whole backend on loopback: controller, libfranka, and a robot that keeps its rules.
#include "franka/arm.hpp"

#include <gtest/gtest.h>

#include "franka_cell.hpp"

namespace cliport::fci {
namespace {

class FrankaArm : public ::testing::TestWithParam<Drive> {
 protected:
  static CellOptions options() {
    CellOptions options;
    options.ip = "127.0.0.6";
    options.drive = GetParam();
    return options;
  }
};

std::string name_of(const ::testing::TestParamInfo<Drive>& info) {
  return info.param == Drive::kTorque ? "Torque" : "Position";
}
INSTANTIATE_TEST_SUITE_P(Drives, FrankaArm, ::testing::Values(Drive::kTorque, Drive::kPosition), name_of);

TEST_P(FrankaArm, EveryStartIsDisarmedAndTheRobotGetsNoCommand) {
  FrankaCell cell(options());
  cell.let_robot_live(300);
  EXPECT_EQ(cell.controller->snapshot().mode, Mode::kDisarmed);
  EXPECT_EQ(cell.robot->received().moves, 0U);
  EXPECT_EQ(cell.robot->received().commands, 0U);
}

TEST_P(FrankaArm, APlanIsDoneWithinTheRobotsLimits) {
  FrankaCell cell(options());
  cell.arm_it();
  ASSERT_TRUE(cell.carry_out({move_to(0.5, 0.2, 0.25), move_to(0.4, -0.15, 0.35)}));
  EXPECT_NEAR(cell.tip_m()[0], 0.4, 0.005);
  EXPECT_NEAR(cell.tip_m()[1], -0.15, 0.005);
  EXPECT_NEAR(cell.tip_m()[2], 0.35, 0.005);
  const Received received = cell.robot->received();
  expect_within_limits(received, panda_joint_limits());
  EXPECT_EQ(received.moves, 1U) << "one motion of the robot's, from arming to disarming";
  EXPECT_EQ(cell.robot->view().error, "");
}

TEST_P(FrankaArm, DisarmingEndsTheMotionAtRest) {
  FrankaCell cell(options());
  cell.arm_it();
  cell.send(CommandKind::kRelease);
  cell.wait_until([&] { return !cell.robot->view().moving; }, "the robot holds itself again");
  EXPECT_EQ(cell.robot->received().motions_finished, 1U);
  EXPECT_EQ(cell.robot->view().error, "");
  cell.arm_it();
  EXPECT_TRUE(cell.carry_out({move_to(0.45, 0.1, 0.3)}));
}

TEST_P(FrankaArm, AStopBrakesWithinTheLimitsThenTheMotionIsFinishedAndTheStopStays) {
  FrankaCell cell(options());
  cell.arm_it();
  const std::uint64_t plan = cell.set_off({move_to(0.5, 0.4, 0.3)});
  cell.send(CommandKind::kStop);
  cell.wait_for(Mode::kStopped);
  cell.wait_until([&] { return !cell.robot->view().moving; }, "the motion is finished");
  EXPECT_NE(cell.answer_to(plan, EventKind::kEnded), nullptr);
  EXPECT_LT(cell.tip_m()[1], 0.35) << "it stopped on the way";
  EXPECT_EQ(cell.robot->view().error, "");
  const Received received = cell.robot->received();
  expect_within_limits(received, panda_joint_limits());
  EXPECT_EQ(received.motions_finished, 1U);
  cell.let_robot_live(500);
  EXPECT_EQ(cell.controller->snapshot().mode, Mode::kStopped);
  EXPECT_EQ(cell.robot->received().moves, 1U);
}

TEST_P(FrankaArm, AHeartbeatTimeOutStopsTheArm) {
  CellOptions given = options();
  given.config.watchdog_s = 0.5;
  given.config.lease_timeout_s = 1.0;
  FrankaCell cell(given);
  cell.arm_it();
  cell.set_off({move_to(0.5, 0.4, 0.3, 0.2)});
  cell.beating = false;
  cell.wait_for(Mode::kStopped);
  EXPECT_EQ(cell.controller->snapshot().reason, Reason::kWatchdog);
  EXPECT_EQ(cell.robot->view().error, "");
  expect_within_limits(cell.robot->received(), panda_joint_limits());
}

TEST_P(FrankaArm, AReflexIsAFaultByItsNameWhichOnlyAPersonRecoversFrom) {
  FrankaCell cell(options());
  cell.arm_it();
  cell.set_off({move_to(0.5, 0.4, 0.3)});
  cell.robot->push_tool({0.0, 0.0, 300.0});
  cell.wait_for(Mode::kFault);
  EXPECT_EQ(cell.controller->snapshot().reason, Reason::kCartesianReflex);
  EXPECT_EQ(cell.robot->view().error, "cartesian_reflex");
  cell.robot->push_tool({});
  cell.let_robot_live(500);
  EXPECT_EQ(cell.controller->snapshot().mode, Mode::kFault);
  EXPECT_EQ(cell.robot->received().recoveries, 0U);
  EXPECT_EQ(cell.robot->received().moves, 1U);

  cell.clear_latch();
  cell.wait_for(Mode::kDisarmed);
  EXPECT_EQ(cell.robot->received().recoveries, 1U);
  EXPECT_EQ(cell.robot->view().error, "");
  cell.let_robot_live(200);
  EXPECT_EQ(cell.robot->received().moves, 1U) << "recovery arms nothing";
  cell.arm_it();
  EXPECT_TRUE(cell.carry_out({move_to(0.45, 0.1, 0.3)}));
}

TEST_P(FrankaArm, ARecoveryThatTheRobotRefusesLeavesTheFaultAndIsTriedOnceForEachClear) {
  CellOptions given = options();
  given.robot.robot.recovers = false;
  FrankaCell cell(given);
  cell.arm_it();
  cell.robot->push_joints({0, 0, 0, 200, 0, 0, 0});
  cell.wait_for(Mode::kFault);
  EXPECT_EQ(cell.controller->snapshot().reason, Reason::kJointReflex);
  cell.robot->push_joints({});
  cell.clear_latch();
  cell.wait_until([&] { return cell.robot->received().recoveries == 1; }, "one try");
  cell.let_robot_live(300);
  EXPECT_EQ(cell.controller->snapshot().mode, Mode::kFault);
  EXPECT_EQ(cell.robot->received().recoveries, 1U);
  EXPECT_NE(cell.notes().find("manual error recovery required"), std::string::npos) << cell.notes();
  cell.robot->set_recovers(true);
  cell.clear_latch();
  cell.wait_for(Mode::kDisarmed);
}

TEST_P(FrankaArm, MoreForceThanTheCeilingStopsTheArmSmoothlyBeforeTheRobotsReflex) {
  FrankaCell cell(options());
  cell.arm_it();
  cell.set_off({move_to(0.5, 0.4, 0.3, 0.2)});
  cell.robot->push_tool({0.0, 0.0, 50.0});  // ceiling 40 N, reflex 60 N
  cell.wait_for(Mode::kStopped);
  EXPECT_EQ(cell.robot->view().error, "");
  expect_within_limits(cell.robot->received(), panda_joint_limits());
}

TEST_P(FrankaArm, NineteenLostCommandsAreBorne) {
  FrankaCell cell(options());
  cell.arm_it();
  const std::uint64_t plan = cell.set_off({move_to(0.5, 0.3, 0.3, 0.2)});
  cell.robot->lose_commands(19);
  cell.wait_until([&] { return cell.robot->received().lost >= 19; }, "they are lost");
  if (GetParam() == Drive::kPosition) {
    // The robot went on with constant acceleration, and nineteen milliseconds later the reference is elsewhere: FCI
    // calls that a discontinuity. The torque interface tolerates it, which is why it is the default.
    cell.wait_until([&] { return cell.answer_to(plan, EventKind::kDone) || !cell.robot->view().error.empty(); }, "end");
    return;
  }
  cell.wait_until([&] { return cell.answer_to(plan, EventKind::kDone) != nullptr; }, "the plan is done");
  EXPECT_EQ(cell.robot->view().error, "");
}

TEST_P(FrankaArm, TwentyLostCommandsAreACommunicationFault) {
  FrankaCell cell(options());
  cell.arm_it();
  cell.set_off({move_to(0.5, 0.3, 0.3)});
  cell.robot->lose_commands(1000);
  cell.wait_for(Mode::kFault);
  EXPECT_EQ(cell.controller->snapshot().reason, Reason::kCommunicationConstraintsViolation);
  EXPECT_EQ(cell.robot->received().lost, 20U);
  cell.robot->lose_commands(0);
  cell.let_robot_live(200);
  EXPECT_EQ(cell.controller->snapshot().mode, Mode::kFault);
  EXPECT_TRUE(cell.recovers_and_moves());
}

TEST_P(FrankaArm, ARobotWhoseStatesStopIsLostAndComesBackOnlyWhenAPersonRecovers) {
  CellOptions given = options();
  given.state_timeout_ns = 500'000'000;
  FrankaCell cell(given);
  cell.arm_it();
  cell.set_off({move_to(0.5, 0.3, 0.3)});
  cell.robot->pull_cable(true);
  cell.wait_for(Mode::kFault);
  EXPECT_EQ(cell.controller->snapshot().reason, Reason::kRobotLost);
  const std::int64_t stamp_ns = cell.controller->snapshot().stamp_ns;
  cell.wait_until([&] { return cell.controller->snapshot().stamp_ns > stamp_ns + 1'500'000'000; }, "cycles go on");
  // libfranka has noticed by now that no state comes, and waits for the robot to answer that it has stopped.
  cell.robot->pull_cable(false);
  EXPECT_TRUE(cell.recovers_and_moves());
}

TEST_P(FrankaArm, ARobotComputerThatDiesIsAFaultAndItsSuccessorIsConnectedToWhenAPersonRecovers) {
  FrankaCell cell(options());
  cell.arm_it();
  cell.set_off({move_to(0.5, 0.3, 0.3)});
  cell.kill_robot();
  cell.wait_for(Mode::kFault);
  EXPECT_EQ(cell.controller->snapshot().reason, Reason::kRobotLost);
  cell.clear_latch();
  cell.wait_until([&] { return cell.notes().find("No Franka arm can be used") != std::string::npos; }, "one try");
  EXPECT_EQ(cell.controller->snapshot().mode, Mode::kFault);
  cell.start_robot();
  EXPECT_TRUE(cell.recovers_and_moves());
}

TEST_P(FrankaArm, TheUserStopIsAFaultThatOutlivesItsRelease) {
  FrankaCell cell(options());
  cell.arm_it();
  cell.set_off({move_to(0.5, 0.3, 0.3)});
  cell.robot->press_user_stop(true);
  cell.wait_for(Mode::kFault);
  EXPECT_EQ(cell.controller->snapshot().reason, Reason::kUserStop);
  cell.clear_latch();
  cell.let_robot_live(300);
  EXPECT_EQ(cell.controller->snapshot().mode, Mode::kFault) << "it is still pressed";
  cell.robot->press_user_stop(false);
  cell.let_robot_live(300);
  EXPECT_EQ(cell.controller->snapshot().mode, Mode::kFault) << "the clear that the robot refused is used up";
  EXPECT_EQ(cell.controller->snapshot().reason, Reason::kUserStop);
  cell.clear_latch();
  cell.wait_for(Mode::kDisarmed);
  EXPECT_EQ(cell.robot->received().moves, 1U);
}

TEST_P(FrankaArm, AUserStopThatIsLetGoAtOnceIsAFaultAllTheSame) {
  FrankaCell cell(options());
  cell.arm_it();
  cell.set_off({move_to(0.5, 0.3, 0.3)});
  cell.robot->press_user_stop(true);
  cell.wait_until([&] { return !cell.robot->view().moving; }, "the robot ends the motion");
  cell.robot->press_user_stop(false);
  cell.wait_for(Mode::kFault);
  cell.let_robot_live(300);
  EXPECT_EQ(cell.controller->snapshot().mode, Mode::kFault);
  EXPECT_EQ(cell.robot->received().moves, 1U);
}

TEST_P(FrankaArm, AMotionThatTheRobotRefusesIsAFaultAndIsNotAskedForAgain) {
  FrankaCell cell(options());
  cell.let_robot_live(20);
  cell.robot->set_refuses(true);
  cell.send(CommandKind::kAcquire);
  cell.wait_for(Mode::kFault);
  EXPECT_EQ(cell.controller->snapshot().reason, Reason::kRobotFailed);
  EXPECT_NE(cell.notes().find("command rejected"), std::string::npos) << cell.notes();
  cell.robot->set_refuses(false);
  cell.let_robot_live(300);
  EXPECT_EQ(cell.controller->snapshot().mode, Mode::kFault);
  EXPECT_EQ(cell.robot->received().moves, 0U);
  EXPECT_TRUE(cell.recovers_and_moves());
}

TEST_P(FrankaArm, AConnectionThatTheRobotEndsIsAFaultAndIsMadeAgainOnlyWhenAPersonRecovers) {
  FrankaCell cell(options());
  cell.arm_it();
  cell.set_off({move_to(0.5, 0.3, 0.3)});
  cell.robot->hang_up();
  cell.wait_for(Mode::kFault);
  cell.wait_until([&] { return cell.controller->snapshot().reason == Reason::kRobotLost; }, "the robot is lost");
  const std::int64_t stamp_ns = cell.controller->snapshot().stamp_ns;
  cell.wait_until([&] { return cell.controller->snapshot().stamp_ns > stamp_ns + 300'000'000; }, "cycles go on");
  EXPECT_EQ(cell.robot->received().connects, 1U);
  cell.clear_latch();
  cell.wait_for(Mode::kDisarmed);
  EXPECT_EQ(cell.robot->received().connects, 2U);
  EXPECT_EQ(cell.robot->received().recoveries, 1U) << "from the commands that it missed";
  cell.arm_it();
  EXPECT_TRUE(cell.carry_out({move_to(0.45, 0.1, 0.3)}));
}

TEST_P(FrankaArm, ADescentEndsWhereItTouchesTheTable) {
  CellOptions given = options();
  given.robot.robot.body.surface_z_m = 0.1;
  FrankaCell cell(given);
  cell.arm_it();
  ASSERT_TRUE(cell.carry_out(
      {{.kind = SegmentKind::kDescend, .p_base_m = {0.45, 0.0, 0.05}, .speed_mps = 0.1}, move_to(0.45, 0.0, 0.2)}));
  const auto touched = std::find_if(cell.events.begin(), cell.events.end(),
                                    [](const Event& event) { return event.kind == EventKind::kSegment; });
  ASSERT_NE(touched, cell.events.end());
  EXPECT_TRUE(touched->contact);
  EXPECT_NEAR(touched->p_base_m[2], 0.1, 0.01);
  EXPECT_EQ(cell.robot->view().error, "");
}

}  // namespace
}  // namespace cliport::fci

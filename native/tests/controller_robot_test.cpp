// What the robot itself reports: errors of its own, and whether it follows.
#include "controller_rig.hpp"

namespace cliport::test {
namespace {

TEST(ControllerRobot, AnErrorOfTheRobotFaultsAMovingArmUnderItsOwnName) {
  Rig rig;
  rig.arm();
  ASSERT_EQ(rig.send(rig.plan({move_to(0.5, 0.2, 0.3)})), Reason::kNone);
  rig.steps(300);
  rig.measured.fault = Reason::kCartesianReflex;
  rig.step();
  EXPECT_EQ(rig.mode(), Mode::kFault);
  EXPECT_STREQ(to_string(rig.controller.snapshot().reason), "cartesian_reflex");
  EXPECT_EQ(rig.of(EventKind::kEnded).size(), 0U) << "the reference still brakes";
  rig.steps(300);
  ASSERT_EQ(rig.of(EventKind::kEnded).size(), 1U);
  EXPECT_EQ(rig.of(EventKind::kEnded)[0].reason, Reason::kCartesianReflex);
}

TEST(ControllerRobot, AnErrorOfTheRobotFaultsAnArmAtRestInEveryMode) {
  for (const bool armed : {false, true}) {
    Rig rig;
    if (armed) rig.arm();
    rig.measured.fault = Reason::kUserStop;
    rig.step();
    EXPECT_EQ(rig.mode(), Mode::kFault);
  }
  Rig stopped;
  stopped.send(CommandKind::kStop);
  ASSERT_EQ(stopped.mode(), Mode::kStopped);
  stopped.measured.fault = Reason::kJointReflex;
  stopped.step();
  EXPECT_EQ(stopped.mode(), Mode::kFault);
}

TEST(ControllerRobot, AnErrorThatGoesAwayByItselfStaysLatched) {
  Rig rig;
  rig.measured.fault = Reason::kJointReflex;
  rig.step();
  rig.measured.fault = Reason::kNone;
  rig.steps(1000);
  EXPECT_EQ(rig.mode(), Mode::kFault);
  EXPECT_EQ(rig.reference.recoveries, 0U) << "nobody asked for it";
  EXPECT_EQ(rig.send(CommandKind::kClear), Reason::kNone);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
  EXPECT_EQ(rig.reference.recoveries, 0U) << "nothing was left to recover from";
}

TEST(ControllerRobot, AClearAsksTheRobotToRecoverOnceAndDisarmsOnlyWhenItHas) {
  Rig rig;
  rig.measured.fault = Reason::kJointReflex;
  rig.step();
  EXPECT_EQ(rig.send(CommandKind::kClear), Reason::kNone);
  EXPECT_EQ(rig.reference.recoveries, 1U);
  rig.steps(500);
  EXPECT_EQ(rig.reference.recoveries, 1U);
  EXPECT_EQ(rig.mode(), Mode::kFault);
  EXPECT_EQ(rig.send(CommandKind::kAcquire), Reason::kLatched);
  rig.measured.fault = Reason::kNone;
  rig.step();
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
}

TEST(ControllerRobot, ARecoveryThatFailedIsTriedAgainOnlyWhenAPersonClearsAgain) {
  Rig rig;
  rig.measured.fault = Reason::kJointReflex;
  rig.step();
  rig.send(CommandKind::kClear);
  rig.steps(500);
  rig.send(CommandKind::kClear);
  EXPECT_EQ(rig.reference.recoveries, 2U);
}

TEST(ControllerRobot, AStopDuringARecoveryKeepsTheLatch) {
  Rig rig;
  rig.measured.fault = Reason::kJointReflex;
  rig.step();
  rig.send(CommandKind::kClear);
  rig.send(CommandKind::kStop);
  rig.measured.fault = Reason::kNone;
  rig.steps(10);
  EXPECT_EQ(rig.mode(), Mode::kFault);
}

TEST(ControllerRobot, NoSegmentBeginsWhileTheRobotDoesNotFollow) {
  Rig rig;
  rig.measured.following = false;
  rig.arm();
  ASSERT_EQ(rig.send(rig.plan({grasp(), move_to(0.5, 0.1, 0.3)})), Reason::kNone);
  rig.steps(1000);
  EXPECT_FALSE(rig.reference.grasp);
  EXPECT_EQ(rig.mode(), Mode::kMoving);
  rig.measured.following = true;
  rig.finish();
  EXPECT_EQ(rig.of(EventKind::kDone).size(), 1U);
  EXPECT_NEAR(tip(rig.reference.q_rad)[1], 0.1, 1e-9);
}

}  // namespace
}  // namespace cliport::test

// Arm and hand together: grasps, and the loads that they are.
#include <gtest/gtest.h>

#include "franka_cell.hpp"

namespace cliport::fci {
namespace {

class FrankaGrasp : public ::testing::Test {
 protected:
  static CellOptions options(std::optional<double> object_width_m) {
    CellOptions options;
    options.ip = "127.0.0.7";
    options.hand = true;
    options.hand_options.object_width_m = object_width_m;
    options.hand_options.time_scale = 0.2;
    return options;
  }
  static Segment grasp() { return {.kind = SegmentKind::kGrasp}; }
  static Segment release() { return {.kind = SegmentKind::kRelease}; }
};

TEST_F(FrankaGrasp, AGraspSetsTheLoadBeforeTheLiftAndAReleaseTakesItAway) {
  FrankaCell cell(options(0.03));
  cell.arm_it();
  ASSERT_TRUE(cell.carry_out({move_to(0.45, 0.0, 0.2), grasp(), move_to(0.45, 0.1, 0.3)}));
  EXPECT_EQ(cell.hand_server->received().grasps, 1U);
  EXPECT_DOUBLE_EQ(cell.robot->received().load_kg, cell.options.config.held_load.mass_kg);
  EXPECT_EQ(cell.robot->received().moves, 2U) << "the robot takes a load only between two motions";
  ASSERT_TRUE(cell.carry_out({release(), move_to(0.45, 0.0, 0.3)}));
  EXPECT_EQ(cell.hand_server->received().moves, 1U);
  EXPECT_DOUBLE_EQ(cell.robot->received().load_kg, 0.0);
  EXPECT_EQ(cell.robot->view().error, "");
}

TEST_F(FrankaGrasp, ALoadThatTheRobotRefusesIsAFaultAndIsSetAfterTheRecovery) {
  FrankaCell cell(options(0.03));
  cell.arm_it();
  cell.robot->set_refuses(true);
  cell.send({grasp(), move_to(0.45, 0.1, 0.3)});
  cell.wait_for(Mode::kFault);
  EXPECT_EQ(cell.controller->snapshot().reason, Reason::kRobotFailed);
  EXPECT_DOUBLE_EQ(cell.robot->received().load_kg, 0.0);
  cell.robot->set_refuses(false);
  ASSERT_TRUE(cell.recovers_and_moves());
  EXPECT_DOUBLE_EQ(cell.robot->received().load_kg, cell.options.config.held_load.mass_kg);
}

TEST_F(FrankaGrasp, AMissedGraspChangesNoLoadAndIsReported) {
  CellOptions given = options(std::nullopt);
  given.config.grasp_settle_s = 1.0;
  FrankaCell cell(given);
  cell.arm_it();
  const std::uint64_t loads = cell.robot->received().loads;
  ASSERT_TRUE(cell.carry_out({grasp(), move_to(0.45, 0.1, 0.3)}));
  EXPECT_EQ(cell.robot->received().loads, loads);
  const auto segment = std::find_if(cell.events.begin(), cell.events.end(),
                                    [](const Event& event) { return event.kind == EventKind::kSegment; });
  ASSERT_NE(segment, cell.events.end());
  EXPECT_FALSE(segment->end_effector.holding);
}

TEST_F(FrankaGrasp, AHandThatHangsDoesNotHoldUpTheCycle) {
  CellOptions given = options(0.03);
  given.config.grasp_settle_s = 0.5;
  FrankaCell cell(given);
  cell.arm_it();
  cell.hand_server->hang(true);
  ASSERT_TRUE(cell.carry_out({grasp(), move_to(0.45, 0.1, 0.3)}));
  EXPECT_EQ(cell.robot->received().lost, 0U);
  EXPECT_EQ(cell.robot->view().error, "");
}

TEST_F(FrankaGrasp, AStopKeepsWhatIsHeld) {
  FrankaCell cell(options(0.03));
  cell.arm_it();
  ASSERT_TRUE(cell.carry_out({grasp()}));
  cell.set_off({move_to(0.5, 0.4, 0.3)});
  cell.send(CommandKind::kStop);
  cell.wait_for(Mode::kStopped);
  cell.wait_until([&] { return !cell.robot->view().moving; }, "the motion is finished");
  EXPECT_TRUE(cell.hand_server->view().is_grasped);
  EXPECT_EQ(cell.hand_server->received().moves, 0U);
}

}  // namespace
}  // namespace cliport::fci

#include "deoxys_session.hpp"

#include <gtest/gtest.h>

#include <random>

#include "controller_rig.hpp"
#include "deoxys.pb.h"

namespace cliport {
namespace {

namespace wire = cliport::deoxys;

constexpr std::uint64_t kClient = 77;

wire::ArmCommand command_of(wire::ControllerType type, const char* name, const google::protobuf::MessageLite& law) {
  wire::ArmCommand command;
  command.set_controller_type(type);
  command.mutable_control()->set_type_url(std::string("type.googleapis.com/") + name);
  command.mutable_control()->set_value(law.SerializeAsString());
  return command;
}

std::string no_control() {
  return command_of(wire::NO_CONTROL, "FrankaDummyControllerMessage", wire::Dummy()).SerializeAsString();
}

std::string osc(wire::ControllerType type, bool is_delta, std::array<double, 3> p, std::array<double, 3> axis_angle) {
  wire::OscPose law;
  for (int i = 0; i < 3; ++i) {
    law.add_translational_stiffness(150);
    law.add_rotational_stiffness(250);
  }
  wire::Goal& goal = *law.mutable_goal();
  goal.set_is_delta(is_delta);
  goal.set_x(p[0]);
  goal.set_y(p[1]);
  goal.set_z(p[2]);
  goal.set_ax(axis_angle[0]);
  goal.set_ay(axis_angle[1]);
  goal.set_az(axis_angle[2]);
  return command_of(type, "FrankaOSCPoseControllerMessage", law).SerializeAsString();
}

std::string delta(double x, double y, double z) { return osc(wire::OSC_POSE, true, {x, y, z}, {0, 0, 0}); }

std::string joints(const Joints& q, double kp = 100.0, int count = 7) {
  wire::JointImpedance law;
  for (int i = 0; i < count; ++i) {
    law.add_kp(kp);
    law.add_kd(10);
  }
  wire::JointGoal& goal = *law.mutable_goal();
  goal.set_q1(q[0]);
  goal.set_q2(q[1]);
  goal.set_q3(q[2]);
  goal.set_q4(q[3]);
  goal.set_q5(q[4]);
  goal.set_q6(q[5]);
  goal.set_q7(q[6]);
  return command_of(wire::JOINT_IMPEDANCE, "FrankaJointImpedanceControllerMessage", law).SerializeAsString();
}

std::string gripper(const char* name) {
  wire::GripperCommand command;
  command.mutable_control()->set_type_url(std::string("type.googleapis.com/") + name);
  return command.SerializeAsString();
}

/// A client that sends 20 times a second, in the controller's time.
class DeoxysSessionTest : public ::testing::Test {
 protected:
  DeoxysSessionTest() { rig.heartbeat = 0; }

  /// Sends the same command every 50 ms for so long; nothing when it is empty.
  void run(const std::string& bytes, int ms) {
    for (int i = 0; i < ms; ++i) {
      rig.step();
      if (!bytes.empty() && i % 50 == 0) session.take_arm_command(bytes, rig.now_ns);
      if (i % 5 == 0) session.step(rig.now_ns);
    }
  }
  std::array<double, 3> tool() const { return tip(rig.reference.q_rad); }
  Snapshot snapshot() const { return rig.controller.snapshot(); }

  Rig rig;
  std::vector<std::string> warnings;
  DeoxysSession session{{.submit = [this](const Command& command) { return rig.controller.post(command); },
                         .snapshot = [this] { return rig.controller.snapshot(); },
                         .warn = [this](const std::string& what) { warnings.push_back(what); }},
                        rig.config,
                        kClient};
};

TEST_F(DeoxysSessionTest, NoControlNeitherArmsNorMoves) {
  run(no_control(), 1000);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
  EXPECT_EQ(snapshot().lease_session, 0u);
}

TEST_F(DeoxysSessionTest, TheFirstCommandOfALawTakesTheLeaseAndNoControlGivesItBack) {
  run(no_control(), 100);
  run(delta(0, 0, 0), 200);
  EXPECT_EQ(rig.mode(), Mode::kArmed);
  EXPECT_EQ(snapshot().lease_session, kClient);
  run(no_control(), 200);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
}

TEST_F(DeoxysSessionTest, DeltasAreAddedToTheMeasuredPoseAgainAndAgain) {
  run(delta(0.02, 0, 0), 2000);
  EXPECT_GT(tool()[0], kHome[0] + 0.05);
  EXPECT_LT(tool()[0], kHome[0] + 0.3);
  EXPECT_NEAR(tool()[1], kHome[1], 1e-3);
  EXPECT_NEAR(tool()[2], kHome[2], 1e-3);
}

TEST_F(DeoxysSessionTest, AnAbsolutePoseIsReachedWithItsYaw) {
  // Tool down with yaw y is half a turn about (cos y/2, sin y/2, 0).
  const double yaw = 0.4;
  run(osc(wire::OSC_POSE, false, {0.5, 0.15, 0.25}, {kPi * std::cos(yaw / 2), kPi * std::sin(yaw / 2), 0}), 5000);
  EXPECT_NEAR(tool()[0], 0.5, 1e-3);
  EXPECT_NEAR(tool()[1], 0.15, 1e-3);
  EXPECT_NEAR(tool()[2], 0.25, 1e-3);
  EXPECT_NEAR(snapshot().yaw_rad, yaw, 2e-3);
}

TEST_F(DeoxysSessionTest, JointGoalsAreReachedInEveryJoint) {
  Joints goal = joints_at({0.5, -0.1, 0.3}, 0.3);
  goal[2] += 0.1;  // a posture that no pose with the tool down has
  run(joints(goal), 5000);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_NEAR(rig.reference.q_rad[i], goal[i], 2e-3);
}

TEST_F(DeoxysSessionTest, WithoutStiffnessTheArmIsArmedAndHolds) {
  run(joints(joints_at({0.5, -0.1, 0.3}), 0.0), 1000);
  EXPECT_EQ(rig.mode(), Mode::kArmed);
  EXPECT_NEAR(tool()[0], kHome[0], 1e-6);
}

TEST_F(DeoxysSessionTest, ACommandTimeOutInMidMotionStopsAndLatches) {
  const std::string far = joints(joints_at({0.5, 0.3, 0.3}));
  run(far, 400);
  ASSERT_EQ(rig.mode(), Mode::kMoving);
  run("", 1000);
  EXPECT_EQ(rig.mode(), Mode::kStopped);
  EXPECT_EQ(snapshot().reason, Reason::kWatchdog);
  const std::array<double, 3> rest = tool();
  run(far, 1000);  // it comes back
  EXPECT_EQ(rig.mode(), Mode::kStopped);
  rig.send(CommandKind::kClear, kAnna);  // a person looks, and clears the stop
  run(far, 1000);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed) << "the client must begin anew";
  EXPECT_NEAR(tool()[1], rest[1], 1e-9);
  run(no_control(), 100);
  run(far, 5000);
  EXPECT_NEAR(tool()[1], 0.3, 2e-3);
}

TEST_F(DeoxysSessionTest, AClientThatPausesLosesTheLeaseAndMustBeginAnew) {
  run(delta(0, 0, 0), 200);
  run("", 700);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
  run(delta(0.02, 0, 0), 500);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
  run(no_control(), 100);
  run(delta(0.02, 0, 0), 500);
  EXPECT_GT(tool()[0], kHome[0] + 0.01);
}

TEST_F(DeoxysSessionTest, WithoutLeaseNothingMoves) {
  rig.heartbeat = kAnna;
  rig.arm();
  run(delta(0.05, 0, 0), 1000);
  EXPECT_EQ(snapshot().lease_session, kAnna);
  EXPECT_NEAR(tool()[0], kHome[0], 1e-9);
  EXPECT_NE(warnings.at(0).find("another program holds the lease"), std::string::npos);
}

TEST_F(DeoxysSessionTest, AfterNoControlTheArmStandsStillWithinOneShortHop) {
  run(osc(wire::OSC_POSE, false, {0.45, 0.5, 0.3}, {kPi, 0, 0}), 700);
  const std::array<double, 3> then = tool();
  ASSERT_EQ(rig.mode(), Mode::kMoving);
  run(no_control(), 1500);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
  EXPECT_LT(std::abs(tool()[1] - then[1]), DeoxysSession::kHopM + 1e-3);
}

TEST_F(DeoxysSessionTest, StraightDownEndsOnTheSurfaceWithoutAFault) {
  rig.surface_m = 0.2;
  run(joints(joints_at({kHome[0], kHome[1], 0.15})), 6000);
  EXPECT_EQ(rig.mode(), Mode::kArmed);
  EXPECT_NEAR(tool()[2], 0.2, 2e-3);
  run(joints(joints_at({kHome[0], kHome[1], 0.3})), 3000);
  EXPECT_NEAR(tool()[2], 0.3, 2e-3);
}

TEST_F(DeoxysSessionTest, AGraspSwitchesTheVacuumOnAndAMoveOff) {
  session.take_gripper_command(gripper("FrankaGripperGraspMessage"));
  run(delta(0, 0, 0), 600);
  EXPECT_TRUE(snapshot().reference.grasp);
  session.take_gripper_command(gripper("FrankaGripperStopMessage"));
  run(delta(0, 0, 0), 600);
  EXPECT_TRUE(snapshot().reference.grasp) << "a stop lets go of nothing";
  session.take_gripper_command(gripper("FrankaGripperMoveMessage"));
  run(delta(0, 0, 0), 600);
  EXPECT_FALSE(snapshot().reference.grasp);
}

TEST_F(DeoxysSessionTest, GoalsThatTheControllerRefusesMoveNothingAndAreTold) {
  run(osc(wire::OSC_POSE, false, {0.45, 0.0, -0.5}, {kPi, 0, 0}), 15000);
  for (const Event& event : rig.of(EventKind::kSegment))
    EXPECT_GE(event.p_base_m[2], rig.config.motion_box_m[4] - 1e-6);
  ASSERT_FALSE(warnings.empty());
  EXPECT_NE(warnings.back().find("outside_workspace"), std::string::npos);
  warnings.clear();
  const std::array<double, 3> then = tool();
  run(osc(wire::OSC_POSE, false, {0.5, 0, 0.3}, {kPi / 2, 0, 0}), 1000);
  EXPECT_NEAR(tool()[0], then[0], 1e-6);
  EXPECT_NE(warnings.at(0).find("tool pointing down"), std::string::npos);
}

TEST_F(DeoxysSessionTest, AnotherLawNeedsNoControlFirst) {
  run(delta(0, 0, 0), 200);
  run(joints(joints_at({0.5, 0.1, 0.3})), 90);
  EXPECT_NEAR(tool()[0], kHome[0], 1e-6);
  EXPECT_NE(warnings.at(0).find("only after NO_CONTROL"), std::string::npos);
}

TEST_F(DeoxysSessionTest, TerminationInMidMotionStopsTheArm) {
  run(joints(joints_at({0.5, 0.3, 0.3})), 400);
  ASSERT_EQ(rig.mode(), Mode::kMoving);
  wire::ArmCommand end;
  end.set_termination(true);
  session.take_arm_command(end.SerializeAsString(), rig.now_ns);
  run("", 500);
  EXPECT_EQ(rig.mode(), Mode::kStopped);
}

TEST_F(DeoxysSessionTest, WhatIsMalformedIsNoSignOfLifeAndMovesNothing) {
  wire::ArmCommand torque;
  torque.set_controller_type(wire::TORQUE);
  const Joints q = joints_at({0.5, 0.1, 0.3});
  Joints nan = q;
  nan[3] = std::nan("");
  for (const std::string& bytes : {std::string("\xff\xff\xff"), torque.SerializeAsString(), joints(q, 100.0, 3),
                                   joints(nan), osc(wire::OSC_POSE, true, {std::nan(""), 0, 0}, {0, 0, 0})}) {
    warnings.clear();
    run(no_control(), 60);
    run(bytes, 300);
    EXPECT_EQ(rig.mode(), Mode::kDisarmed);
    ASSERT_FALSE(warnings.empty());
    EXPECT_NE(warnings[0].find("was ignored: Expected"), std::string::npos) << warnings[0];
  }
}

TEST_F(DeoxysSessionTest, RandomlyDamagedCommandsDoNoHarm) {
  std::mt19937 random(7);
  const std::string good = joints(joints_at({0.5, 0.1, 0.3}));
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good.substr(0, random() % (good.size() + 1));
    for (unsigned k = random() % 4; k > 0 && !bytes.empty(); --k)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    std::string problem;
    const bool is_read = parse_deoxys_order(bytes, problem).has_value();
    EXPECT_NE(is_read, !problem.empty());
    parse_deoxys_gripper(bytes, problem);
  }
}

TEST_F(DeoxysSessionTest, TheStateIsColumnMajorWithEveryArrayOfItsLength) {
  run(delta(0, 0, 0), 100);
  wire::ArmState state;
  ASSERT_TRUE(state.ParseFromString(session.arm_state()));
  EXPECT_NEAR(state.o_t_ee(12), kHome[0], 1e-6);
  EXPECT_NEAR(state.o_t_ee(14), kHome[2], 1e-6);
  EXPECT_EQ(state.o_t_ee(3), 0.0);
  EXPECT_EQ(state.o_t_ee(15), 1.0);
  EXPECT_EQ(state.robot_mode(), wire::MOVE);
  EXPECT_TRUE(state.cliport_simulated());
  EXPECT_EQ(state.q_size(), 7);
  EXPECT_EQ(state.o_f_ext_hat_k_size(), 6);
  EXPECT_EQ(state.i_total_size(), 9);
  EXPECT_EQ(state.elbow_size(), 2);
  const std::uint64_t frame = state.frame();
  const std::uint64_t time = state.time().to_msec();
  run("", 50);
  ASSERT_TRUE(state.ParseFromString(session.arm_state()));
  EXPECT_EQ(state.frame(), frame + 1);
  EXPECT_EQ(state.time().to_msec(), time + 50);
}

TEST(DeoxysStateTest, AFaultIsReportedUnderTheRobotsOwnName) {
  Snapshot snapshot;
  snapshot.mode = Mode::kFault;
  snapshot.reason = Reason::kCartesianReflex;
  wire::ArmState state;
  ASSERT_TRUE(state.ParseFromString(deoxys_arm_state(snapshot, Tool{}, false, 1)));
  EXPECT_EQ(state.robot_mode(), wire::REFLEX);
  EXPECT_TRUE(state.current_errors().cartesian_reflex());
  EXPECT_FALSE(state.current_errors().joint_reflex());
  snapshot.reason = Reason::kJointMoveInWrongDirection;
  ASSERT_TRUE(state.ParseFromString(deoxys_arm_state(snapshot, Tool{}, false, 1)));
  EXPECT_TRUE(state.current_errors().joint_move_in_wrong_direction());
  snapshot.reason = Reason::kWatchdog;
  ASSERT_TRUE(state.ParseFromString(deoxys_arm_state(snapshot, Tool{}, false, 1)));
  EXPECT_EQ(state.current_errors().ByteSizeLong(), 0u);
}

}  // namespace
}  // namespace cliport

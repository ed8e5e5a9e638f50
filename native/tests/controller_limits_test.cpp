// What the controller refuses or stops for: boxes, forces, and limits of the arm that the configuration names.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "../core/controller_motion.hpp"
#include "controller_rig.hpp"

namespace cliport {
namespace {

ControllerConfig with_post() {
  ControllerConfig config;
  config.keep_out_m.push_back({0.40, 0.50, 0.10, 0.20, 0.0, 0.25});
  return config;
}

TEST(KeepOut, ALineThroughTheBoxIsRefusedAndOneAboveItIsNot) {
  Rig rig(with_post());
  rig.arm();
  EXPECT_EQ(rig.send(rig.plan({move_to(0.45, 0.0, 0.1), move_to(0.45, 0.3, 0.1)})), Reason::kKeepOut);
  EXPECT_EQ(rig.send(rig.plan({move_to(0.45, 0.15, 0.2)})), Reason::kKeepOut) << "into it";
  EXPECT_EQ(rig.send(rig.plan({move_to(0.45, 0.0, 0.3), move_to(0.45, 0.3, 0.3)})), Reason::kNone);
  rig.finish();
  EXPECT_EQ(rig.mode(), Mode::kArmed);
}

TEST(KeepOut, TheToolKeepsItsRadius) {
  for (const double radius_m : {0.01, 0.06}) {
    ControllerConfig config;
    config.keep_out_m.push_back({0.40, 0.50, 0.10, 0.20, 0.0, 0.08});
    config.tool_radius_m = radius_m;
    Rig rig(config);
    rig.arm();
    // Five centimetres beside the box, with the wrist above its top.
    EXPECT_EQ(rig.send(rig.plan({move_to(0.45, 0.05, 0.05)})), radius_m < 0.05 ? Reason::kNone : Reason::kKeepOut);
  }
}

TEST(KeepOut, TheForearmIsKeptOutToo) {
  ControllerConfig config;
  config.keep_out_m.push_back({0.20, 0.30, -0.05, 0.05, 0.30, 0.60});  // under the elbow, behind the tool
  Rig rig(config, joints_at({0.45, 0.35, 0.3}));
  rig.arm();
  EXPECT_EQ(rig.send(rig.plan({move_to(0.6, 0.0, 0.1)})), Reason::kKeepOut) << "the tool is 30 cm away";
  config.keep_out_m[0] = {0.20, 0.30, -0.05, 0.05, 0.0, 0.10};
  Rig free(config, joints_at({0.45, 0.35, 0.3}));
  free.arm();
  EXPECT_EQ(free.send(free.plan({move_to(0.6, 0.0, 0.1)})), Reason::kNone);
}

TEST(KeepOut, AWayByJointsIsLookedAtAllAlong) {
  Rig rig(with_post(), joints_at({0.45, -0.2, 0.15}));
  rig.arm();
  Segment over;
  over.kind = SegmentKind::kJoints;
  over.q_rad = joints_at({0.45, 0.4, 0.15});
  over.speed_mps = 0.3;
  EXPECT_EQ(rig.send(rig.plan({over})), Reason::kKeepOut) << "both ends are free";
}

TEST(WayByJoints, LeadsHomeFromAPostureThatNoLineStartsFrom) {
  Joints tilted = joints_at(kHome);
  tilted[5] -= 0.9;
  tilted[2] += 0.7;
  Rig rig({}, tilted);
  rig.arm();
  EXPECT_EQ(rig.send(rig.plan({move_to(0.45, 0.0, 0.3)})), Reason::kUnreachable);
  Segment home;
  home.kind = SegmentKind::kJoints;
  home.q_rad = joints_at(kHome);
  home.speed_mps = 0.25;
  ASSERT_EQ(rig.send(rig.plan({home, move_to(0.5, 0.1, 0.3)})), Reason::kNone);
  double fastest_mps = 0.0;
  std::array<double, 3> before = tip(rig.reference.q_rad);
  while (rig.mode() == Mode::kMoving && rig.controller.snapshot().segment == 0) {
    rig.step();
    const std::array<double, 3> now = tip(rig.reference.q_rad);
    fastest_mps = std::max(fastest_mps, std::hypot(now[0] - before[0], now[1] - before[1], now[2] - before[2]) / 0.001);
    before = now;
  }
  EXPECT_LE(fastest_mps, 0.25 * 1.01);
  rig.finish();
  EXPECT_EQ(rig.mode(), Mode::kArmed);
}

TEST(WayByJoints, IsRefusedBeyondTheMarginOutsideTheBoxAndWhenItIsNotANumber) {
  Rig rig;
  rig.arm();
  Segment way;
  way.kind = SegmentKind::kJoints;
  way.speed_mps = 0.3;
  way.q_rad = joints_at(kHome);
  way.q_rad[0] = 2.85;
  EXPECT_EQ(rig.send(rig.plan({way})), Reason::kUnreachable);
  way.q_rad = joints_at(kHome);
  way.q_rad[0] = 2.0;
  EXPECT_EQ(rig.send(rig.plan({way})), Reason::kOutsideWorkspace) << "behind the base";
  way.q_rad[4] = std::nan("");
  EXPECT_EQ(rig.send(rig.plan({way})), Reason::kNotFinite);
  way.q_rad = joints_at(kHome);
  way.speed_mps = 0.7;
  EXPECT_EQ(rig.send(rig.plan({way})), Reason::kTooFast);
}

TEST(Forces, AForceAtTheToolIsContactAndMoreOfItStopsTheArm) {
  Rig rig;
  rig.seals = false;
  rig.arm();
  rig.send(rig.plan({descend_to(0.45, 0.0, 0.05)}));
  rig.steps(300);
  rig.measured.f_ext_base_n = {0.0, 0.0, 12.0};
  rig.finish();
  EXPECT_TRUE(rig.of(EventKind::kSegment).at(0).contact) << "10 N and more end a descent";
  rig.measured.f_ext_base_n = {};

  rig.send(rig.plan({move_to(0.45, 0.3, 0.3)}));
  rig.steps(400);
  rig.measured.holding = true;  // what is held may brush its neighbours, but not be torn at
  rig.measured.f_ext_base_n = {0.0, -30.0, 0.0};
  rig.step();
  EXPECT_EQ(rig.mode(), Mode::kMoving);
  rig.measured.f_ext_base_n = {0.0, -41.0, 0.0};
  rig.step();
  EXPECT_EQ(rig.mode(), Mode::kStopping);
  rig.finish();
  EXPECT_EQ(rig.mode(), Mode::kStopped);
  EXPECT_EQ(rig.controller.snapshot().reason, Reason::kForceCeiling);
}

TEST(Forces, ATorqueAtAJointStopsTheArmAndWhatIsNoNumberFaultsIt) {
  Rig rig;
  rig.arm();
  rig.send(rig.plan({move_to(0.45, 0.3, 0.3)}));
  rig.steps(400);
  rig.measured.tau_ext_nm[1] = -41.0;
  rig.step();
  EXPECT_EQ(rig.controller.snapshot().reason, Reason::kForceCeiling);
  rig.measured.tau_ext_nm[1] = std::nan("");
  rig.step();
  EXPECT_EQ(rig.mode(), Mode::kFault);
  EXPECT_EQ(rig.controller.snapshot().reason, Reason::kMeasurementInvalid);
}

TEST(Loads, TheLoadChangesWhenAGraspHoldsAndWhenItLetsGo) {
  ControllerConfig config;
  config.tool_load = {0.5, {0.0, 0.0, 0.05}, {}};
  config.held_load = {0.5, {0.0, 0.0, 0.15}, {}};
  Rig rig(config);
  rig.seals = false;
  rig.arm();
  EXPECT_EQ(rig.reference.load.mass_kg, 0.5);
  rig.send(rig.plan({grasp()}));
  rig.steps(50);
  EXPECT_EQ(rig.reference.load.mass_kg, 0.5) << "nothing is held yet";
  rig.measured.holding = true;
  rig.step();
  EXPECT_EQ(rig.reference.load.mass_kg, 1.0);
  EXPECT_NEAR(rig.reference.load.F_x_center_m[2], 0.10, 1e-12);
  EXPECT_NEAR(rig.reference.load.inertia_kgm2[0], 2 * 0.5 * 0.05 * 0.05, 1e-12) << "two points, 5 cm from their middle";
  EXPECT_NEAR(rig.reference.load.inertia_kgm2[8], 0.0, 1e-12);
  rig.send(rig.plan({release()}));
  EXPECT_EQ(rig.reference.load.mass_kg, 0.5);
}

TEST(LostCycles, TheReferenceGoesOnWithTheRobotsTime) {
  Rig steady;
  Rig losing;
  for (Rig* rig : {&steady, &losing}) {
    rig->arm();
    rig->send(rig->plan({move_to(0.5, 0.3, 0.3)}));
  }
  steady.steps(306);
  losing.steps(300);
  losing.measured.elapsed_cycles = 6;
  losing.step();
  losing.measured.elapsed_cycles = 1;
  EXPECT_NEAR(losing.reference.q_rad[0], steady.reference.q_rad[0], 3e-6) << "where the robot has gone by itself";
  for (Rig* rig : {&steady, &losing}) rig->steps(40);
  EXPECT_NEAR(losing.reference.q_rad[0], steady.reference.q_rad[0], 1e-12) << "back on the line";
}

// ---- the last guard ----

TEST(Guard, AReferenceThatWouldBreakALimitIsNeverGivenAndEveryJointComesToRestWithinThem) {
  const ControllerConfig config;
  JointLimits tight = config.joint_limits;
  for (double& dq : tight.dq_max_radps) dq *= 0.2;  // as if planning had made a mistake
  const Joints start = joints_at(kHome);
  Motion motion({.tool = {},
                 .joint_limits = config.joint_limits,
                 .joint_margin_rad = 0.1,
                 .linear = {0.6, 2.0, 20.0},
                 .angular = {1.5, 5.0, 50.0},
                 .stop = {0.6, 5.0, 500.0}},
                tight, 0.001, start);
  ASSERT_TRUE(motion.begin(move_to(0.5, 0.4, 0.3, 0.0, 0.6)));
  bool acted = false;
  Joints dq{};
  Joints ddq{};
  for (int k = 0; motion.travelling(); ++k) {
    ASSERT_LT(k, 5000);
    const Joints before = motion.q_rad();
    if (!motion.step(1)) {
      EXPECT_FALSE(acted) << "once";
      acted = true;
    }
    for (std::size_t i = 0; i < 7; ++i) {
      const double v = (motion.q_rad()[i] - before[i]) / 0.001;
      const double a = (v - dq[i]) / 0.001;
      // Braking takes the acceleration back first, so that the speed still grows by a hair.
      ASSERT_LE(std::abs(v), tight.dq_max_radps[i] * 1.05);
      ASSERT_LE(std::abs(a), tight.ddq_max_radps2[i]);
      ASSERT_LE(std::abs(a - ddq[i]) / 0.001, tight.jerk_max_radps3[i]);
      dq[i] = v;
      ddq[i] = a;
    }
  }
  EXPECT_TRUE(acted);
  const Joints rest = motion.q_rad();
  motion.brake();
  EXPECT_FALSE(motion.travelling());
  EXPECT_EQ(motion.q_rad(), rest);
}

// ---- the arm's tables ----

TEST(Fr3, AJointIsSlowerTheNearerItIsToTheEndItMovesTo) {
  const JointLimits limits = fr3_joint_limits();
  EXPECT_EQ(limits.dq_max_at(0, 0.0, 1.0), 2.62);
  const double near = limits.dq_max_at(0, 2.7437 - 0.1, 1.0);
  EXPECT_NEAR(near, std::sqrt(2 * 6.0 * 0.1) - 0.30, 1e-12);
  EXPECT_EQ(limits.dq_max_at(0, 2.7437 - 0.1, -1.0), 2.62) << "away from it";
  EXPECT_NEAR(limits.dq_max_at(0, -2.7437 + 0.1, -1.0), near, 1e-12);
  EXPECT_EQ(limits.dq_max_at(1, 1.7837, 1.0), 0.0) << "at the end";
  EXPECT_EQ(panda_joint_limits().dq_max_at(1, 1.7628, 1.0), 2.175);
}

}  // namespace
}  // namespace cliport

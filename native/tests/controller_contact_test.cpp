// Descents, contact and grasps.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "controller_rig.hpp"

namespace cliport {
namespace {

TEST(Controller, ADescentEndsAtTheFirstContactWithoutPushingOn) {
  Rig rig;
  rig.surface_m = 0.12;
  rig.arm();
  EXPECT_EQ(rig.send(rig.plan({descend_to(0.45, 0.0, 0.02, 0.1)})), Reason::kNone);
  rig.finish();
  const auto segments = rig.of(EventKind::kSegment);
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_TRUE(segments[0].contact);
  EXPECT_LT(segments[0].p_base_m[2], 0.12);
  EXPECT_GT(segments[0].p_base_m[2], 0.12 - 0.003) << "3 mm of cup at 0.1 m/s";
  EXPECT_EQ(rig.mode(), Mode::kArmed);
  rig.steps(10);
  EXPECT_FALSE(rig.moved) << "held where it stopped";
}

TEST(Controller, ADescentWithoutContactEndsAtItsTarget) {
  Rig rig;
  rig.arm();
  rig.send(rig.plan({descend_to(0.45, 0.0, 0.05)}));
  rig.finish();
  const auto segments = rig.of(EventKind::kSegment);
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_FALSE(segments[0].contact);
  EXPECT_NEAR(segments[0].p_base_m[2], 0.05, 1e-9);
}

TEST(Controller, ADescentIsNoFasterThanContactMayBe) {
  for (const double contact_speed_mps : {0.0, 0.05}) {
    Rig rig;
    rig.arm();
    Segment descend = descend_to(0.45, 0.0, 0.05, 0.2);
    descend.contact_speed_mps = contact_speed_mps;
    ASSERT_EQ(rig.send(rig.plan({descend})), Reason::kNone);
    double fastest_mps = 0.0;
    double z_m = tip(rig.reference.q_rad)[2];
    while (rig.mode() == Mode::kMoving) {
      rig.step();
      const double next_m = tip(rig.reference.q_rad)[2];
      fastest_mps = std::max(fastest_mps, (z_m - next_m) / rig.config.cycle_s);
      z_m = next_m;
    }
    EXPECT_NEAR(fastest_mps, contact_speed_mps > 0.0 ? contact_speed_mps : 0.2, 1e-4);
    EXPECT_NEAR(z_m, 0.05, 1e-9);
  }
  Rig rig;
  rig.arm();
  Segment descend = descend_to(0.45, 0.0, 0.05, 0.2);
  for (const double contact_speed_mps : {-0.1, rig.config.speed_mps + 0.01}) {
    descend.contact_speed_mps = contact_speed_mps;
    EXPECT_EQ(rig.send(rig.plan({descend})), Reason::kTooFast) << contact_speed_mps;
  }
  descend.contact_speed_mps = std::nan("");
  EXPECT_EQ(rig.send(rig.plan({descend})), Reason::kNotFinite);
}

TEST(Controller, ADescentThatStartsInContactIsOverAtOnce) {
  Rig rig;
  rig.surface_m = 1.0;
  rig.arm();
  const Joints before = rig.reference.q_rad;
  rig.send(rig.plan({descend_to(0.45, 0.0, 0.05)}));
  EXPECT_EQ(rig.mode(), Mode::kArmed);
  EXPECT_EQ(rig.reference.q_rad, before);
  ASSERT_EQ(rig.of(EventKind::kSegment).size(), 1u);
  EXPECT_TRUE(rig.of(EventKind::kSegment)[0].contact);
}

TEST(Controller, APickLiftsWhatItHoldsFromWhereverContactWas) {
  Rig rig;
  rig.surface_m = 0.1;
  rig.arm();
  EXPECT_EQ(rig.send(rig.plan({move_to(0.5, 0.2, 0.2), descend_to(0.5, 0.2, 0.01), grasp(), move_to(0.5, 0.2, 0.25),
                               move_to(0.4, -0.2, 0.25)})),
            Reason::kNone);
  rig.finish();
  const auto done = rig.of(EventKind::kDone);
  ASSERT_EQ(done.size(), 1u);
  EXPECT_TRUE(done[0].end_effector.holding);
  EXPECT_TRUE(rig.reference.grasp);
  EXPECT_EQ(rig.of(EventKind::kSegment).size(), 5u);
  EXPECT_NEAR(tip(rig.reference.q_rad)[1], -0.2, 1e-9);
}

TEST(Controller, AGraspWaitsForTheHoldButNotForEver) {
  ControllerConfig config;
  config.grasp_settle_s = 0.3;
  Rig rig(config);
  rig.seals = false;
  rig.arm();
  rig.send(rig.plan({grasp()}));
  EXPECT_TRUE(rig.reference.grasp) << "switched in the first cycle";
  EXPECT_NEAR(rig.finish(), 0.3, 0.003);
  EXPECT_FALSE(rig.of(EventKind::kDone)[0].end_effector.holding) << "no hold is a result, not a fault";

  rig.send(rig.plan({grasp()}));
  rig.steps(50);
  EXPECT_EQ(rig.mode(), Mode::kMoving);
  rig.measured.holding = true;
  EXPECT_LE(rig.finish(), 0.003) << "a seal ends the wait";
  EXPECT_TRUE(rig.of(EventKind::kDone)[1].end_effector.holding);

  rig.send(rig.plan({release()}));
  EXPECT_FALSE(rig.reference.grasp);
  rig.steps(50);
  EXPECT_EQ(rig.mode(), Mode::kMoving) << "still holding";
  rig.measured.holding = false;
  EXPECT_LE(rig.finish(), 0.003);
  EXPECT_FALSE(rig.of(EventKind::kDone)[2].end_effector.holding);
}

TEST(Controller, APushGoesOnInContactUpToItsForceLimit) {
  Segment push = move_to(0.45, 0.2, 0.3);
  push.kind = SegmentKind::kPush;
  push.force_limit_n = 20.0;
  for (const double force_n : {15.0, 25.0}) {
    Rig rig;
    rig.arm();
    rig.disturb = [force_n, cycle = 0](Measured& measured) mutable {
      if (++cycle < 100) return;  // above the force that counts as contact, from the middle of the stroke
      measured.contact = true;
      measured.f_ext_base_n = {0.0, -force_n, 0.0};
    };
    ASSERT_EQ(rig.send(rig.plan({push})), Reason::kNone);
    rig.finish();
    const bool held_up = force_n > push.force_limit_n;
    EXPECT_EQ(rig.mode(), held_up ? Mode::kStopped : Mode::kArmed) << force_n;
    EXPECT_EQ(rig.controller.snapshot().reason, held_up ? Reason::kForceCeiling : Reason::kNone);
    if (!held_up) EXPECT_NEAR(tip(rig.reference.q_rad)[1], 0.2, 1e-6);
  }
}

TEST(Controller, APushMayNotAskForMoreThanTheForceCeiling) {
  Rig rig;
  rig.arm();
  Segment push = move_to(0.45, 0.2, 0.3);
  push.kind = SegmentKind::kPush;
  for (const double limit_n : {-1.0, rig.config.force_ceiling_n + 1.0}) {
    push.force_limit_n = limit_n;
    EXPECT_EQ(rig.send(rig.plan({push})), Reason::kForceCeiling) << limit_n;
  }
}

TEST(Controller, ContactInTheMiddleOfAMoveStopsTheArm) {
  Rig rig;
  rig.surface_m = 0.2;
  rig.arm();
  rig.send(rig.plan({move_to(0.45, 0.0, 0.1)}));
  rig.finish();
  EXPECT_EQ(rig.mode(), Mode::kStopped);
  const auto ended = rig.of(EventKind::kEnded);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].reason, Reason::kUnexpectedContact);
  EXPECT_EQ(rig.controller.snapshot().reason, Reason::kUnexpectedContact);
}

TEST(Controller, TheSurfaceThatAMoveLeavesIsExpected) {
  Rig rig;
  rig.surface_m = kHome[2] + 0.008;
  rig.arm();
  rig.send(rig.plan({move_to(0.45, 0.0, 0.4)}));
  rig.finish();
  EXPECT_EQ(rig.mode(), Mode::kArmed);
}

TEST(Controller, WhatIsHeldMayBrushItsNeighboursButAnEmptyToolMayNot) {
  for (bool holding : {true, false}) {
    Rig rig;
    rig.seals = false;
    rig.measured.holding = holding;
    rig.arm();
    rig.send(rig.plan({move_to(0.5, 0.2, 0.3)}));
    rig.steps(300);
    rig.measured.contact = true;
    rig.step();
    EXPECT_EQ(rig.mode(), holding ? Mode::kMoving : Mode::kStopping);
    rig.steps(5);
    rig.measured.holding = false;  // the object is lost, in the very contact
    rig.finish();
    EXPECT_EQ(rig.mode(), holding ? Mode::kArmed : Mode::kStopped);
  }
}

}  // namespace
}  // namespace cliport

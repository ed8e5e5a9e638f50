// Plans: which are refused, and how one is told of.
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "controller_rig.hpp"

namespace cliport {
namespace {

TEST(Controller, APlanIsAcknowledgedStartedReportedBySegmentAndDone) {
  Rig rig;
  rig.arm();
  rig.events.clear();
  const Command plan = rig.plan({move_to(0.5, 0.1, 0.2), move_to(0.4, -0.2, 0.25, 1.0)});
  EXPECT_EQ(rig.send(plan), Reason::kNone);
  EXPECT_EQ(rig.mode(), Mode::kMoving);
  EXPECT_EQ(rig.controller.snapshot().command_id, plan.id);
  rig.finish();
  EXPECT_EQ(rig.mode(), Mode::kArmed);
  EXPECT_EQ(rig.controller.snapshot().command_id, 0u);

  const EventKind expected[] = {EventKind::kAccepted, EventKind::kMode, EventKind::kStarted, EventKind::kSegment,
                                EventKind::kSegment,  EventKind::kMode, EventKind::kDone};
  ASSERT_EQ(rig.events.size(), std::size(expected));
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_EQ(rig.events[i].kind, expected[i]) << "event " << i;
    EXPECT_EQ(rig.events[i].command_id, plan.id) << "event " << i;
    EXPECT_EQ(rig.events[i].session, kAnna) << "event " << i;
    if (i > 0) {
      EXPECT_EQ(rig.events[i].sequence, rig.events[i - 1].sequence + 1);
    }
  }
  EXPECT_EQ(rig.events[3].segment, 0u);
  EXPECT_NEAR(rig.events[3].p_base_m[1], 0.1, 1e-9);
  EXPECT_EQ(rig.events[4].segment, 1u);
  const Transform T = forward(rig.reference.q_rad, Tool{});
  EXPECT_NEAR(T[3], 0.4, 1e-9);
  EXPECT_NEAR(T[7], -0.2, 1e-9);
  EXPECT_NEAR(T[11], 0.25, 1e-9);
  EXPECT_NEAR(yaw_of(T), 1.0, 1e-9);
}

TEST(Controller, APlanNeedsAnArmedArm) {
  Rig rig;
  EXPECT_EQ(rig.send(rig.plan({move_to(0.5, 0.1, 0.3)})), Reason::kNotArmed);
  rig.steps(100);
  EXPECT_EQ(rig.reference.q_rad, joints_at(kHome));
}

TEST(Controller, ASecondPlanIsRefusedWhileOneRuns) {
  Rig rig;
  rig.arm();
  EXPECT_EQ(rig.send(rig.plan({move_to(0.5, 0.1, 0.3)})), Reason::kNone);
  rig.steps(50);
  EXPECT_EQ(rig.send(rig.plan({move_to(0.4, 0.1, 0.3)})), Reason::kBusy);
  EXPECT_EQ(rig.send(CommandKind::kRelease), Reason::kBusy);
  rig.finish();
  EXPECT_NEAR(tip(rig.reference.q_rad)[0], 0.5, 1e-9) << "the first one was not disturbed";
}

TEST(Controller, OfTwoPlansPostedTogetherOnlyTheFirstRuns) {
  Rig rig;
  rig.arm();
  rig.controller.post(rig.plan({grasp()}));
  rig.controller.post(rig.plan({move_to(0.5, 0.1, 0.3)}));
  rig.step();
  const auto rejected = rig.of(EventKind::kRejected);
  ASSERT_EQ(rejected.size(), 1u);
  EXPECT_EQ(rejected[0].reason, Reason::kBusy);
}

TEST(Controller, APlanThatWasCheckedAgainstAnotherPlaceIsRefused) {
  Rig rig;
  const Joints pushed = joints_at({0.5, 0.2, 0.35});
  rig.disturb = [&pushed](Measured& measured) { measured.q_rad = pushed; };
  // The plan is checked from where the arm was; the acquire before it takes the arm over where it has been pushed to.
  rig.controller.post(rig.command(CommandKind::kAcquire));
  rig.controller.post(rig.plan({move_to(0.5, 0.1, 0.3)}));
  rig.step();
  EXPECT_EQ(rig.mode(), Mode::kArmed);
  ASSERT_EQ(rig.of(EventKind::kRejected).size(), 1u);
  EXPECT_EQ(rig.of(EventKind::kRejected)[0].reason, Reason::kBusy);
  EXPECT_EQ(rig.reference.q_rad, pushed);
}

TEST(Controller, APlanIsCheckedFromEveryHeightAtWhichADescentMayEnd) {
  // Joint 6 is kept from folding, which near the base happens high up: the way back is free from the descent's target,
  // but not from its start, where contact may end it at once.
  ControllerConfig config;
  config.joint_limits.q_min_rad[5] = 1.07;
  Rig rig(config, joints_at({0.12, 0.3, 0.6}));
  rig.arm();
  EXPECT_EQ(rig.send(rig.plan({descend_to(0.12, 0.3, 0.4), move_to(0.12, -0.3, 0.5)})), Reason::kUnreachable);
  EXPECT_EQ(rig.send(rig.plan({move_to(0.12, 0.3, 0.4), move_to(0.12, -0.3, 0.5)})), Reason::kNone);
}

TEST(Controller, APlanThatArrivesTooLateIsRefused) {
  Rig rig;
  rig.arm();
  Command late = rig.plan({move_to(0.5, 0.1, 0.3)});
  late.valid_for_ns = 50'000'000;
  late.received_ns = rig.now_ns - 60'000'000;
  EXPECT_EQ(rig.send(late), Reason::kExpired);
  Command timely = rig.plan({move_to(0.5, 0.1, 0.3)});
  timely.valid_for_ns = 50'000'000;
  timely.received_ns = rig.now_ns - 40'000'000;
  EXPECT_EQ(rig.send(timely), Reason::kNone);
}

TEST(Controller, EveryFlawOfAPlanHasItsReason) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  struct Case {
    const char* why;
    std::vector<Segment> segments;
    Reason reason;
  };
  const Case cases[] = {
      {"no segment", {}, Reason::kEmptyPlan},
      {"position not a number", {move_to(0.5, nan, 0.3)}, Reason::kNotFinite},
      {"yaw infinite", {move_to(0.5, 0.1, 0.3, infinity)}, Reason::kNotFinite},
      {"speed not a number", {move_to(0.5, 0.1, 0.3, 0.0, nan)}, Reason::kNotFinite},
      {"flaw in a later segment", {grasp(), descend_to(0.45, 0, 0.1, infinity)}, Reason::kNotFinite},
      {"faster than allowed", {move_to(0.5, 0.1, 0.3, 0.0, 0.61)}, Reason::kTooFast},
      {"no speed", {move_to(0.5, 0.1, 0.3, 0.0, 0.0)}, Reason::kTooFast},
      {"backwards", {move_to(0.5, 0.1, 0.3, 0.0, -0.1)}, Reason::kTooFast},
      {"below the table", {move_to(0.5, 0.1, -0.02)}, Reason::kOutsideWorkspace},
      {"beside the box", {move_to(0.5, 0.61, 0.3)}, Reason::kOutsideWorkspace},
      {"above the box", {move_to(0.5, 0.1, 0.71)}, Reason::kOutsideWorkspace},
      {"far corner", {move_to(0.75, 0.5, 0.05)}, Reason::kUnreachable},
      {"yaw behind joint 7's limit", {move_to(0.5, 0.0, 0.3, -0.75 * kPi)}, Reason::kUnreachable},
      {"slanting descent", {descend_to(0.46, 0.0, 0.1)}, Reason::kNotVertical},
      {"rising descent", {descend_to(0.45, 0.0, 0.31)}, Reason::kNotVertical},
      {"descent that may start too low",
       {descend_to(0.45, 0.0, 0.1), grasp(), descend_to(0.45, 0.0, 0.2)},
       Reason::kNotVertical},
  };
  for (const Case& flawed : cases) {
    Rig rig;
    rig.arm();
    EXPECT_EQ(rig.send(rig.plan(flawed.segments)), flawed.reason) << flawed.why;
    EXPECT_EQ(rig.mode(), Mode::kArmed) << flawed.why;
    rig.steps(50);
    EXPECT_EQ(rig.reference.q_rad, joints_at(kHome)) << flawed.why << ": nothing of it ran";
    EXPECT_FALSE(rig.reference.grasp) << flawed.why;
    EXPECT_EQ(rig.send(rig.plan({move_to(0.5, 0.1, 0.3)})), Reason::kNone) << "a good plan is still welcome";
  }
  Rig rig;
  rig.arm();
  Command long_plan = rig.plan({grasp()});
  long_plan.segment_count = kMaxSegments + 1;
  EXPECT_EQ(rig.send(long_plan), Reason::kEmptyPlan);
}

TEST(Controller, AStartOutsideTheBoxIsRefusedBeyondWhatAnArmSags) {
  ControllerConfig config;
  config.motion_box_m = {0.1, 0.8, -0.6, 0.6, 0.31, 0.7};
  Rig sagged(config);
  sagged.arm();
  EXPECT_EQ(sagged.send(sagged.plan({move_to(0.5, 0.1, 0.4)})), Reason::kNone);
  config.motion_box_m[4] = 0.35;
  Rig outside(config);
  outside.arm();
  EXPECT_EQ(outside.send(outside.plan({move_to(0.5, 0.1, 0.4)})), Reason::kOutsideWorkspace);
}

TEST(Controller, ACommandIdIsNeverRunTwice) {
  Rig rig;
  rig.arm();
  const Command plan = rig.plan({move_to(0.5, 0.1, 0.3)});
  EXPECT_EQ(rig.send(plan), Reason::kNone);
  EXPECT_EQ(rig.send(plan), Reason::kDuplicate) << "while it runs";
  rig.finish();
  EXPECT_EQ(rig.send(plan), Reason::kDuplicate) << "after it is done";
  // A reconnect: the lease is dropped and taken again by the same session.
  rig.send(CommandKind::kRelease);
  rig.arm();
  EXPECT_EQ(rig.send(plan), Reason::kDuplicate);
  EXPECT_EQ(rig.of(EventKind::kStarted).size(), 1u);
}

TEST(Controller, IdsMayArriveOutOfOrderAndBelongToTheirSession) {
  Rig rig;
  rig.arm();
  Command early = rig.plan({grasp()});
  Command later = rig.plan({release()});
  later.id = early.id + 900;
  EXPECT_EQ(rig.send(later), Reason::kNone);
  rig.finish();
  EXPECT_EQ(rig.send(early), Reason::kNone) << "overtaken, not seen";
  rig.finish();
  EXPECT_EQ(rig.send(early), Reason::kDuplicate);
  Command ancient = rig.plan({grasp()});
  ancient.id = early.id;
  later.id += 2000;
  EXPECT_EQ(rig.send(later), Reason::kNone);
  rig.finish();
  EXPECT_EQ(rig.send(ancient), Reason::kDuplicate) << "older than the memory counts as seen";
  rig.last_id = later.id;
  rig.send(CommandKind::kRelease);
  Command acquire = rig.command(CommandKind::kAcquire, kBert);
  acquire.id = early.id;
  EXPECT_EQ(rig.send(acquire), Reason::kNone) << "another session's ids are its own";
}

TEST(Controller, AFullQueueIsToldToTheSender) {
  Rig rig;
  int taken = 0;
  while (rig.controller.post(rig.command(CommandKind::kStop))) ASSERT_LT(++taken, 10000);
  EXPECT_GE(taken, 16);
  rig.heartbeat = 0;
  rig.steps(200);
  EXPECT_EQ(rig.of(EventKind::kAccepted).size(), static_cast<std::size_t>(taken)) << "what was taken is answered";
}

}  // namespace
}  // namespace cliport

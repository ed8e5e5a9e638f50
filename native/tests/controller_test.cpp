#include "cliport/controller.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>

#include "controller_rig.hpp"

namespace cliport {
namespace {

// ---- arming and the lease ----

TEST(Controller, EveryStartIsDisarmedAndHoldsStill) {
  Rig rig;
  const Joints before = rig.reference.q_rad;
  EXPECT_EQ(rig.mode(), Mode::kDisarmed) << "before the first cycle, too";
  rig.steps(100);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
  EXPECT_EQ(rig.reference.q_rad, before);
  EXPECT_TRUE(rig.events.empty());
}

TEST(Controller, AcquireArmsAndReleaseDisarms) {
  Rig rig;
  EXPECT_EQ(rig.send(CommandKind::kAcquire), Reason::kNone);
  EXPECT_EQ(rig.mode(), Mode::kArmed);
  EXPECT_EQ(rig.controller.snapshot().lease_session, kAnna);
  EXPECT_EQ(rig.send(CommandKind::kAcquire), Reason::kNone) << "again by the holder";
  EXPECT_EQ(rig.send(CommandKind::kRelease), Reason::kNone);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
  EXPECT_EQ(rig.controller.snapshot().lease_session, 0u);
}

TEST(Controller, TheLeaseIsRefusedToOthersWhileItsHolderLives) {
  Rig rig;
  rig.arm();
  rig.steps(2000);
  EXPECT_EQ(rig.send(CommandKind::kAcquire, kBert), Reason::kLeaseTaken);
  EXPECT_EQ(rig.send(CommandKind::kRelease, kBert), Reason::kNoLease);
  EXPECT_EQ(rig.send(rig.plan({move_to(0.5, 0.1, 0.3)}, kBert)), Reason::kNoLease);
  EXPECT_EQ(rig.mode(), Mode::kArmed);
}

TEST(Controller, AHeartbeatTimeOutDropsTheLeaseAndDisarms) {
  Rig rig;
  rig.arm();
  rig.heartbeat = 0;
  const std::int64_t last_heartbeat_ns = rig.now_ns;
  while (rig.mode() == Mode::kArmed) rig.step();
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
  EXPECT_NEAR((rig.now_ns - last_heartbeat_ns) * 1e-9, rig.config.lease_timeout_s, 0.002);
  EXPECT_EQ(rig.events.back().reason, Reason::kWatchdog);
  EXPECT_EQ(rig.send(CommandKind::kAcquire, kBert), Reason::kNone);
}

TEST(Controller, AStrangersHeartbeatKeepsNoLease) {
  Rig rig;
  rig.arm();
  rig.heartbeat = kBert;
  rig.steps(600);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
}

TEST(Controller, AHeartbeatCountsFromItsReceipt) {
  Rig rig;
  rig.arm();
  rig.heartbeat = 0;
  const std::int64_t early_ns = rig.now_ns;
  rig.steps(400);
  rig.controller.post({.kind = CommandKind::kHeartbeat, .session = kAnna, .received_ns = early_ns + 10'000'000});
  rig.steps(115);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed) << "it lay in the queue for 390 ms";
}

TEST(Controller, SessionZeroCannotHoldTheLease) {
  Rig rig;
  EXPECT_EQ(rig.send(CommandKind::kAcquire, 0), Reason::kNoLease);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
}

TEST(Controller, AnArmWhoseStateIsWrongCannotBeArmed) {
  Rig rig;
  rig.disturb = [](Measured& measured) { measured.q_rad[2] = std::numeric_limits<double>::quiet_NaN(); };
  EXPECT_EQ(rig.send(CommandKind::kAcquire), Reason::kMeasurementInvalid);
  rig.disturb = [](Measured& measured) { measured.q_rad[3] = 0.0; };
  EXPECT_EQ(rig.send(CommandKind::kAcquire), Reason::kJointLimit);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
}

TEST(Controller, AnArmMovedByHandWhileDisarmedIsTakenOverWhereItIs) {
  Rig rig;
  const Joints pushed = joints_at({0.5, 0.2, 0.35});
  rig.disturb = [&pushed](Measured& measured) { measured.q_rad = pushed; };
  rig.steps(10);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
  rig.arm();
  EXPECT_EQ(rig.reference.q_rad, pushed);
  rig.disturb = nullptr;
  EXPECT_EQ(rig.send(rig.plan({move_to(0.5, 0.2, 0.4)})), Reason::kNone);
  rig.finish();
  EXPECT_NEAR(tip(rig.reference.q_rad)[2], 0.4, 1e-9);
}

// ---- plans ----

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

// ---- descents, contact and grasps ----

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

// ---- stop, watchdog, faults ----

TEST(Controller, AStopComesToRestOnTheLineAndIsLatched) {
  Rig rig;
  rig.arm();
  const Command plan = rig.plan({move_to(0.45, 0.5, 0.3), move_to(0.45, -0.5, 0.3)});
  rig.send(plan);
  rig.steps(400);
  EXPECT_TRUE(rig.moved);
  EXPECT_EQ(rig.send(CommandKind::kStop, kBert), Reason::kNone) << "anybody may stop";
  EXPECT_EQ(rig.mode(), Mode::kStopping);
  EXPECT_LT(rig.finish(), 0.25);
  EXPECT_EQ(rig.mode(), Mode::kStopped);
  const auto ended = rig.of(EventKind::kEnded);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].command_id, plan.id);
  EXPECT_EQ(ended[0].reason, Reason::kStopRequested);
  EXPECT_NEAR(tip(rig.reference.q_rad)[0], 0.45, 1e-9);

  const Joints rest = rig.reference.q_rad;
  EXPECT_EQ(rig.send(rig.plan({move_to(0.5, 0.1, 0.3)})), Reason::kLatched);
  EXPECT_EQ(rig.send(CommandKind::kAcquire), Reason::kLatched);
  EXPECT_EQ(rig.send(CommandKind::kClear), Reason::kNone);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
  EXPECT_EQ(rig.controller.snapshot().reason, Reason::kNone);
  rig.steps(100);
  rig.arm();
  rig.steps(500);
  EXPECT_EQ(rig.reference.q_rad, rest) << "nothing is resumed";
}

TEST(Controller, AStopIsLatchedFromEveryMode) {
  Rig disarmed;
  disarmed.send(CommandKind::kStop);
  EXPECT_EQ(disarmed.mode(), Mode::kStopped);
  Rig armed;
  armed.arm();
  armed.send(CommandKind::kStop, kBert);
  EXPECT_EQ(armed.mode(), Mode::kStopped);
  armed.send(CommandKind::kStop, kBert);
  EXPECT_EQ(armed.mode(), Mode::kStopped) << "again";
  Rig waiting;
  waiting.arm();
  waiting.seals = false;
  waiting.send(waiting.plan({grasp()}));
  waiting.send(CommandKind::kStop);
  EXPECT_EQ(waiting.mode(), Mode::kStopped) << "at rest already";
  EXPECT_TRUE(waiting.reference.grasp) << "what is held is not dropped";
}

TEST(Controller, ClearWaitsUntilTheArmIsAtRest) {
  Rig rig;
  rig.arm();
  rig.send(rig.plan({move_to(0.45, 0.5, 0.3)}));
  rig.steps(400);
  rig.send(CommandKind::kStop);
  EXPECT_EQ(rig.send(CommandKind::kClear), Reason::kBusy);
  EXPECT_EQ(rig.mode(), Mode::kStopping);
  rig.finish();
  EXPECT_EQ(rig.send(CommandKind::kClear), Reason::kNone);
}

TEST(Controller, ClearingWhatIsNotLatchedChangesNothing) {
  Rig rig;
  rig.arm();
  EXPECT_EQ(rig.send(CommandKind::kClear, kBert), Reason::kNone);
  EXPECT_EQ(rig.mode(), Mode::kArmed);
}

TEST(Controller, AStopActsInTheNextCycleHoweverManyCommandsWait) {
  Rig rig;
  rig.arm();
  ASSERT_EQ(rig.send(rig.plan({move_to(0.45, 0.3, 0.3)})), Reason::kNone);
  rig.steps(200);
  while (rig.controller.post(rig.command(CommandKind::kRelease))) {
  }
  ASSERT_TRUE(rig.controller.post(rig.command(CommandKind::kStop, kBert)));
  rig.step();
  EXPECT_EQ(rig.mode(), Mode::kStopping);
}

TEST(Controller, AStopThatNobodyHearsOfActsAllTheSame) {
  Rig rig;
  rig.arm();
  for (int i = 0; i < 2000; ++i) {  // until there is no room for events
    rig.controller.post(rig.command(CommandKind::kRelease, kBert));
    rig.controller.post({.kind = CommandKind::kHeartbeat, .session = kAnna, .received_ns = rig.now_ns});
    rig.controller.cycle(rig.now_ns, rig.measured, rig.reference);
  }
  ASSERT_EQ(rig.mode(), Mode::kArmed);
  rig.controller.post(rig.command(CommandKind::kStop, kBert));
  rig.controller.cycle(rig.now_ns, rig.measured, rig.reference);
  EXPECT_EQ(rig.mode(), Mode::kStopped);
}

TEST(Controller, AClearThatAStopHasOvertakenDoesNotClearIt) {
  Rig rig;
  rig.arm();
  const Command clear = rig.command(CommandKind::kClear);
  ASSERT_TRUE(rig.controller.post(clear));
  ASSERT_TRUE(rig.controller.post(rig.command(CommandKind::kStop, kBert)));
  rig.step();
  EXPECT_EQ(rig.mode(), Mode::kStopped);
  EXPECT_EQ(rig.of(EventKind::kRejected).at(0).reason, Reason::kLatched);
  EXPECT_EQ(rig.send(CommandKind::kClear), Reason::kNone) << "who knows of the stop may clear it";
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
}

TEST(Controller, AHeartbeatTimeOutWhileMovingStopsTheArmAndLatches) {
  Rig rig;
  rig.arm();
  rig.send(rig.plan({move_to(0.45, 0.5, 0.3)}));
  rig.steps(300);
  rig.heartbeat = 0;
  const std::int64_t last_heartbeat_ns = rig.now_ns;
  while (rig.mode() == Mode::kMoving) rig.step();
  EXPECT_NEAR((rig.now_ns - last_heartbeat_ns) * 1e-9, rig.config.watchdog_s, 0.002);
  rig.finish();
  EXPECT_EQ(rig.mode(), Mode::kStopped);
  EXPECT_EQ(rig.of(EventKind::kEnded)[0].reason, Reason::kWatchdog);
  rig.heartbeat = kAnna;
  rig.steps(100);
  EXPECT_EQ(rig.mode(), Mode::kStopped) << "a late heartbeat revives nothing";
  rig.heartbeat = 0;
  rig.steps(600);
  EXPECT_EQ(rig.controller.snapshot().lease_session, 0u);
  EXPECT_EQ(rig.mode(), Mode::kStopped);
}

TEST(Controller, AWrongMeasuredStateIsAFaultThatBrakesAndLatches) {
  struct Case {
    const char* why;
    std::function<void(Measured&)> disturb;
    Reason reason;
  };
  const Case cases[] = {
      {"pushed away", [](Measured& m) { m.q_rad[1] += 0.11; }, Reason::kTrackingError},
      {"joint limit", [](Measured& m) { m.q_rad[6] = 2.9; }, Reason::kJointLimit},
      {"position not a number", [](Measured& m) { m.q_rad[0] = std::nan(""); }, Reason::kMeasurementInvalid},
      {"speed infinite", [](Measured& m) { m.dq_radps[5] = INFINITY; }, Reason::kMeasurementInvalid},
  };
  for (const Case& wrong : cases) {
    Rig rig;
    rig.arm();
    rig.send(rig.plan({grasp(), move_to(0.45, 0.5, 0.3)}));
    rig.steps(700);
    EXPECT_TRUE(rig.moved);
    rig.disturb = wrong.disturb;
    rig.step();
    rig.disturb = nullptr;
    EXPECT_EQ(rig.mode(), Mode::kFault) << wrong.why;
    EXPECT_EQ(rig.send(CommandKind::kClear), Reason::kBusy) << wrong.why << ": still braking";
    EXPECT_EQ(rig.of(EventKind::kEnded).size(), 0u) << wrong.why << ": whoever waits for the end finds an arm at rest";
    EXPECT_NE(rig.controller.snapshot().command_id, 0u) << wrong.why;
    while (rig.of(EventKind::kEnded).empty() && rig.moved) rig.step();
    ASSERT_EQ(rig.of(EventKind::kEnded).size(), 1u) << wrong.why;
    EXPECT_EQ(rig.of(EventKind::kEnded)[0].reason, wrong.reason) << wrong.why;
    EXPECT_EQ(rig.controller.snapshot().command_id, 0u) << wrong.why;
    rig.step();
    EXPECT_FALSE(rig.moved) << wrong.why;
    rig.steps(300);
    EXPECT_FALSE(rig.moved) << wrong.why;
    EXPECT_EQ(rig.of(EventKind::kEnded).size(), 1u) << wrong.why;
    EXPECT_EQ(rig.mode(), Mode::kFault) << wrong.why << ": latched though the cause is gone";
    EXPECT_EQ(rig.send(CommandKind::kStop), Reason::kNone);
    EXPECT_EQ(rig.mode(), Mode::kFault) << wrong.why << ": a stop hides no fault";
    EXPECT_TRUE(rig.reference.grasp) << wrong.why << ": what is held is not dropped";
    EXPECT_EQ(rig.send(CommandKind::kClear), Reason::kNone);
    EXPECT_EQ(rig.mode(), Mode::kDisarmed);
  }
}

TEST(Controller, AnArmedArmAtRestIsWatchedAndADisarmedOneMayBeGuided) {
  Rig rig;
  rig.disturb = [](Measured& measured) { measured.q_rad[1] += 0.2; };
  rig.steps(10);
  EXPECT_EQ(rig.mode(), Mode::kDisarmed);
  rig.disturb = nullptr;
  rig.arm();
  rig.disturb = [](Measured& measured) { measured.q_rad[1] += 0.2; };
  rig.step();
  EXPECT_EQ(rig.mode(), Mode::kFault);
}

TEST(Controller, EventsThatNobodyFetchesFaultAMovingArmAndNoneIsLost) {
  for (bool moving : {true, false}) {
    Rig rig;
    rig.arm();
    if (moving) rig.send(rig.plan({move_to(0.45, 0.5, 0.3, 0.0, 0.05)}));
    const std::size_t told = rig.events.size();
    std::size_t posted = 0;
    for (int i = 0; i < 2000; ++i) {
      rig.now_ns += 1'000'000;
      rig.controller.post({.kind = CommandKind::kHeartbeat, .session = kAnna, .received_ns = rig.now_ns});
      posted += rig.controller.post(rig.command(CommandKind::kRelease, kBert)) ? 1 : 0;  // refused, and told so
      rig.measured.q_rad = rig.reference.q_rad;
      rig.controller.cycle(rig.now_ns, rig.measured, rig.reference);
    }
    EXPECT_LT(posted, 2000u) << "the sender is told that the queue is full";
    EXPECT_EQ(rig.mode(), moving ? Mode::kFault : Mode::kDisarmed) << "heartbeats wait behind what nobody hears of";
    EXPECT_EQ(rig.controller.snapshot().reason, moving ? Reason::kEventOverflow : Reason::kNone);
    rig.heartbeat = 0;
    rig.steps(200);
    EXPECT_EQ(rig.of(EventKind::kRejected).size(), posted);
    EXPECT_GT(rig.events.size(), told);
    for (std::size_t i = 1; i < rig.events.size(); ++i) {
      ASSERT_EQ(rig.events[i].sequence, rig.events[i - 1].sequence + 1);
    }
    EXPECT_EQ(rig.send(CommandKind::kClear), Reason::kNone);
  }
}

TEST(Controller, AFloodOfStopsEndsInAStopAndEachIsAnswered) {
  Rig rig;
  rig.arm();
  std::size_t posted = 0;
  for (int i = 0; i < 5000; ++i) {
    rig.now_ns += 1'000'000;
    posted += rig.controller.post(rig.command(CommandKind::kStop)) ? 1 : 0;
    rig.controller.cycle(rig.now_ns, rig.measured, rig.reference);
  }
  rig.heartbeat = 0;
  rig.steps(1000);
  EXPECT_EQ(rig.mode(), Mode::kStopped);
  EXPECT_EQ(rig.of(EventKind::kAccepted).size(), posted + 1) << "and the acquire";
}

TEST(Controller, AConfigurationThatMakesNoSenseIsNamed) {
  const auto message = [](auto change) {
    ControllerConfig config;
    change(config);
    try {
      Controller controller(config, joints_at(kHome));
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(message([](ControllerConfig&) {}), "accepted");
  EXPECT_NE(message([](ControllerConfig& c) { c.speed_mps = 0.0; }).find("speed_mps"), std::string::npos);
  EXPECT_NE(message([](ControllerConfig& c) { c.watchdog_s = NAN; }).find("watchdog_s"), std::string::npos);
  EXPECT_NE(message([](ControllerConfig& c) { c.lease_timeout_s = 0.01; }).find("lease_timeout_s"), std::string::npos);
  EXPECT_NE(message([](ControllerConfig& c) { c.motion_box_m[0] = 0.9; }).find("motion_box_m"), std::string::npos);
  EXPECT_NE(message([](ControllerConfig& c) { c.joint_margin_rad = -1; }).find("joint_margin_rad"), std::string::npos);
  EXPECT_THROW(Controller({}, Joints{NAN}), std::invalid_argument);
}

TEST(Controller, EveryModeAndReasonHasAWord) {
  std::set<std::string> words;
  for (int i = 1; i <= static_cast<int>(Reason::kBaseAccelerationInvalidReading); ++i)
    words.insert(to_string(static_cast<Reason>(i)));
  EXPECT_EQ(words.size(), static_cast<std::size_t>(Reason::kBaseAccelerationInvalidReading));
  EXPECT_EQ(words.count(""), 0u);
  EXPECT_STREQ(to_string(Reason::kNone), "");
  for (int i = 0; i <= static_cast<int>(Mode::kFault); ++i) EXPECT_STRNE(to_string(static_cast<Mode>(i)), "unknown");
}

}  // namespace
}  // namespace cliport

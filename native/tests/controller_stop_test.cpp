// Stops, heartbeat time-outs and faults.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "controller_rig.hpp"

namespace cliport {
namespace {

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

}  // namespace
}  // namespace cliport

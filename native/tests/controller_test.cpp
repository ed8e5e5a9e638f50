// Arming, the lease, and what every controller has.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>

#include "controller_rig.hpp"

namespace cliport {
namespace {

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

// A controller on a simulated arm that follows exactly, with an injected clock: what the controller's tests share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numbers>
#include <optional>
#include <vector>

#include "cliport/controller.hpp"

namespace cliport {

inline constexpr std::uint64_t kAnna = 11;
inline constexpr std::uint64_t kBert = 22;
inline constexpr double kPi = std::numbers::pi;
inline constexpr std::array<double, 3> kHome{0.45, 0.0, 0.3};

inline Joints joints_at(const std::array<double, 3>& p, double yaw_rad = 0.0) {
  Joints q{};
  EXPECT_TRUE(inverse(p, yaw_rad, Tool{}, panda_joint_limits(), 0.1, q));
  return q;
}

inline std::array<double, 3> tip(const Joints& q) {
  const Transform T = forward(q, Tool{});
  return {T[3], T[7], T[11]};
}

inline Segment move_to(double x, double y, double z, double yaw_rad = 0.0, double speed_mps = 0.5) {
  return {.kind = SegmentKind::kMove, .p_base_m = {x, y, z}, .yaw_rad = yaw_rad, .speed_mps = speed_mps};
}

inline Segment descend_to(double x, double y, double z, double speed_mps = 0.1, double yaw_rad = 0.0) {
  return {.kind = SegmentKind::kDescend, .p_base_m = {x, y, z}, .yaw_rad = yaw_rad, .speed_mps = speed_mps};
}

inline Segment grasp() { return {.kind = SegmentKind::kGrasp}; }
inline Segment release() { return {.kind = SegmentKind::kRelease}; }

/// A controller on an arm that follows exactly, above a surface, in simulated time.
class Rig {
 public:
  explicit Rig(const ControllerConfig& given = {}, const Joints& q = joints_at(kHome))
      : config(given), controller(given, q) {
    reference.q_rad = q;
    measured.q_rad = q;
  }

  Command command(CommandKind kind, std::uint64_t session = kAnna) {
    Command command;
    command.kind = kind;
    command.session = session;
    command.id = ++last_id;
    command.received_ns = now_ns;
    return command;
  }

  Command plan(const std::vector<Segment>& segments, std::uint64_t session = kAnna) {
    Command plan = command(CommandKind::kPlan, session);
    plan.segment_count = static_cast<std::uint32_t>(segments.size());
    std::copy(segments.begin(), segments.end(), plan.segments.begin());
    return plan;
  }

  /// Posts, runs one cycle, and returns the answer's reason (kNone for an acceptance).
  Reason send(const Command& command) {
    EXPECT_TRUE(controller.post(command));
    const std::size_t before = events.size();
    step();
    for (std::size_t i = before; i < events.size(); ++i) {
      const Event& event = events[i];
      if (event.session != command.session || event.command_id != command.id) continue;
      if (event.kind == EventKind::kAccepted) return Reason::kNone;
      if (event.kind == EventKind::kRejected) return event.reason;
    }
    ADD_FAILURE() << "no answer";
    return Reason::kNone;
  }
  Reason send(CommandKind kind, std::uint64_t session = kAnna) { return send(command(kind, session)); }

  void arm() {
    ASSERT_EQ(send(CommandKind::kAcquire), Reason::kNone);
    ASSERT_EQ(mode(), Mode::kArmed);
  }

  /// One cycle of 1 ms; the holder's heartbeat comes along unless told not to.
  void step() {
    now_ns += 1'000'000;
    if (heartbeat) controller.post({.kind = CommandKind::kHeartbeat, .session = heartbeat, .received_ns = now_ns});
    const Joints before = reference.q_rad;
    measured.q_rad = reference.q_rad;
    measured.dq_radps = reference.dq_radps;
    if (surface_m) measured.contact = tip(reference.q_rad)[2] <= *surface_m;
    if (seals) measured.holding = reference.grasp && (measured.contact || measured.holding);
    if (disturb) disturb(measured);
    controller.cycle(now_ns, measured, reference);
    moved = reference.q_rad != before;
    Event event;
    while (controller.poll(event)) events.push_back(event);
  }

  void steps(int count) {
    for (int i = 0; i < count; ++i) step();
  }

  /// Until the running plan has ended; the time it took in seconds.
  double finish() {
    const std::int64_t start_ns = now_ns;
    for (int i = 0; i < 60000; ++i) {
      if (mode() != Mode::kMoving && mode() != Mode::kStopping) return (now_ns - start_ns) * 1e-9;
      step();
    }
    ADD_FAILURE() << "does not end";
    return 0.0;
  }

  Mode mode() const { return controller.snapshot().mode; }

  std::vector<Event> of(EventKind kind) const {
    std::vector<Event> found;
    for (const Event& event : events) {
      if (event.kind == kind) found.push_back(event);
    }
    return found;
  }

  ControllerConfig config;
  Controller controller;
  Reference reference;
  Measured measured;
  std::int64_t now_ns = 1'000'000'000;
  std::uint64_t last_id = 0;
  std::vector<Event> events;
  bool moved = false;
  std::uint64_t heartbeat = kAnna;
  std::optional<double> surface_m;
  bool seals = true;
  std::function<void(Measured&)> disturb;
};

}  // namespace cliport

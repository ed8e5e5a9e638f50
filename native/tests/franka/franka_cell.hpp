// The controller on a Franka arm of its own: server, backend and core, each on its thread; the test is the I/O thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cliport/controller.hpp"
#include "franka/arm.hpp"
#include "franka/hand.hpp"
#include "hand_server.hpp"
#include "robot_server.hpp"

namespace cliport::fci {

inline constexpr std::uint64_t kSession = 7;

inline std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Time-outs that no busy machine reaches, for tests that are not about them.
inline ControllerConfig patient_config() {
  ControllerConfig config;
  config.watchdog_s = 20.0;
  config.lease_timeout_s = 40.0;
  config.grasp_settle_s = 10.0;
  return config;
}

inline Settings settings_for(const std::string& ip, Drive drive) {
  Settings settings;
  settings.robot_ip = ip;
  settings.drive = drive;
  settings.state_timeout_ns = 3'000'000'000;
  return settings;
}

/// Tool down above the table in front of the arm.
inline Joints posture() {
  Joints q{};
  EXPECT_TRUE(inverse({0.45, 0.0, 0.3}, 0.0, Tool{}, panda_joint_limits(), 0.1, q));
  return q;
}

inline Segment move_to(double x, double y, double z, double speed_mps = 0.5) {
  return {.kind = SegmentKind::kMove, .p_base_m = {x, y, z}, .speed_mps = speed_mps};
}

struct CellOptions {
  std::string ip = "127.0.0.1";
  Drive drive = Drive::kTorque;
  ControllerConfig config = patient_config();
  RobotServerOptions robot;
  std::int64_t state_timeout_ns = 3'000'000'000;
  bool hand = false;
  HandServerOptions hand_options;
  Arm::Clock clock = steady_ns;
  Arm::Observe observe = {};
};

class FrankaCell {
 public:
  explicit FrankaCell(CellOptions given) : options(std::move(given)) {
    options.robot.address = options.ip;
    options.robot.robot.q_rad = posture();
    options.hand_options.address = options.ip;
    start_robot();
    if (options.hand) {
      hand_server.emplace(options.hand_options);
      hand.emplace(options.ip, HandSettings{}, true);
      end_effector.emplace(*hand, [this](const std::string& text) { note(text); });
    }
    Settings settings = settings_for(options.ip, options.drive);
    settings.state_timeout_ns = options.state_timeout_ns;
    arm.emplace(settings, options.config, options.clock, [this](const std::string& text) { note(text); });
    controller.emplace(options.config, arm->q_rad());
    loop = std::thread(
        [this] { arm->run(*controller, end_effector ? &*end_effector : nullptr, ending, options.observe); });
  }

  ~FrankaCell() {
    if (robot) robot->pull_cable(false);
    if (hand_server) hand_server->hang(false);
    ending = true;
    loop.join();
  }

  void start_robot() { robot.emplace(options.robot); }
  void kill_robot() { robot.reset(); }

  // ---- the I/O thread ----

  std::uint64_t send(CommandKind kind) {
    Command command;
    command.kind = kind;
    return send(command);
  }

  std::uint64_t send(Command command) {
    command.session = kSession;
    command.id = ++last_id;
    command.received_ns = steady_ns();
    EXPECT_TRUE(controller->post(command));
    return command.id;
  }

  std::uint64_t send(const std::vector<Segment>& segments) {
    Command plan;
    plan.kind = CommandKind::kPlan;
    plan.segment_count = static_cast<std::uint32_t>(segments.size());
    std::copy(segments.begin(), segments.end(), plan.segments.begin());
    return send(plan);
  }

  void pump() {
    if (beating) controller->post({.kind = CommandKind::kHeartbeat, .session = kSession, .received_ns = steady_ns()});
    Event event;
    while (controller->poll(event)) events.push_back(event);
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }

  /// Until something is true; fails the test when it does not come true in a minute.
  bool wait_until(const std::function<bool()>& condition, const std::string& what) {
    const std::int64_t latest_ns = steady_ns() + 60'000'000'000;
    while (steady_ns() < latest_ns) {
      pump();
      if (condition()) return true;
    }
    const Snapshot now = controller->snapshot();
    ADD_FAILURE() << "never: " << what << "; mode " << to_string(now.mode) << " " << to_string(now.reason) << ", robot "
                  << (robot ? robot->view().error : "gone") << "; " << notes();
    return false;
  }

  bool wait_for(Mode mode) {
    return wait_until([&] { return controller->snapshot().mode == mode; }, std::string("mode ") + to_string(mode));
  }

  /// Pumps until the robot has lived through so many milliseconds of its own time.
  void let_robot_live(std::uint64_t ms) {
    const std::uint64_t until = robot->view().time_ms + ms;
    wait_until([&] { return robot->view().time_ms >= until; }, "time passes");
  }

  const Event* answer_to(std::uint64_t id, EventKind kind) const {
    for (const Event& event : events) {
      if (event.session == kSession && event.command_id == id && event.kind == kind) return &event;
    }
    return nullptr;
  }

  /// Armed, and the robot follows.
  void arm_it() {
    send(CommandKind::kAcquire);
    wait_for(Mode::kArmed);
    wait_until([&] { return robot->view().moving; }, "the robot begins to follow");
  }

  /// A person clears the latch, again and again while the arm still brakes.
  void clear_latch() {
    for (bool accepted = false; !accepted;) {
      const std::uint64_t id = send(CommandKind::kClear);
      const auto answered = [&] {
        accepted = answer_to(id, EventKind::kAccepted) != nullptr;
        return accepted || answer_to(id, EventKind::kRejected) != nullptr;
      };
      if (!wait_until(answered, "the clear is answered")) return;
    }
  }

  /// Sends a plan and waits until it has been done.
  bool carry_out(const std::vector<Segment>& segments) {
    const std::uint64_t id = send(segments);
    return wait_until([&] { return answer_to(id, EventKind::kDone) != nullptr; }, "the plan is done");
  }

  /// A person clears the latch and arms again. @return whether a plan is then carried out
  bool recovers_and_moves() {
    clear_latch();
    if (!wait_for(Mode::kDisarmed)) return false;
    arm_it();
    return carry_out({move_to(0.45, 0.1, 0.3)});
  }

  /// Sends a plan and waits until the robot is well on its way.
  std::uint64_t set_off(const std::vector<Segment>& segments) {
    const std::uint64_t id = send(segments);
    wait_until(
        [&] {
          const Joints dq = robot->view().dq_radps;
          return std::any_of(dq.begin(), dq.end(), [](double v) { return std::abs(v) > 0.2; });
        },
        "the arm moves");
    return id;
  }

  std::array<double, 3> tip_m() const {
    const Transform T = forward(robot->view().q_rad, options.config.tool);
    return {T[3], T[7], T[11]};
  }

  void note(const std::string& text) {
    const std::lock_guard lock(notes_mutex);
    noted += text + "\n";
  }
  std::string notes() const {
    const std::lock_guard lock(notes_mutex);
    return noted;
  }

  CellOptions options;
  mutable std::mutex notes_mutex;
  std::string noted;
  std::optional<RobotServer> robot;
  std::optional<HandServer> hand_server;
  std::optional<Hand> hand;
  std::optional<EndEffectorThread> end_effector;
  std::optional<Arm> arm;
  std::optional<Controller> controller;
  std::atomic<bool> ending{false};
  std::thread loop;
  std::vector<Event> events;
  std::uint64_t last_id = 0;
  bool beating = true;
};

/// Commands that the robot received stayed within its limits.
inline void expect_within_limits(const Received& received, const JointLimits& limits) {
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_LE(received.extremes.dq_radps[i], limits.dq_max_radps[i]) << "joint " << i + 1;
    EXPECT_LE(received.extremes.ddq_radps2[i], limits.ddq_max_radps2[i]) << "joint " << i + 1;
    EXPECT_LE(received.extremes.dddq_radps3[i], limits.jerk_max_radps3[i]) << "joint " << i + 1;
    EXPECT_LE(received.extremes.dtau_nmps[i], 1000.0) << "joint " << i + 1;
    EXPECT_LE(received.body_dq_max_radps[i], limits.dq_max_radps[i]) << "joint " << i + 1;
  }
}

}  // namespace cliport::fci

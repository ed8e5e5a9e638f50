// Faults of the robot behind the controller, on a virtual clock: core and simulated robot (FCI's rules) in lockstep.
//
//   cliport-fault-cell SCENARIO TRACE
// SCENARIO is one of lost-N (N cycles in a row), stall, reflex, user-stop, recovery-refused. Writes what the robot was
// asked for, cycle by cycle, to the file TRACE (controller/trace.hpp) and prints one JSON line: when the fault began,
// how the plan ended, what happened when somebody went on without clearing, and how it could be cleared.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "cliport/controller.hpp"
#include "sim/robot.hpp"
#include "trace.hpp"

namespace {

using namespace cliport;

constexpr std::uint64_t kSession = 7;
constexpr std::int64_t kCycleNs = 1'000'000;
constexpr int kStallCycles = 300;
constexpr int kPatienceCycles = 30'000;

class FaultCell {
 public:
  explicit FaultCell(const std::string& trace_path)
      : controller_({}, sim::start_posture()), robot_({}, sim::start_posture()), trace_(trace_path) {
    expect_accepted({.kind = CommandKind::kAcquire});
  }

  /// One cycle of the controller, before which `lost` cycles reached the robot without a command.
  void step(int lost = 0) {
    for (int i = 0; i < lost; ++i) lose();
    now_ns_ += kCycleNs;
    controller_.post({.kind = CommandKind::kHeartbeat, .session = kSession, .received_ns = now_ns_});
    Measured measured = robot_.measured();
    measured.elapsed_cycles = static_cast<std::uint8_t>(1 + std::min(lost, 100));
    controller_.cycle(now_ns_, measured, reference_);
    robot_.step(&reference_);
    note();
    for (Event event; controller_.poll(event);) events_.push_back(event);
  }
  void lose() {
    now_ns_ += kCycleNs;
    robot_.step(nullptr);
    note();
  }
  void steps(int count) {
    for (int i = 0; i < count; ++i) step();
  }
  void finish() {
    for (int i = 0; i < kPatienceCycles && (mode() == Mode::kMoving || mode() == Mode::kStopping); ++i) step();
    steps(200);  // a robot that brakes for itself is at rest by then
  }

  /// @return why it was refused, kNone when it was accepted
  Reason send(Command command) {
    command.session = kSession;
    command.id = ++id_;
    command.received_ns = now_ns_;
    controller_.post(command);
    const std::size_t before = events_.size();
    step();
    for (std::size_t i = before; i < events_.size(); ++i) {
      if (events_[i].command_id == id_ && events_[i].kind == EventKind::kRejected) return events_[i].reason;
    }
    return Reason::kNone;
  }
  Reason go(const Segment& segment) {
    Command plan{.kind = CommandKind::kPlan};
    plan.segment_count = 1;
    plan.segments[0] = segment;
    return send(plan);
  }
  Reason go_sideways() {
    return go({.kind = SegmentKind::kMove, .p_base_m = {0.45, 0.3, 0.3}, .yaw_rad = 0.0, .speed_mps = 0.25});
  }
  void expect_accepted(const Command& command) {
    if (const Reason reason = send(command); reason != Reason::kNone) throw std::runtime_error(to_string(reason));
  }

  /// How the last plan ended: "done", or the reason of its end; empty while it runs.
  std::string end_of_plan() const {
    for (auto event = events_.rbegin(); event != events_.rend(); ++event) {
      if (event->kind == EventKind::kDone) return "done";
      if (event->kind == EventKind::kEnded) return to_string(event->reason);
    }
    return "";
  }
  Mode mode() const { return controller_.snapshot().mode; }
  sim::Robot& robot() { return robot_; }
  std::int64_t now_ns() const { return now_ns_; }

 private:
  /// What the robot itself wants: after an abort that is its own braking and not what the controller asks for.
  void note() {
    Reference wanted = reference_;
    wanted.q_rad = robot_.measured().q_d_rad;
    trace_.add(now_ns_, robot_.measured(), wanted);
  }

  Controller controller_;
  sim::Robot robot_;
  Trace trace_;
  Reference reference_;
  std::int64_t now_ns_ = 1'000'000'000;
  std::uint64_t id_ = 0;
  std::vector<Event> events_;
};

int lost_cycles(std::string_view scenario) {
  constexpr std::string_view kPrefix = "lost-";
  int count = 0;
  if (!scenario.starts_with(kPrefix)) throw std::runtime_error("unknown scenario");
  scenario.remove_prefix(kPrefix.size());
  const auto [end, error] = std::from_chars(scenario.data(), scenario.data() + scenario.size(), count);
  if (error != std::errc() || end != scenario.data() + scenario.size()) throw std::runtime_error("unknown scenario");
  return count;
}

void inflict(FaultCell& cell, const std::string& scenario) {
  if (scenario == "stall") {
    for (int i = 0; i < kStallCycles; ++i) cell.lose();
  } else if (scenario == "reflex" || scenario == "recovery-refused") {
    cell.robot().push({0.0, 0.0, 80.0});
  } else if (scenario == "user-stop") {
    cell.robot().press_user_stop(true);
  } else {
    cell.step(lost_cycles(scenario));
  }
}

void run(const std::string& scenario, const std::string& trace_path) {
  FaultCell cell(trace_path);
  const bool in_grasp = scenario == "reflex";
  const Segment down{.kind = SegmentKind::kDescend, .p_base_m = {0.45, 0.0, 0.02}, .speed_mps = 0.1};
  if (in_grasp) {
    cell.go(down);
  } else {
    cell.go_sideways();
  }
  cell.steps(400);
  const std::int64_t fault_ns = cell.now_ns() + 1;
  inflict(cell, scenario);
  cell.finish();
  const std::string end = cell.end_of_plan();
  const char* mode = to_string(cell.mode());
  const char* robot_mode = to_string(cell.robot().mode());

  const bool is_latched = cell.mode() == Mode::kFault || cell.mode() == Mode::kStopped;
  const Reason uncleared = is_latched ? cell.go_sideways() : Reason::kNone;
  // What caused it goes away by itself, except where the recovery is to be refused; the controller stays latched.
  if (scenario != "recovery-refused") cell.robot().push({});
  cell.robot().press_user_stop(false);
  cell.steps(1000);
  const char* released = to_string(cell.mode());
  if (is_latched) cell.send({.kind = CommandKind::kClear});
  cell.steps(1000);
  std::printf(
      "{\"fault_ns\":%lld,\"plan\":\"%s\",\"mode\":\"%s\",\"robot\":\"%s\",\"without_clearing\":\"%s\",\"released\":\"%"
      "s\","
      "\"cleared\":\"%s\"}\n",
      static_cast<long long>(fault_ns), end.c_str(), mode, robot_mode, to_string(uncleared), released,
      to_string(cell.mode()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("Usage: cliport-fault-cell SCENARIO TRACE\n", stderr);
    return 2;
  }
  try {
    run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cliport-fault-cell: %s\n", error.what());
    return EXIT_FAILURE;
  }
}

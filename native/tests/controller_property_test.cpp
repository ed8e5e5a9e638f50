#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "cliport/controller.hpp"
#include "controller_rig.hpp"

namespace cliport {
namespace {

double uniform(std::mt19937& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

int below(std::mt19937& random, int count) { return std::uniform_int_distribution<int>(0, count - 1)(random); }

std::vector<Segment> any_plan(std::mt19937& random, const std::array<double, 3>& from) {
  std::vector<Segment> segments;
  std::array<double, 3> at = from;
  double yaw = 0.0;
  const int count = 1 + below(random, 5);
  for (int i = 0; i < count; ++i) {
    const double speed = uniform(random, 0.05, 0.6);
    switch (below(random, 4)) {
      case 0:
        segments.push_back(below(random, 2) == 0 ? grasp() : release());
        break;
      case 1:
        if (i > 0 && segments.back().kind == SegmentKind::kMove) {
          segments.push_back(descend_to(at[0], at[1], uniform(random, 0.0, at[2]), std::min(speed, 0.2), yaw));
          break;
        }
        [[fallthrough]];
      default:
        at = {uniform(random, 0.12, 0.78), uniform(random, -0.5, 0.5), uniform(random, 0.0, 0.6)};
        yaw = uniform(random, -kPi, kPi);
        segments.push_back(move_to(at[0], at[1], at[2], yaw, speed));
        if (below(random, 2) == 0) segments.back().blend_radius_m = uniform(random, 0.001, 0.15);
    }
  }
  return segments;
}

double from_line(const std::array<double, 3>& p, const std::array<double, 3>& a, const std::array<double, 3>& b) {
  std::array<double, 3> ab;
  std::array<double, 3> ap;
  double length_squared = 0.0;
  double along = 0.0;
  for (std::size_t i = 0; i < 3; ++i) {
    ab[i] = b[i] - a[i];
    ap[i] = p[i] - a[i];
    length_squared += ab[i] * ab[i];
    along += ab[i] * ap[i];
  }
  const double share = length_squared > 0.0 ? std::clamp(along / length_squared, 0.0, 1.0) : 0.0;
  return std::hypot(ap[0] - share * ab[0], ap[1] - share * ab[1], ap[2] - share * ab[2]);
}

TEST(ControllerProperty, RandomPlansKeepEveryLimitOfJointsBoxAndLine) {
  std::mt19937 random(7);
  const JointLimits joint = panda_joint_limits();
  int done = 0;
  int braked = 0;
  for (int round = 0; round < 60; ++round) {
    Rig rig;
    rig.surface_m = uniform(random, -0.05, 0.1);
    rig.arm();
    const auto box = rig.config.motion_box_m;
    for (int attempt = 0; attempt < 4 && rig.mode() == Mode::kArmed; ++attempt) {
      const Command plan = rig.plan(any_plan(random, tip(rig.reference.q_rad)));
      if (rig.send(plan) != Reason::kNone) continue;
      const int stop_after = below(random, 3) == 0 ? below(random, 2000) : -1;
      std::array<double, 3> line_from = tip(rig.controller.snapshot().reference.q_rad);
      line_from = rig.of(EventKind::kStarted).back().p_base_m;
      std::uint32_t segment = 0;
      Joints dq = rig.reference.dq_radps;
      for (int k = 0; rig.mode() == Mode::kMoving || rig.mode() == Mode::kStopping; ++k) {
        ASSERT_LT(k, 100000);
        const Joints q = rig.reference.q_rad;
        if (k == stop_after) rig.controller.post(rig.command(CommandKind::kStop, kBert));
        rig.step();
        for (std::size_t i = 0; i < 7; ++i) {
          const double v = (rig.reference.q_rad[i] - q[i]) / 0.001;
          ASSERT_NEAR(v, rig.reference.dq_radps[i], 1e-9);
          ASSERT_LE(std::abs(v), joint.dq_max_radps[i]);
          ASSERT_LE(std::abs(v - dq[i]) / 0.001, joint.ddq_max_radps2[i]) << "joint " << i + 1;
          dq[i] = v;
        }
        const std::array<double, 3> p = tip(rig.reference.q_rad);
        for (std::size_t axis = 0; axis < 3; ++axis) {
          ASSERT_GE(p[axis], box[2 * axis] - 0.001);
          ASSERT_LE(p[axis], box[2 * axis + 1] + 0.001);
        }
        const auto ended = rig.of(EventKind::kSegment);
        const std::uint32_t now = rig.controller.snapshot().segment;
        if (rig.mode() == Mode::kMoving && now == segment && !is_end_effector(plan.segments[now])) {
          // A blend may leave the line by the radius at either end of it.
          const double before_m = now > 0 ? plan.segments[now - 1].blend_radius_m : 0.0;
          const double cut_m = std::max(before_m, plan.segments[now].blend_radius_m);
          ASSERT_LT(from_line(p, line_from, plan.segments[now].p_base_m), 0.001 + cut_m);
        }
        if (now != segment) {
          segment = now;
          line_from = ended.back().p_base_m;
        }
      }
      done += rig.mode() == Mode::kArmed ? 1 : 0;
      braked += rig.mode() == Mode::kStopped ? 1 : 0;
    }
  }
  EXPECT_GT(done, 30);
  EXPECT_GT(braked, 10);
}

/// What may follow what, from the diagram in controller.hpp.
bool may_follow(Mode before, Mode after) {
  switch (after) {
    case Mode::kDisarmed:
      return before == Mode::kArmed || before == Mode::kStopped || before == Mode::kFault;
    case Mode::kArmed:
      return before == Mode::kDisarmed || before == Mode::kMoving;
    case Mode::kMoving:
      return before == Mode::kArmed;
    case Mode::kStopping:
      return before == Mode::kMoving;
    case Mode::kStopped:
      return before != Mode::kMoving && before != Mode::kFault;
    case Mode::kFault:
      return true;
  }
  return false;
}

/// A controller under random commands and disturbances, and what its events say about it.
class StateMachineRun {
 public:
  explicit StateMachineRun(unsigned seed) : random_(seed) { rig_.seals = false; }

  const std::set<Mode>& visited() const { return visited_; }

  /// One cycle with perhaps a command and a disturbance; fails the test when a rule is broken.
  void step() {
    post_some_command();
    disturb();
    const Joints before = rig_.reference.q_rad;
    rig_.step();
    bool acquired = false;
    for (; seen_ < rig_.events.size(); ++seen_) {
      ASSERT_NO_FATAL_FAILURE(check(rig_.events[seen_], acquired));
    }
    ASSERT_NO_FATAL_FAILURE(check_lease());
    check_motion(before, acquired);
  }

  void finish() {
    rig_.disturb = nullptr;
    rig_.steps(3);
    for (; seen_ < rig_.events.size(); ++seen_) {
      const Event& event = rig_.events[seen_];
      const Key key{event.session, event.command_id};
      if (event.kind == EventKind::kAccepted || event.kind == EventKind::kRejected) ++answered_[key];
      if (event.kind == EventKind::kStarted) ++started_[key];
      if (event.kind == EventKind::kDone || event.kind == EventKind::kEnded) ++ended_[key];
    }
    ASSERT_EQ(answered_, posted_) << "every command is answered once";
    int open = 0;
    for (const auto& [key, count] : started_) open += ended_.count(key) ? 0 : 1;
    ASSERT_LE(open, rig_.controller.snapshot().command_id != 0 ? 1 : 0) << "every plan that started has ended";
  }

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;

  void post_some_command() {
    const std::uint64_t session = below(random_, 4) == 0 ? kBert : kAnna;
    std::optional<Command> command;
    const int draw = below(random_, 400);
    if (draw < 8) command = rig_.command(CommandKind::kAcquire, session);
    if (draw >= 8 && draw < 10) command = rig_.command(CommandKind::kRelease, session);
    if (draw >= 10 && draw < 24) command = rig_.plan(any_plan(random_, tip(rig_.reference.q_rad)), session);
    if (draw == 24) command = rig_.command(CommandKind::kStop, session);
    if (draw >= 25 && draw < 29) command = rig_.command(CommandKind::kClear, session);
    if (draw >= 29 && draw < 32 && !sent_.empty()) command = sent_[below(random_, static_cast<int>(sent_.size()))];
    if (!command) return;
    command->valid_for_ns = below(random_, 2) == 0 ? 0 : 100'000'000;
    if (!rig_.controller.post(*command)) return;
    const Key key{command->session, command->id};
    ++posted_[key];
    sent_.push_back(*command);
    if (command->kind == CommandKind::kAcquire) acquires_.insert(key);
    if (command->kind == CommandKind::kClear) clears_.insert(key);
  }

  void disturb() {
    if (below(random_, 1500) == 0) rig_.heartbeat = rig_.heartbeat == 0 ? kAnna : 0;
    if (below(random_, 200) == 0) rig_.measured.contact = !rig_.measured.contact;
    if (below(random_, 100) == 0) rig_.measured.holding = !rig_.measured.holding;
    const int trouble = below(random_, 4000);
    rig_.disturb = nullptr;
    if (trouble == 0) rig_.disturb = [](Measured& m) { m.q_rad[1] += 0.11; };
    if (trouble == 1) rig_.disturb = [](Measured& m) { m.q_rad[2] = NAN; };
    if (trouble == 2) rig_.disturb = [](Measured& m) { m.q_rad[3] = 0.5; };
  }

  void check(const Event& event, bool& acquired) {
    const Key key{event.session, event.command_id};
    ASSERT_EQ(event.sequence, ++sequence_) << "no event is lost";
    switch (event.kind) {
      case EventKind::kAccepted:
      case EventKind::kRejected:
        ++answered_[key];
        ASSERT_EQ(event.kind == EventKind::kRejected, event.reason != Reason::kNone);
        if (event.kind == EventKind::kAccepted) cause_ = key;
        break;
      case EventKind::kStarted:
        ASSERT_EQ(++started_[key], 1) << "an id runs once";
        break;
      case EventKind::kDone:
      case EventKind::kEnded:
        ASSERT_EQ(++ended_[key], 1);
        break;
      case EventKind::kMode:
        ASSERT_TRUE(may_follow(mode_, event.mode)) << to_string(mode_) << " -> " << to_string(event.mode);
        if ((mode_ == Mode::kStopped || mode_ == Mode::kFault) && event.mode == Mode::kDisarmed) {
          ASSERT_TRUE(clears_.count(cause_)) << "only a clear unlatches";
        }
        if (mode_ == Mode::kDisarmed && event.mode == Mode::kArmed) {
          ASSERT_TRUE(acquires_.count(cause_)) << "only an acquire arms";
          acquired = true;
        }
        mode_ = event.mode;
        visited_.insert(mode_);
        break;
      case EventKind::kSegment:
        break;
    }
  }

  void check_lease() {
    const Snapshot snapshot = rig_.controller.snapshot();
    ASSERT_EQ(snapshot.mode, mode_) << "every change is told";
    if (mode_ == Mode::kArmed || mode_ == Mode::kMoving) {
      ASSERT_NE(snapshot.lease_session, 0u);
    }
    if (mode_ == Mode::kDisarmed) {
      ASSERT_EQ(snapshot.lease_session, 0u);
    }
  }

  void check_motion(const Joints& before, bool acquired) {
    latched_cycles_ = mode_ == Mode::kStopping || mode_ == Mode::kFault ? latched_cycles_ + 1 : 0;
    const bool may_move =
        (mode_ == Mode::kMoving || mode_ == Mode::kArmed || latched_cycles_ > 0) && latched_cycles_ < 400;
    if (!acquired && mode_ == Mode::kArmed && rig_.moved) {
      ASSERT_FALSE(rig_.of(EventKind::kDone).empty());
      ASSERT_EQ(rig_.of(EventKind::kDone).back().stamp_ns, rig_.now_ns)
          << "armed, it moves only in a plan's last cycle";
    }
    if (!may_move && !acquired && mode_ != Mode::kStopped) {
      ASSERT_EQ(rig_.reference.q_rad, before);
    }
    if (mode_ == Mode::kStopping) {
      ASSERT_LT(latched_cycles_, 400) << "a stop comes to rest";
    }
    for (double q : rig_.reference.q_rad) ASSERT_TRUE(std::isfinite(q));
  }

  std::mt19937 random_;
  Rig rig_;
  std::map<Key, int> posted_, answered_, started_, ended_;
  std::vector<Command> sent_;
  std::set<Key> acquires_, clears_;
  std::set<Mode> visited_;
  Mode mode_ = Mode::kDisarmed;
  std::uint64_t sequence_ = 0;
  Key cause_{};  ///< the command that was accepted last
  int latched_cycles_ = 0;
  std::size_t seen_ = 0;
};

TEST(ControllerProperty, NoSequenceOfCommandsAndDisturbancesBreaksTheStateMachine) {
  std::set<Mode> visited;
  for (unsigned seed = 0; seed < 40; ++seed) {
    StateMachineRun run(seed);
    for (int k = 0; k < 6000; ++k) {
      ASSERT_NO_FATAL_FAILURE(run.step()) << "seed " << seed << ", cycle " << k;
    }
    ASSERT_NO_FATAL_FAILURE(run.finish()) << "seed " << seed;
    visited.insert(run.visited().begin(), run.visited().end());
  }
  EXPECT_EQ(visited.size(), 6u) << "every mode was reached";
}

// ---- threads ----

// Meaningful under the thread sanitizer: a cycle, an I/O thread and a reader, all at once.
TEST(ControllerThreads, CycleCommandsEventsAndSnapshotsNeverTear) {
  Controller controller({}, joints_at(kHome));
  std::atomic<bool> over{false};
  std::atomic<std::int64_t> clock_ns{0};
  std::atomic<std::int64_t> beaten_ns{0};

  std::thread cycle([&] {
    Measured measured;
    Reference reference;
    reference.q_rad = joints_at(kHome);
    for (int k = 1; k <= 20000; ++k) {
      measured.q_rad = reference.q_rad;
      measured.dq_radps = reference.dq_radps;
      clock_ns.store(k * 1'000'000LL);
      controller.cycle(k * 1'000'000LL, measured, reference);
      // Simulated time does not run away from the I/O thread, which would be a heartbeat time-out.
      while (clock_ns - beaten_ns > 50'000'000) std::this_thread::yield();
    }
    over = true;
  });
  std::thread reader([&] {
    std::int64_t last_ns = 0;
    while (!over) {
      const Snapshot snapshot = controller.snapshot();
      EXPECT_GE(snapshot.stamp_ns, last_ns);
      last_ns = snapshot.stamp_ns;
      // The tool's place and the joints belong to the same cycle.
      const std::array<double, 3> p = tip(snapshot.measured.q_rad);
      for (std::size_t i = 0; i < 3; ++i) ASSERT_EQ(p[i], snapshot.p_base_tool_m[i]);
    }
  });

  std::uint64_t id = 0;
  std::uint64_t sequence = 0;
  double y = 0.2;
  Command acquire{.kind = CommandKind::kAcquire, .session = kAnna, .id = ++id};
  controller.post(acquire);
  int done = 0;
  while (!over) {
    const std::int64_t now_ns = clock_ns;
    controller.post({.kind = CommandKind::kHeartbeat, .session = kAnna, .received_ns = now_ns});
    beaten_ns = now_ns;
    if (controller.snapshot().mode == Mode::kArmed) {
      Command plan{.kind = CommandKind::kPlan, .session = kAnna, .id = ++id, .received_ns = clock_ns.load()};
      plan.segment_count = 1;
      plan.segments[0] = move_to(0.45, y = -y, 0.3, 0.0, 0.6);
      controller.post(plan);
    }
    Event event;
    while (controller.poll(event)) {
      ASSERT_EQ(event.sequence, ++sequence);
      done += event.kind == EventKind::kDone ? 1 : 0;
    }
    std::this_thread::yield();
  }
  cycle.join();
  reader.join();
  Event event;
  while (controller.poll(event)) ASSERT_EQ(event.sequence, ++sequence);
  EXPECT_GE(done, 5);
}

}  // namespace
}  // namespace cliport

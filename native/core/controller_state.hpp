// The controller's inside, between the files that define it: one object, its data and its steps.
//
//   controller.cpp          construction, the cycle, and what it tells
//   controller_commands.cpp the lease and the commands that wait
//   controller_watch.cpp    heartbeat, measured state, stops and faults
//   controller_plan.cpp     the running plan, segment by segment
#pragma once

#include <atomic>
#include <cstdint>

#include "cliport/controller.hpp"
#include "cliport/ring.hpp"
#include "command_ids.hpp"
#include "controller_internal.hpp"
#include "controller_motion.hpp"

namespace cliport {

inline constexpr std::size_t kCommands = 64;
inline constexpr std::size_t kStops = 64;  // stops that wait for their answer; more are obeyed all the same
inline constexpr std::size_t kEvents = 1024;
// Below this much room for events no command is taken, so that an arm at rest sends nothing more, and a moving arm is
// faulted: its events could not be reported.
inline constexpr std::size_t kEventReserve = 64;
// So long a motion that has ended is still sent, at rest: a robot refuses one that ends with velocity.
inline constexpr int kSettling = 3;

/// A command with what the I/O thread found out about its plan.
struct Posted {
  Command command;
  Reason content = Reason::kNone;
  BlendedSegments blended;
  Joints from_rad{};
  std::uint64_t stops_before = 0;  ///< stops that had been posted by then
};

/// Who asked to stop.
struct StopRequest {
  std::uint64_t session = 0;
  std::uint64_t id = 0;
};

inline std::int64_t nanoseconds(double seconds) { return static_cast<std::int64_t>(seconds * 1e9); }

struct Controller::State {
  State(const ControllerConfig& given, const Joints& q_rad);

  void cycle(std::int64_t time_ns, const Measured& now_measured);

  // ---- commands ----
  /// Before any command, however many wait, and whether or not there is room to tell of it.
  void take_stops();
  void take_commands();
  void handle(const Posted& posted);
  Reason refuse(const Posted& posted);
  void acquire(const Command& command);
  Joints place_to_start() const;
  /// A person has cleared the latch; the robot itself may still have to recover.
  void finish_clearing();
  void start(const Posted& posted);

  // ---- watching ----
  void heard_from(const Command& command);
  void watch_heartbeat();
  Reason wrong_with_measured() const;
  void watch_measured();
  double force_n() const;
  bool is_pressed() const;

  // ---- motion ----
  void move();
  void run_plan();
  Reason begin_segment();
  /// Of a segment on a blended path, which runs already unless it is the first.
  void begin_blended();
  /// @return true when the segment has ended; false also when it was cut short by a stop or fault
  bool step_segment();
  bool is_contact_unexpected();
  /// One step along the line, longer when the robot lost cycles.
  void travel();
  void stop(Reason why);
  void fault(Reason why);
  void end_plan(EventKind how, Reason why);

  // ---- telling ----
  bool is_latched() const;
  void enter(Mode next, Reason why = Reason::kNone);
  void answer(EventKind kind, const Command& command, Reason why = Reason::kNone);
  void tell(EventKind kind, std::uint64_t session, std::uint64_t id, Reason why, bool contact);
  void refer();
  void publish();
  static Snapshot initial(const ControllerConfig& config, const Joints& q_rad);

  // Never changed after construction; read by both threads.
  const ControllerConfig config;
  const Load loaded;  // tool and what it holds

  // Between the threads.
  Ring<Posted, kCommands> commands;
  Ring<StopRequest, kStops> stops;
  std::atomic<std::uint64_t> stops_posted{0};
  Ring<Event, kEvents> events;
  Latest<Snapshot> newest;

  // The control thread's.
  std::int64_t now_ns = 0;
  Measured measured;
  Reference reference;
  Mode mode = Mode::kDisarmed;
  Reason reason = Reason::kNone;  // of the last stop or fault
  std::uint64_t sequence = 0;
  std::uint64_t stops_taken = 0;

  bool clearing = false;  // a person has cleared the latch, the robot has not recovered yet

  std::uint64_t lease = 0;
  std::int64_t heard_ns = 0;
  SessionMemory sessions;

  Command plan;
  BlendedSegments blended;  // of the plan
  bool running = false;     // plan has started and not ended
  std::uint32_t segment = 0;
  bool begun = false;  // the segment
  std::int64_t begun_ns = 0;
  bool touched = false;           // the descent has found contact
  bool contact_expected = false;  // the contact that lasts is no surprise

  Motion motion;
  bool stepped = false;  // in this cycle
  int still_cycles = kSettling;
  bool grasp = false;  // last command to the end effector
};

}  // namespace cliport

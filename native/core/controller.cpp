#include "cliport/controller.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "cliport/ring.hpp"
#include "controller_internal.hpp"
#include "controller_motion.hpp"

namespace cliport {
namespace {

constexpr std::size_t kCommands = 64;
constexpr std::size_t kStops = 64;  // stops that wait for their answer; more are obeyed all the same
constexpr std::size_t kEvents = 1024;
// Below this much room for events no command is taken, so that an arm at rest tells nothing more, and a moving arm is
// faulted: nobody would hear of it.
constexpr std::size_t kEventReserve = 64;
constexpr int kCommandsPerCycle = 4;
// More lost cycles than this end a motion anyway (FCI's rule), so that nobody makes up for them.
constexpr int kMostCycles = 20;
// So long a motion that has ended is still sent, at rest: a robot refuses one that ends with velocity.
constexpr int kSettling = 3;

// An arm moved by hand by more than this while disarmed is taken over from where it is.
constexpr double kMovedByHandRad = 0.01;
// Contact within this distance of a move's start is the surface that the tool is leaving.
constexpr double kLeavingM = 0.01;

/// A command with what the I/O thread found out about its plan.
struct Posted {
  Command command;
  Reason content = Reason::kNone;
  Joints from_rad{};
  std::uint64_t stops_before = 0;  ///< stops that had been posted by then
};

/// Who asked to stop.
struct StopRequest {
  std::uint64_t session = 0;
  std::uint64_t id = 0;
};

std::int64_t nanoseconds(double seconds) { return static_cast<std::int64_t>(seconds * 1e9); }

/// Which ids a session has used: the greatest, and a window below it in which they may arrive in any order.
/// What is older than the window counts as used (as in IPsec's anti-replay window, RFC 4303, 3.4.3).
class SeenIds {
 public:
  std::uint64_t session() const { return session_; }

  void reset(std::uint64_t session) {
    *this = SeenIds();
    session_ = session;
  }

  /// @return false when it was there already, or may have been
  bool insert(std::uint64_t id) {
    if (empty_ || id > newest_) {
      const std::uint64_t steps = empty_ ? kWindow : id - newest_;
      if (steps >= kWindow) {
        window_.fill(0);
      } else {
        for (std::uint64_t skipped = newest_ + 1; skipped < id; ++skipped) set(skipped, false);
      }
      empty_ = false;
      newest_ = id;
      set(id, true);
      return true;
    }
    if (newest_ - id >= kWindow || (window_[id % kWindow / 64] >> (id % 64) & 1) != 0) return false;
    set(id, true);
    return true;
  }

 private:
  static constexpr std::uint64_t kWindow = 1024;

  void set(std::uint64_t id, bool seen) {
    const std::uint64_t bit = std::uint64_t{1} << (id % 64);
    std::uint64_t& word = window_[id % kWindow / 64];
    word = seen ? word | bit : word & ~bit;
  }

  std::uint64_t session_ = 0;
  bool empty_ = true;
  std::uint64_t newest_ = 0;
  std::array<std::uint64_t, kWindow / 64> window_{};
};

/// The sessions that spoke last, so that none of them can repeat a command after a reconnect.
class SessionMemory {
 public:
  bool insert(std::uint64_t session, std::uint64_t id) {
    auto found = std::find_if(seen_.begin(), seen_.begin() + count_,
                              [session](const SeenIds& seen) { return seen.session() == session; });
    if (found == seen_.begin() + count_) {
      if (count_ < static_cast<std::ptrdiff_t>(seen_.size())) ++count_;
      found = seen_.begin() + count_ - 1;  // the one that has been silent longest
      found->reset(session);
    }
    std::rotate(seen_.begin(), found, found + 1);
    return seen_.front().insert(id);
  }

 private:
  std::array<SeenIds, 16> seen_{};
  std::ptrdiff_t count_ = 0;
};

}  // namespace

struct Controller::State {
  State(const ControllerConfig& given, const Joints& q_rad)
      : config(given),
        loaded(together(given.tool_load, given.held_load)),
        newest(initial(given, q_rad)),
        motion(line_limits(given), given.joint_limits, given.cycle_s, q_rad) {}

  void cycle(std::int64_t time_ns, const Measured& now_measured) {
    now_ns = time_ns;
    measured = now_measured;
    measured.contact = measured.contact || force_n() > config.contact_force_n;
    stepped = false;
    watch_measured();
    take_stops();
    take_commands();
    finish_clearing();
    watch_heartbeat();
    move();
    if (!stepped) motion.rest();
    still_cycles = stepped ? 0 : std::min(still_cycles + 1, kSettling);
    refer();
    publish();
  }

  // ---- commands ----

  /// Before any command, however many wait, and whether or not there is room to tell of it.
  void take_stops() {
    const std::uint64_t posted = stops_posted.load(std::memory_order_acquire);
    for (const StopRequest* request; events.free() >= kEventReserve / 2 && (request = stops.front()); stops.pop()) {
      tell(EventKind::kAccepted, request->session, request->id, Reason::kNone, false);
    }
    if (posted != stops_taken) stop(Reason::kStopRequested);
    stops_taken = posted;
  }

  void take_commands() {
    for (int i = 0; i < kCommandsPerCycle && events.free() >= kEventReserve; ++i) {
      const Posted* posted = commands.front();
      if (posted == nullptr) return;
      handle(*posted);
      commands.pop();
    }
  }

  void handle(const Posted& posted) {
    const Command& command = posted.command;
    if (command.kind == CommandKind::kHeartbeat) return heard_from(command);
    const Reason refusal = refuse(posted);
    if (refusal != Reason::kNone) return answer(EventKind::kRejected, command, refusal);
    heard_from(command);
    switch (command.kind) {
      case CommandKind::kAcquire:
        return acquire(command);
      case CommandKind::kRelease:
        answer(EventKind::kAccepted, command);
        lease = 0;
        if (mode == Mode::kArmed) enter(Mode::kDisarmed);
        return;
      case CommandKind::kClear:
        answer(EventKind::kAccepted, command);
        if (!is_latched()) return;
        lease = 0;
        clearing = true;
        if (measured.fault != Reason::kNone) ++reference.recoveries;
        return finish_clearing();
      default:
        return start(command);
    }
  }

  Reason refuse(const Posted& posted) {
    const Command& command = posted.command;
    if (!sessions.insert(command.session, command.id)) return Reason::kDuplicate;
    if (command.valid_for_ns != 0 && now_ns - command.received_ns > command.valid_for_ns) return Reason::kExpired;
    switch (command.kind) {
      case CommandKind::kAcquire:
        if (is_latched()) return Reason::kLatched;
        if (command.session == 0) return Reason::kNoLease;
        if (lease != 0) return lease == command.session ? Reason::kNone : Reason::kLeaseTaken;
        return wrong_with_measured();
      case CommandKind::kRelease:
        if (command.session != lease || lease == 0) return Reason::kNoLease;
        return mode == Mode::kMoving || mode == Mode::kStopping ? Reason::kBusy : Reason::kNone;
      case CommandKind::kClear:
        // Whoever sent it did not know of the stop that has overtaken it.
        if (posted.stops_before != stops_taken) return Reason::kLatched;
        return mode == Mode::kStopping || motion.travelling() ? Reason::kBusy : Reason::kNone;
      default:
        break;
    }
    if (is_latched()) return Reason::kLatched;
    if (mode == Mode::kDisarmed) return Reason::kNotArmed;
    if (command.session != lease) return Reason::kNoLease;
    if (mode == Mode::kMoving) return Reason::kBusy;
    if (posted.content != Reason::kNone) return posted.content;
    // It was checked against a reference that has moved on since: the sender is ahead of the arm.
    return posted.from_rad == motion.q_rad() ? Reason::kNone : Reason::kBusy;
  }

  void acquire(const Command& command) {
    if (lease == 0) {
      motion.hold(place_to_start());
      lease = command.session;
      heard_ns = now_ns;
    }
    answer(EventKind::kAccepted, command);
    if (mode == Mode::kDisarmed) enter(Mode::kArmed);
  }

  Joints place_to_start() const {
    if (measured.has_q_d) return measured.q_d_rad;
    for (std::size_t i = 0; i < 7; ++i) {
      if (std::abs(measured.q_rad[i] - motion.q_rad()[i]) > kMovedByHandRad) return measured.q_rad;
    }
    return motion.q_rad();
  }

  /// A person has cleared the latch; the robot itself may still have to recover.
  void finish_clearing() {
    if (!clearing || measured.fault != Reason::kNone) return;
    clearing = false;
    reason = Reason::kNone;
    enter(Mode::kDisarmed);
  }

  void start(const Command& command) {
    plan = command;
    running = true;
    begun = false;
    segment = 0;
    answer(EventKind::kAccepted, command);
    enter(Mode::kMoving);
    answer(EventKind::kStarted, command);
  }

  // ---- watching ----

  void heard_from(const Command& command) {
    if (command.session == lease) heard_ns = std::max(heard_ns, std::min(command.received_ns, now_ns));
  }

  void watch_heartbeat() {
    if (lease == 0) return;
    const std::int64_t since_heartbeat_ns = now_ns - heard_ns;
    if (mode == Mode::kMoving && since_heartbeat_ns > nanoseconds(config.watchdog_s)) stop(Reason::kWatchdog);
    if (mode == Mode::kMoving || mode == Mode::kStopping || since_heartbeat_ns <= nanoseconds(config.lease_timeout_s)) return;
    lease = 0;
    if (mode == Mode::kArmed) enter(Mode::kDisarmed, Reason::kWatchdog);
  }

  Reason wrong_with_measured() const {
    if (measured.fault != Reason::kNone) return measured.fault;
    for (std::size_t i = 0; i < 7; ++i) {
      if (!std::isfinite(measured.q_rad[i]) || !std::isfinite(measured.dq_radps[i]) ||
          !std::isfinite(measured.tau_ext_nm[i]) || (measured.has_q_d && !std::isfinite(measured.q_d_rad[i]))) {
        return Reason::kMeasurementInvalid;
      }
    }
    if (!std::isfinite(force_n())) return Reason::kMeasurementInvalid;
    for (std::size_t i = 0; i < 7; ++i) {
      if (measured.q_rad[i] < config.joint_limits.q_min_rad[i] ||
          measured.q_rad[i] > config.joint_limits.q_max_rad[i]) {
        return Reason::kJointLimit;
      }
    }
    return Reason::kNone;
  }

  void watch_measured() {
    if (mode == Mode::kFault) return;
    if (measured.fault != Reason::kNone) return fault(measured.fault);
    if (mode == Mode::kMoving && events.free() < kEventReserve) return fault(Reason::kEventOverflow);
    if (mode != Mode::kArmed && mode != Mode::kMoving && mode != Mode::kStopping) return;
    const Reason wrong = wrong_with_measured();
    if (wrong != Reason::kNone) return fault(wrong);
    for (std::size_t i = 0; i < 7; ++i) {
      if (std::abs(measured.q_rad[i] - motion.q_rad()[i]) > config.tracking_error_rad) {
        return fault(Reason::kTrackingError);
      }
    }
    if (mode == Mode::kMoving && motion.travelling() && is_pressed()) stop(Reason::kForceCeiling);
  }

  double force_n() const {
    const auto& [x, y, z] = measured.f_ext_base_n;
    return std::sqrt(x * x + y * y + z * z);
  }

  bool is_pressed() const {
    return force_n() > config.force_ceiling_n ||
           std::any_of(measured.tau_ext_nm.begin(), measured.tau_ext_nm.end(),
                       [this](double nm) { return std::abs(nm) > config.torque_ceiling_nm; });
  }

  // ---- motion ----

  void move() {
    if (mode == Mode::kMoving) run_plan();
    if (mode != Mode::kStopping && mode != Mode::kFault) return;
    if (motion.travelling()) travel();
    if (motion.travelling()) return;
    if (mode == Mode::kStopping) enter(Mode::kStopped, reason);
    end_plan(EventKind::kEnded, reason);
  }

  void run_plan() {
    for (bool travelled = false;;) {
      if (!begun) {
        if (!measured.following) return;
        if (const Reason refusal = begin_segment(); refusal != Reason::kNone) return stop(refusal);
      }
      if (motion.travelling() && travelled) return;  // one step along a line a cycle
      travelled = travelled || motion.travelling();
      if (!step_segment()) return;
      tell(EventKind::kSegment, plan.session, plan.id, Reason::kNone, touched);
      begun = false;
      if (++segment == plan.segment_count) break;
    }
    segment = plan.segment_count - 1;
    enter(Mode::kArmed);
    end_plan(EventKind::kDone, Reason::kNone);
  }

  Reason begin_segment() {
    const Segment& next = plan.segments[segment];
    begun = true;
    touched = false;
    begun_ns = now_ns;
    contact_expected = measured.contact;
    if (next.kind == SegmentKind::kSuction) {
      suction = next.suction_on;
      return Reason::kNone;
    }
    if (next.kind == SegmentKind::kDescend && measured.contact) {
      touched = true;
      return Reason::kNone;
    }
    // Planned again from where the arm came to rest: after a contact that was not known when the plan was checked.
    if (!motion.begin(next)) return Reason::kUnreachable;
    return enters_keep_out(motion.line(), config) ? Reason::kKeepOut : Reason::kNone;
  }

  /// @return true when the segment has ended; false also when it was cut short by a stop or fault
  bool step_segment() {
    const Segment& now = plan.segments[segment];
    if (now.kind == SegmentKind::kSuction) {
      return measured.sealed == now.suction_on || now_ns - begun_ns >= nanoseconds(config.suction_settle_s);
    }
    if (!motion.travelling()) return true;
    if (now.kind == SegmentKind::kDescend) {
      if (measured.contact && !touched) {
        touched = true;
        motion.brake();
      }
    } else if (is_contact_unexpected()) {
      stop(Reason::kUnexpectedContact);
      return false;
    }
    travel();
    return mode == Mode::kMoving && !motion.travelling();
  }

  bool is_contact_unexpected() {
    const bool leaving = motion.travelled_m() <= kLeavingM;
    contact_expected = measured.contact && (contact_expected || leaving || measured.sealed);
    return measured.contact && !contact_expected;
  }

  /// One step along the line, longer when the robot lost cycles.
  void travel() {
    stepped = true;
    const int cycles = std::clamp<int>(measured.elapsed_cycles, 1, kMostCycles);
    if (motion.step(cycles)) return;
    // Only after lost cycles, and then hardly ever. A stop that leaves its line is a stop all the same.
    if (mode == Mode::kMoving) fault(Reason::kReferenceInvalid);
  }

  void stop(Reason why) {
    clearing = false;  // the stop is newer
    if (mode == Mode::kMoving) {
      if (motion.travelling() && !touched) motion.brake();
      reason = why;
      enter(Mode::kStopping, why);
    } else if (mode == Mode::kDisarmed || mode == Mode::kArmed) {
      reason = why;
      enter(Mode::kStopped, why);
    }
  }

  void fault(Reason why) {
    if (mode == Mode::kMoving && motion.travelling() && !touched) motion.brake();
    reason = why;
    enter(Mode::kFault, why);
  }

  void end_plan(EventKind how, Reason why) {
    if (!running) return;
    tell(how, plan.session, plan.id, why, touched);
    running = false;
  }

  // ---- telling ----

  bool is_latched() const { return mode == Mode::kStopping || mode == Mode::kStopped || mode == Mode::kFault; }

  void enter(Mode next, Reason why = Reason::kNone) {
    mode = next;
    tell(EventKind::kMode, lease, running ? plan.id : 0, why, false);
  }

  void answer(EventKind kind, const Command& command, Reason why = Reason::kNone) {
    tell(kind, command.session, command.id, why, false);
  }

  void tell(EventKind kind, std::uint64_t session, std::uint64_t id, Reason why, bool contact) {
    // Never full: kEventReserve is far more than one cycle tells after the last command was taken.
    events.push({
        .sequence = ++sequence,
        .stamp_ns = now_ns,
        .kind = kind,
        .session = session,
        .command_id = id,
        .segment = running ? segment : 0,
        .contact = contact,
        .sealed = measured.sealed,
        .reason = why,
        .mode = mode,
        .p_base_m = tool_position(motion.q_rad(), config.tool),
    });
  }

  void refer() {
    reference.q_rad = motion.q_rad();
    reference.dq_radps = motion.dq_radps();
    reference.suction = suction;
    reference.drive = mode == Mode::kArmed || mode == Mode::kMoving || mode == Mode::kStopping || motion.travelling() ||
                      still_cycles < kSettling;
    reference.load = suction && measured.sealed ? loaded : config.tool_load;
  }

  void publish() {
    const Transform T = forward(measured.q_rad, config.tool);
    newest.store({
        .stamp_ns = now_ns,
        .mode = mode,
        .reason = reason,
        .lease_session = lease,
        .command_id = running ? plan.id : 0,
        .segment = running ? segment : 0,
        .measured = measured,
        .reference = reference,
        .p_base_tool_m = {T[3], T[7], T[11]},
        .yaw_rad = yaw_of(T),
    });
  }

  static Snapshot initial(const ControllerConfig& config, const Joints& q_rad) {
    const Transform T = forward(q_rad, config.tool);
    Snapshot snapshot;
    snapshot.measured.q_rad = q_rad;
    snapshot.reference.q_rad = q_rad;
    snapshot.p_base_tool_m = {T[3], T[7], T[11]};
    snapshot.yaw_rad = yaw_of(T);
    return snapshot;
  }

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
  bool running = false;  // plan has started and not ended
  std::uint32_t segment = 0;
  bool begun = false;  // the segment
  std::int64_t begun_ns = 0;
  bool touched = false;  // the descent has found contact
  bool contact_expected = false;  // the contact that lasts is no surprise

  Motion motion;
  bool stepped = false;  // in this cycle
  int still_cycles = kSettling;
  bool suction = false;
};

Controller::Controller(const ControllerConfig& config, const Joints& q_rad) {
  check_config(config, q_rad);
  state_ = std::make_unique<State>(config, q_rad);
}

Controller::~Controller() = default;

bool Controller::post(const Command& command) {
  const std::uint64_t stops = state_->stops_posted.load(std::memory_order_relaxed);
  if (command.kind == CommandKind::kStop) {
    const bool answered = state_->stops.push({command.session, command.id});
    state_->stops_posted.store(stops + 1, std::memory_order_release);
    return answered;
  }
  Posted posted{.command = command, .stops_before = stops};
  if (command.kind == CommandKind::kPlan) {
    posted.from_rad = state_->newest.load().reference.q_rad;
    posted.content = check_plan(command, posted.from_rad, state_->config);
  }
  return state_->commands.push(posted);
}

bool Controller::poll(Event& event) {
  const Event* oldest = state_->events.front();
  if (oldest == nullptr) return false;
  event = *oldest;
  state_->events.pop();
  return true;
}

Snapshot Controller::snapshot() const { return state_->newest.load(); }

void Controller::cycle(std::int64_t now_ns, const Measured& measured, Reference& reference) {
  state_->cycle(now_ns, measured);
  reference = state_->reference;
}

}  // namespace cliport

#include <algorithm>
#include <cmath>

#include "controller_state.hpp"

namespace cliport {
namespace {

constexpr int kCommandsPerCycle = 4;
// An arm moved by hand by more than this while disarmed is taken over from where it is.
constexpr double kMovedByHandRad = 0.01;

}  // namespace

/// Before any command, however many wait, and whether or not there is room to tell of it.
void Controller::State::take_stops() {
  const std::uint64_t posted = stops_posted.load(std::memory_order_acquire);
  for (const StopRequest* request; events.free() >= kEventReserve / 2 && (request = stops.front()); stops.pop()) {
    tell(EventKind::kAccepted, request->session, request->id, Reason::kNone, false);
  }
  if (posted != stops_taken) stop(Reason::kStopRequested);
  stops_taken = posted;
}

void Controller::State::take_commands() {
  for (int i = 0; i < kCommandsPerCycle && events.free() >= kEventReserve; ++i) {
    const Posted* posted = commands.front();
    if (posted == nullptr) return;
    handle(*posted);
    commands.pop();
  }
}

void Controller::State::handle(const Posted& posted) {
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
      return start(posted);
  }
}

Reason Controller::State::refuse(const Posted& posted) {
  const Command& command = posted.command;
  if (!sessions.insert(command.session, command.id)) return Reason::kDuplicate;
  if (command.valid_for_ns != 0 && now_ns - command.received_ns > command.valid_for_ns) return Reason::kExpired;
  switch (command.kind) {
    case CommandKind::kUnsupported:
      return Reason::kUnsupported;
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

void Controller::State::acquire(const Command& command) {
  if (lease == 0) {
    motion.hold(place_to_start());
    lease = command.session;
    heard_ns = now_ns;
  }
  answer(EventKind::kAccepted, command);
  if (mode == Mode::kDisarmed) enter(Mode::kArmed);
}

Joints Controller::State::place_to_start() const {
  if (measured.has_q_d) return measured.q_d_rad;
  for (std::size_t i = 0; i < 7; ++i) {
    if (std::abs(measured.q_rad[i] - motion.q_rad()[i]) > kMovedByHandRad) return measured.q_rad;
  }
  return motion.q_rad();
}

/// A person has cleared the latch; the robot itself may still have to recover.
void Controller::State::finish_clearing() {
  if (!clearing || measured.fault != Reason::kNone) return;
  clearing = false;
  reason = Reason::kNone;
  enter(Mode::kDisarmed);
}

void Controller::State::start(const Posted& posted) {
  const Command& command = posted.command;
  plan = command;
  blended = posted.blended;
  running = true;
  begun = false;
  segment = 0;
  answer(EventKind::kAccepted, command);
  enter(Mode::kMoving);
  answer(EventKind::kStarted, command);
}

}  // namespace cliport

#include <algorithm>

#include "controller_state.hpp"

namespace cliport {
namespace {

// More lost cycles than this end a motion anyway (FCI's rule), so that nobody makes up for them.
constexpr int kMostCycles = 20;
// Contact within this distance of a move's start is the surface that the tool is leaving.
constexpr double kLeavingM = 0.01;

}  // namespace

void Controller::State::move() {
  if (mode == Mode::kMoving) run_plan();
  if (mode != Mode::kStopping && mode != Mode::kFault) return;
  if (motion.travelling()) travel();
  if (motion.travelling()) return;
  if (mode == Mode::kStopping) enter(Mode::kStopped, reason);
  end_plan(EventKind::kEnded, reason);
}

void Controller::State::run_plan() {
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

Reason Controller::State::begin_segment() {
  const Segment& next = plan.segments[segment];
  begun = true;
  touched = false;
  begun_ns = now_ns;
  contact_expected = measured.contact;
  if (is_end_effector(next)) {
    grasp = next.kind == SegmentKind::kGrasp;
    return Reason::kNone;
  }
  if (blended.has(segment)) {
    begin_blended();
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

void Controller::State::begin_blended() {
  if (segment == blended.first) motion.begin(blended.path);
}

/// @return true when the segment has ended; false also when it was cut short by a stop or fault
bool Controller::State::step_segment() {
  const Segment& now = plan.segments[segment];
  if (is_end_effector(now)) {
    return measured.holding == (now.kind == SegmentKind::kGrasp) ||
           now_ns - begun_ns >= nanoseconds(config.grasp_settle_s);
  }
  if (!motion.travelling()) return true;
  if (now.kind == SegmentKind::kDescend) {
    if (measured.contact && !touched) {
      touched = true;
      motion.brake();
    }
  } else if (now.kind == SegmentKind::kPush) {
    if (now.force_limit_n > 0.0 && force_n() > now.force_limit_n) {
      stop(Reason::kForceCeiling);
      return false;
    }
  } else if (is_contact_unexpected()) {
    stop(Reason::kUnexpectedContact);
    return false;
  }
  travel();
  if (mode != Mode::kMoving) return false;
  return !motion.travelling() || (blended.has(segment) && motion.leg() > segment - blended.first);
}

bool Controller::State::is_contact_unexpected() {
  const bool leaving = motion.travelled_m() <= kLeavingM;
  contact_expected = measured.contact && (contact_expected || leaving || measured.holding);
  return measured.contact && !contact_expected;
}

/// One step along the line, longer when the robot lost cycles.
void Controller::State::travel() {
  stepped = true;
  const int cycles = std::clamp<int>(measured.elapsed_cycles, 1, kMostCycles);
  if (motion.step(cycles)) return;
  // Only after lost cycles, and then hardly ever. A stop that leaves its line is a stop all the same.
  if (mode == Mode::kMoving) fault(Reason::kReferenceInvalid);
}

void Controller::State::end_plan(EventKind how, Reason why) {
  if (!running) return;
  tell(how, plan.session, plan.id, why, touched);
  running = false;
}

}  // namespace cliport

#include "cliport/controller.hpp"

namespace cliport {

const char* to_string(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "";
    case Reason::kNoLease:
      return "no_lease";
    case Reason::kLeaseTaken:
      return "lease_taken";
    case Reason::kNotArmed:
      return "not_armed";
    case Reason::kBusy:
      return "busy";
    case Reason::kLatched:
      return "latched";
    case Reason::kExpired:
      return "expired";
    case Reason::kDuplicate:
      return "duplicate";
    case Reason::kEmptyPlan:
      return "empty_plan";
    case Reason::kNotFinite:
      return "not_finite";
    case Reason::kOutsideWorkspace:
      return "outside_workspace";
    case Reason::kTooFast:
      return "too_fast";
    case Reason::kUnreachable:
      return "unreachable";
    case Reason::kNotVertical:
      return "not_vertical";
    case Reason::kWatchdog:
      return "watchdog";
    case Reason::kStopRequested:
      return "stop_requested";
    case Reason::kTrackingError:
      return "tracking_error";
    case Reason::kJointLimit:
      return "joint_limit";
    case Reason::kMeasurementInvalid:
      return "measurement_invalid";
    case Reason::kUnexpectedContact:
      return "unexpected_contact";
    case Reason::kEventOverflow:
      return "event_overflow";
  }
  return "unknown";
}

const char* to_string(Mode mode) {
  switch (mode) {
    case Mode::kDisarmed:
      return "disarmed";
    case Mode::kArmed:
      return "armed";
    case Mode::kMoving:
      return "moving";
    case Mode::kStopping:
      return "stopping";
    case Mode::kStopped:
      return "stopped";
    case Mode::kFault:
      return "fault";
  }
  return "unknown";
}

}  // namespace cliport

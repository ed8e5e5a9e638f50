#include "cliport/controller.hpp"

namespace cliport {

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

const char* to_string(EndEffectorKind kind) {
  switch (kind) {
    case EndEffectorKind::kNone:
      return "none";
    case EndEffectorKind::kSuctionCup:
      return "suction_cup";
    case EndEffectorKind::kTwoFinger:
      return "two_finger";
    case EndEffectorKind::kDigitalOutput:
      return "digital_output";
  }
  return "unknown";
}

}  // namespace cliport

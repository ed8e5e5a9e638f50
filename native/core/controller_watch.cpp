#include <algorithm>
#include <cmath>

#include "controller_state.hpp"

namespace cliport {

void Controller::State::heard_from(const Command& command) {
  if (command.session == lease) heard_ns = std::max(heard_ns, std::min(command.received_ns, now_ns));
}

void Controller::State::watch_heartbeat() {
  if (lease == 0) return;
  const std::int64_t since_heartbeat_ns = now_ns - heard_ns;
  if (mode == Mode::kMoving && since_heartbeat_ns > nanoseconds(config.watchdog_s)) stop(Reason::kWatchdog);
  if (mode == Mode::kMoving || mode == Mode::kStopping || since_heartbeat_ns <= nanoseconds(config.lease_timeout_s))
    return;
  lease = 0;
  if (mode == Mode::kArmed) enter(Mode::kDisarmed, Reason::kWatchdog);
}

Reason Controller::State::wrong_with_measured() const {
  if (measured.fault != Reason::kNone) return measured.fault;
  for (std::size_t i = 0; i < 7; ++i) {
    if (!std::isfinite(measured.q_rad[i]) || !std::isfinite(measured.dq_radps[i]) ||
        !std::isfinite(measured.tau_ext_nm[i]) || (measured.has_q_d && !std::isfinite(measured.q_d_rad[i]))) {
      return Reason::kMeasurementInvalid;
    }
  }
  if (!std::isfinite(force_n())) return Reason::kMeasurementInvalid;
  for (std::size_t i = 0; i < 7; ++i) {
    if (measured.q_rad[i] < config.joint_limits.q_min_rad[i] || measured.q_rad[i] > config.joint_limits.q_max_rad[i]) {
      return Reason::kJointLimit;
    }
  }
  return Reason::kNone;
}

void Controller::State::watch_measured() {
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

double Controller::State::force_n() const {
  const auto& [x, y, z] = measured.f_ext_base_n;
  return std::sqrt(x * x + y * y + z * z);
}

bool Controller::State::is_pressed() const {
  return force_n() > config.force_ceiling_n ||
         std::any_of(measured.tau_ext_nm.begin(), measured.tau_ext_nm.end(),
                     [this](double nm) { return std::abs(nm) > config.torque_ceiling_nm; });
}

void Controller::State::stop(Reason why) {
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

void Controller::State::fault(Reason why) {
  if (mode == Mode::kMoving && motion.travelling() && !touched) motion.brake();
  reason = why;
  enter(Mode::kFault, why);
}

}  // namespace cliport

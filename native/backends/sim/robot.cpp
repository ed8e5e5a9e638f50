#include "sim/robot.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace cliport::sim {
namespace {

constexpr double kRounding = 1e-3;  // FCI tolerates as much of a limit
constexpr double kStill = 1e-3;     // rad/s, at the end of a motion
constexpr int kCounted = 100;
constexpr std::uint64_t kUpper = (std::uint64_t{1} << (kCounted - 64)) - 1;

}  // namespace

const char* to_string(RobotMode mode) {
  switch (mode) {
    case RobotMode::kIdle:
      return "idle";
    case RobotMode::kMove:
      return "move";
    case RobotMode::kReflex:
      return "reflex";
    case RobotMode::kUserStopped:
      return "user_stopped";
    case RobotMode::kAutomaticErrorRecovery:
      return "automatic_error_recovery";
  }
  return "unknown";
}

Robot::Robot(const RobotConfig& config, const Joints& q_rad)
    : config_(config), arm_(config.arm, q_rad), q_d_rad_(q_rad) {
  measured_ = arm_.measured();
  measured_.q_d_rad = q_rad;
  measured_.has_q_d = true;
  measured_.following = false;
}

const Measured& Robot::step(const Reference* command) {
  if (user_stop_ && mode_ != RobotMode::kUserStopped) abort(Reason::kUserStop, RobotMode::kUserStopped);
  take(command);
  if (mode_ != RobotMode::kIdle && mode_ != RobotMode::kMove) coast();
  move_arm();
  watch();
  measured_.fault = fault_;
  measured_.following = mode_ == RobotMode::kMove;
  measured_.q_d_rad = q_d_rad_;
  return measured_;
}

double Robot::success_rate() const {
  if (mode_ != RobotMode::kMove) return 0.0;
  return static_cast<double>(std::popcount(arrived_[0]) + std::popcount(arrived_[1])) / kCounted;
}

void Robot::take(const Reference* command) {
  arrived_[1] = (arrived_[1] << 1 | arrived_[0] >> 63) & kUpper;
  arrived_[0] = arrived_[0] << 1 | (command != nullptr ? 1 : 0);
  if (command != nullptr) {
    grasp_ = command->grasp;  // the end effector's own connection: whatever the arm does
    if (command->recoveries != recoveries_) {
      recoveries_ = command->recoveries;
      recover();
    }
  }
  if (mode_ == RobotMode::kIdle && command != nullptr && command->drive) return begin(*command);
  if (mode_ != RobotMode::kMove) return;
  if (command == nullptr) return bridge();
  lost_ = 0;
  if (command->drive) return follow(*command);
  const bool still =
      std::all_of(dq_d_radps_.begin(), dq_d_radps_.end(), [](double dq) { return std::abs(dq) <= kStill; });
  if (!still) return abort(Reason::kJointMotionGeneratorVelocityDiscontinuity, RobotMode::kReflex);
  dq_d_radps_.fill(0.0);
  ddq_d_radps2_.fill(0.0);
  mode_ = RobotMode::kIdle;
}

void Robot::begin(const Reference& command) {
  dq_d_radps_.fill(0.0);
  ddq_d_radps2_.fill(0.0);
  lost_ = 0;
  arrived_[0] = ~std::uint64_t{0};
  arrived_[1] = kUpper;
  for (std::size_t i = 0; i < 7; ++i) {
    if (!(std::abs(command.q_rad[i] - q_d_rad_[i]) <= config_.start_tolerance_rad)) {
      return abort(Reason::kJointPositionMotionGeneratorStartPoseInvalid, RobotMode::kReflex);
    }
  }
  mode_ = RobotMode::kMove;
  q_d_rad_ = command.q_rad;
}

void Robot::follow(const Reference& command) {
  Joints dq;
  Joints ddq;
  if (const Reason flaw = flaw_of(command.q_rad, dq, ddq); flaw != Reason::kNone) {
    return abort(flaw, RobotMode::kReflex);
  }
  q_d_rad_ = command.q_rad;
  dq_d_radps_ = dq;
  ddq_d_radps2_ = ddq;
}

Reason Robot::flaw_of(const Joints& q_rad, Joints& dq, Joints& ddq) const {
  const JointLimits& limits = config_.arm.joint_limits;
  const double dt = config_.arm.cycle_s;
  // The gravest first, over all joints: one wild number breaks every limit at once.
  const auto worst = [&](auto breaks) {
    for (std::size_t i = 0; i < 7; ++i) {
      if (breaks(i)) return true;
    }
    return false;
  };
  for (std::size_t i = 0; i < 7; ++i) {
    dq[i] = (q_rad[i] - q_d_rad_[i]) / dt;
    ddq[i] = (dq[i] - dq_d_radps_[i]) / dt;
  }
  constexpr double kMost = 1.0 + kRounding;
  if (worst([&](std::size_t i) { return !std::isfinite(q_rad[i]); })) return Reason::kRobotFailed;
  if (worst([&](std::size_t i) { return q_rad[i] < limits.q_min_rad[i] || q_rad[i] > limits.q_max_rad[i]; })) {
    return Reason::kJointMotionGeneratorPositionLimitsViolation;
  }
  if (worst([&](std::size_t i) { return std::abs(dq[i]) > limits.dq_max_at(i, q_d_rad_[i], dq[i]) * kMost; })) {
    return Reason::kJointMotionGeneratorVelocityLimitsViolation;
  }
  if (worst([&](std::size_t i) { return std::abs(ddq[i]) > limits.ddq_max_radps2[i] * kMost; })) {
    return Reason::kJointMotionGeneratorVelocityDiscontinuity;
  }
  if (worst([&](std::size_t i) {
        return std::abs(ddq[i] - ddq_d_radps2_[i]) / dt > limits.jerk_max_radps3[i] * kMost;
      })) {
    return Reason::kJointMotionGeneratorAccelerationDiscontinuity;
  }
  return Reason::kNone;
}

/// A command is missing: the robot goes on with the acceleration that it has.
void Robot::bridge() {
  if (++lost_ >= config_.lost_cycles_to_abort) {
    return abort(Reason::kCommunicationConstraintsViolation, RobotMode::kReflex);
  }
  const double dt = config_.arm.cycle_s;
  for (std::size_t i = 0; i < 7; ++i) {
    dq_d_radps_[i] += ddq_d_radps2_[i] * dt;
    q_d_rad_[i] += dq_d_radps_[i] * dt;
  }
}

void Robot::abort(Reason why, RobotMode into) {
  const bool braking = mode_ == RobotMode::kReflex || mode_ == RobotMode::kUserStopped;
  mode_ = into;
  fault_ = why;
  if (braking) return;
  stop_ = JointStop(q_d_rad_, dq_d_radps_, ddq_d_radps2_, config_.arm.joint_limits);
  stopping_s_ = 0.0;
}

/// On the way to rest, at rest, and back.
void Robot::coast() {
  const double dt = config_.arm.cycle_s;
  stopping_s_ += dt;
  q_d_rad_ = stop_.at(stopping_s_);
  dq_d_radps_.fill(0.0);
  ddq_d_radps2_.fill(0.0);
  if (stopping_s_ < stop_.duration_s()) return;
  if (mode_ == RobotMode::kUserStopped && !user_stop_) {
    mode_ = RobotMode::kIdle;
    fault_ = Reason::kNone;
  }
  if (mode_ != RobotMode::kAutomaticErrorRecovery || (recovering_s_ += dt) < config_.recovery_s) return;
  const Reason still_there = reflex();
  mode_ = still_there == Reason::kNone ? RobotMode::kIdle : RobotMode::kReflex;
  fault_ = still_there;
}

void Robot::recover() {
  if (mode_ != RobotMode::kReflex) return;
  mode_ = RobotMode::kAutomaticErrorRecovery;
  recovering_s_ = 0.0;
}

void Robot::move_arm() {
  Reference reference;
  reference.q_rad = q_d_rad_;
  reference.dq_radps = dq_d_radps_;
  reference.grasp = grasp_;
  measured_ = arm_.step(reference);
  measured_.has_q_d = true;
  for (std::size_t i = 0; i < 3; ++i) measured_.f_ext_base_n[i] += push_n_[i];
  const Jacobian J = jacobian(measured_.q_rad, config_.arm.tool);
  for (std::size_t i = 0; i < 7; ++i) {
    measured_.tau_ext_nm[i] =
        J[i] * measured_.f_ext_base_n[0] + J[7 + i] * measured_.f_ext_base_n[1] + J[14 + i] * measured_.f_ext_base_n[2];
  }
}

void Robot::watch() {
  if (mode_ != RobotMode::kMove) return;
  if (const Reason why = reflex(); why != Reason::kNone) return abort(why, RobotMode::kReflex);
  const JointLimits& limits = config_.arm.joint_limits;
  for (std::size_t i = 0; i < 7; ++i) {
    if (std::abs(measured_.dq_radps[i]) > 1.1 * limits.dq_max_radps[i]) {
      return abort(Reason::kJointVelocityViolation, RobotMode::kReflex);
    }
  }
}

Reason Robot::reflex() const {
  const auto& [x, y, z] = measured_.f_ext_base_n;
  if (std::sqrt(x * x + y * y + z * z) > config_.reflex_force_n) return Reason::kCartesianReflex;
  for (const double nm : measured_.tau_ext_nm) {
    if (std::abs(nm) > config_.reflex_torque_nm) return Reason::kJointReflex;
  }
  return Reason::kNone;
}

}  // namespace cliport::sim

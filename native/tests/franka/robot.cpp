// One millisecond of the robot.
#include "robot.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "error_names.hpp"

namespace cliport::fci {

namespace ri = research_interface::robot;

namespace {

constexpr int kFirstCommandMs = 2000;       // from the start of a motion to its first command
constexpr double kDefaultThreshold = 10.0;  // N and Nm, until a client sets others

std::array<double, 16> column_major(const Transform& T) {
  std::array<double, 16> columns;
  for (std::size_t row = 0; row < 4; ++row) {
    for (std::size_t column = 0; column < 4; ++column) columns[column * 4 + row] = T[row * 4 + column];
  }
  return columns;
}

/// A * B of column-major transforms.
std::array<double, 16> product(const std::array<double, 16>& A, const std::array<double, 16>& B) {
  std::array<double, 16> C{};
  for (std::size_t column = 0; column < 4; ++column) {
    for (std::size_t row = 0; row < 4; ++row) {
      for (std::size_t k = 0; k < 4; ++k) C[column * 4 + row] += A[k * 4 + row] * B[column * 4 + k];
    }
  }
  return C;
}

constexpr std::array<double, 16> kIdentity{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};

/// The tool in the flange's frame: what Desk calls the end effector's nominal frame.
std::array<double, 16> nominal_frame(const Tool& tool) {
  const double c = std::cos(tool.flange_to_tcp_yaw_rad);
  const double s = std::sin(tool.flange_to_tcp_yaw_rad);
  return {c, s, 0, 0, -s, c, 0, 0, 0, 0, 1, 0, 0, 0, tool.flange_to_tcp_m, 1};
}

}  // namespace

Robot::Robot(const RobotOptions& options)
    : options_(options), body_(options.body, options.q_rad), rules_(options.body.limits), q_d_rad_(options.q_rad) {
  state_.F_T_NE = nominal_frame(options.body.tool);
  state_.NE_T_EE = kIdentity;
  state_.EE_T_K = kIdentity;
  state_.m_ee = 0.73;
  state_.robot_mode = ri::RobotMode::kIdle;
  state_.motion_generator_mode = ri::MotionGeneratorMode::kIdle;
  state_.controller_mode = ri::ControllerMode::kOther;
  lower_torque_nm_.fill(kDefaultThreshold);
  upper_torque_nm_.fill(kDefaultThreshold);
  lower_force_n_.fill(kDefaultThreshold);
  upper_force_n_.fill(kDefaultThreshold);
}

Received Robot::received() const {
  Received received = received_;
  received.extremes = rules_.extremes();
  return received;
}

const ri::RobotState& Robot::next_state() {
  ++state_.message_id;
  state_.q = body_.q_rad();
  state_.dq = body_.dq_radps();
  state_.theta = body_.q_rad();
  state_.dtheta = body_.dq_radps();
  state_.q_d = q_d_rad_;
  const bool position = state_.motion_generator_mode == ri::MotionGeneratorMode::kJointPosition;
  state_.dq_d = position ? rules_.dq_radps() : Joints{};
  state_.ddq_d = position ? rules_.ddq_radps2() : Joints{};
  state_.tau_J_d = torque_nm_;
  state_.tau_ext_hat_filtered = body_.external_torque_nm();
  const std::array<double, 3>& force = body_.external_force_n();
  state_.O_F_ext_hat_K = {force[0], force[1], force[2], 0.0, 0.0, 0.0};
  state_.F_T_EE = product(state_.F_T_NE, state_.NE_T_EE);
  state_.O_T_EE = product(column_major(link_transforms(body_.q_rad()).back()), state_.F_T_EE);
  state_.O_T_EE[14] += options_.kinematics_off_m;
  state_.O_T_EE_d = state_.O_T_EE;
  state_.O_T_EE_c = state_.O_T_EE;
  state_.elbow = {state_.q[2], state_.q[3] > 0 ? 1.0 : -1.0};
  state_.control_command_success_rate = is_moving() ? static_cast<double>(arrived_.count()) / 100.0 : 0.0;
  return state_;
}

void Robot::end_motion() {
  if (!is_moving()) return;
  // It stays where it was asked to be, or where it is when it was driven by torques.
  const bool by_torque = state_.controller_mode == ri::ControllerMode::kExternalController;
  const bool orderly = lost_in_a_row_ == 0 && !by_torque;
  if (!orderly) q_d_rad_ = body_.q_rad();
  state_.robot_mode = ri::RobotMode::kIdle;
  state_.motion_generator_mode = ri::MotionGeneratorMode::kIdle;
  state_.controller_mode = ri::ControllerMode::kOther;
}

void Robot::abort(ErrorIndex error, Bytes& replies) {
  state_.errors[error] = true;
  state_.reflex_reason[error] = true;
  const bool was_moving = is_moving();
  end_motion();
  q_d_rad_ = body_.q_rad();  // it brakes and waits for a person
  state_.robot_mode = ri::RobotMode::kReflex;
  if (was_moving) reply_move(ri::Move::Status::kReflexAborted, replies);
}

void Robot::watch_user_stop(Bytes& replies) {
  if (user_stopped_ && state_.robot_mode != ri::RobotMode::kUserStopped) {
    const bool was_moving = is_moving();
    end_motion();
    q_d_rad_ = body_.q_rad();
    state_.robot_mode = ri::RobotMode::kUserStopped;
    if (was_moving) reply_move(ri::Move::Status::kEmergencyAborted, replies);
  }
  if (!user_stopped_ && state_.robot_mode == ri::RobotMode::kUserStopped) state_.robot_mode = ri::RobotMode::kIdle;
}

void Robot::advance(std::optional<ri::RobotCommand> command, Bytes& replies) {
  watch_user_stop(replies);
  if (is_moving()) {
    follow(command, replies);
  } else {
    body_.step_position(q_d_rad_, {});
    torque_nm_.fill(0.0);
  }
  watch_body(replies);
}

void Robot::follow(std::optional<ri::RobotCommand> command, Bytes& replies) {
  ++moving_ms_;
  if (command && to_lose_ > 0) {
    --to_lose_;
    command.reset();
  }
  if (!command && !commanded_) {
    if (moving_ms_ > kFirstCommandMs) return abort(kCommunication, replies);
    return body_.step_position(q_d_rad_, {});
  }
  arrived_ = arrived_ << 1;
  arrived_[0] = command.has_value();
  if (!command) {
    ++received_.lost;
    if (++lost_in_a_row_ >= kLostCyclesMax) return abort(kCommunication, replies);
    return extrapolate();
  }
  commanded_ = true;
  lost_in_a_row_ = 0;
  ++received_.commands;
  if (const std::optional<ErrorIndex> violation = obey(*command)) return abort(*violation, replies);
  if (!command->motion.motion_generation_finished) return;
  ++received_.motions_finished;
  end_motion();
  reply_move(ri::Move::Status::kSuccess, replies);
}

std::optional<ErrorIndex> Robot::obey(const ri::RobotCommand& command) {
  const bool finished = command.motion.motion_generation_finished;
  if (state_.controller_mode == ri::ControllerMode::kExternalController) {
    // Two flags come before them in the packed command, so that they are not aligned.
    static_assert(sizeof command.control == sizeof torque_nm_);
    std::memcpy(torque_nm_.data(), &command.control, sizeof torque_nm_);
    std::optional<ErrorIndex> violation = rules_.check_torque(torque_nm_);
    if (!violation) violation = rules_.check_velocity(command.motion.dq_c, finished);
    if (!violation) body_.step_torque(torque_nm_);
    return violation;
  }
  const std::optional<ErrorIndex> violation = rules_.check_position(command.motion.q_c, finished);
  if (violation) return violation;
  q_d_rad_ = rules_.q_rad();
  body_.step_position(q_d_rad_, rules_.dq_radps());
  return std::nullopt;
}

void Robot::extrapolate() {
  if (state_.controller_mode == ri::ControllerMode::kExternalController) return body_.step_torque(torque_nm_);
  q_d_rad_ = rules_.extrapolate_position();
  body_.step_position(q_d_rad_, rules_.dq_radps());
}

void Robot::watch_body(Bytes& replies) {
  bool reflex_joint = false;
  bool reflex_tool = false;
  bool too_fast = false;
  for (std::size_t i = 0; i < 7; ++i) {
    const double torque_nm = std::abs(body_.external_torque_nm()[i]);
    state_.joint_contact[i] = torque_nm > lower_torque_nm_[i] ? 1.0 : 0.0;
    state_.joint_collision[i] = torque_nm > upper_torque_nm_[i] ? 1.0 : 0.0;
    reflex_joint = reflex_joint || torque_nm > upper_torque_nm_[i];
    const double speed_radps = std::abs(body_.dq_radps()[i]);
    received_.body_dq_max_radps[i] = std::max(received_.body_dq_max_radps[i], speed_radps);
    too_fast = too_fast || speed_radps > options_.body.limits.dq_max_radps[i];
  }
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double force_n = std::abs(body_.external_force_n()[axis]);
    state_.cartesian_contact[axis] = force_n > lower_force_n_[axis] ? 1.0 : 0.0;
    state_.cartesian_collision[axis] = force_n > upper_force_n_[axis] ? 1.0 : 0.0;
    reflex_tool = reflex_tool || force_n > upper_force_n_[axis];
  }
  if (state_.robot_mode == ri::RobotMode::kReflex || state_.robot_mode == ri::RobotMode::kUserStopped) return;
  if (reflex_tool) return abort(kCartesianReflex, replies);
  if (reflex_joint) return abort(kJointReflex, replies);
  if (too_fast && is_moving()) abort(kJointVelocityViolation, replies);
}

}  // namespace cliport::fci

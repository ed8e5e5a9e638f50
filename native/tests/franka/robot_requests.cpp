// What the robot answers.
#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "robot.hpp"

namespace cliport::fci {

namespace ri = research_interface::robot;

namespace {

/// The request's values, applied when their size is right.
template <typename T, typename Apply>
void set(const Request& request, Robot::Bytes& replies, Apply apply) {
  const auto* values = request.as<typename T::Request>();
  if (values != nullptr) apply(*values);
  append_answer(request, replies, values ? T::Status::kSuccess : T::Status::kInvalidArgumentRejected);
}

/// Not possible in the robot's present mode. The number differs from command to command.
template <typename T>
void refuse(const Request& request, Robot::Bytes& replies) {
  append_answer(request, replies, T::Status::kCommandNotPossibleRejected);
}

}  // namespace

void Robot::answer(const Request& request, Bytes& replies) {
  switch (request.header.command) {
    case ri::Command::kMove:
      return start_move(request, replies);
    case ri::Command::kStopMove:
      return stop_move(request, replies);
    case ri::Command::kAutomaticErrorRecovery:
      return recover(request, replies);
    case ri::Command::kGetCartesianLimit:
      return append_answer(request, replies, ri::GetCartesianLimit::Response(ri::GetCartesianLimit::Status::kSuccess));
    case ri::Command::kLoadModelLibrary:
      return give_model(request, replies);
    default:
      // Settings are refused while a motion runs, as on the robot, all with the same number.
      return is_moving() || refuses_ ? refuse<ri::SetLoad>(request, replies) : set_value(request, replies);
  }
}

void Robot::set_value(const Request& request, Bytes& replies) {
  switch (request.header.command) {
    case ri::Command::kSetCollisionBehavior:
      return set<ri::SetCollisionBehavior>(request, replies, [this](const ri::SetCollisionBehavior::Request& given) {
        lower_torque_nm_ = given.lower_torque_thresholds_nominal;
        upper_torque_nm_ = given.upper_torque_thresholds_nominal;
        lower_force_n_ = given.lower_force_thresholds_nominal;
        upper_force_n_ = given.upper_force_thresholds_nominal;
        received_.upper_force_n = upper_force_n_;
      });
    case ri::Command::kSetJointImpedance:
      return set<ri::SetJointImpedance>(request, replies, [this](const ri::SetJointImpedance::Request& given) {
        received_.joint_stiffness = given.K_theta;
      });
    case ri::Command::kSetCartesianImpedance:
      return set<ri::SetCartesianImpedance>(request, replies, [](const auto&) {});
    case ri::Command::kSetGuidingMode:
      return set<ri::SetGuidingMode>(request, replies, [](const auto&) {});
    case ri::Command::kSetEEToK:
      return set<ri::SetEEToK>(request, replies,
                               [this](const ri::SetEEToK::Request& given) { state_.EE_T_K = given.EE_T_K; });
    case ri::Command::kSetNEToEE:
      return set<ri::SetNEToEE>(request, replies, [this](const ri::SetNEToEE::Request& given) {
        state_.NE_T_EE = given.NE_T_EE;
        received_.NE_T_EE = given.NE_T_EE;
      });
    case ri::Command::kSetLoad:
      return set<ri::SetLoad>(request, replies, [this](const ri::SetLoad::Request& given) {
        state_.m_load = given.m_load;
        state_.F_x_Cload = given.F_x_Cload;
        state_.I_load = given.I_load;
        received_.load_kg = given.m_load;
        ++received_.loads;
      });
    case ri::Command::kSetFilters:
      return set<ri::SetFilters>(request, replies, [](const auto&) {});
    default:
      return;  // no request of this version
  }
}

void Robot::start_move(const Request& request, Bytes& replies) {
  const auto* move = request.as<ri::Move::Request>();
  if (move == nullptr) return append_answer(request, replies, ri::Move::Status::kInvalidArgumentRejected);
  if (state_.robot_mode != ri::RobotMode::kIdle || refuses_) return refuse<ri::Move>(request, replies);
  ++received_.moves;
  move_request_ = request;
  state_.motion_generator_mode = static_cast<ri::MotionGeneratorMode>(
      static_cast<std::uint32_t>(move->motion_generator_mode) + 1);  // kIdle comes first in the state's
  state_.controller_mode = static_cast<ri::ControllerMode>(move->controller_mode);
  state_.robot_mode = ri::RobotMode::kMove;
  rules_.begin(q_d_rad_);
  torque_nm_.fill(0.0);
  commanded_ = false;
  lost_in_a_row_ = 0;
  arrived_.set();
  moving_ms_ = 0;
  reply_move(ri::Move::Status::kMotionStarted, replies);
}

void Robot::stop_move(const Request& request, Bytes& replies) {
  ++received_.stops;
  if (!is_moving()) return refuse<ri::StopMove>(request, replies);
  end_motion();
  reply_move(ri::Move::Status::kPreempted, replies);
  append_answer(request, replies, ri::StopMove::Status::kSuccess);
}

void Robot::reply_move(ri::Move::Status status, Bytes& replies) const { append_answer(move_request_, replies, status); }

void Robot::recover(const Request& request, Bytes& replies) {
  using Recovery = ri::AutomaticErrorRecovery;
  ++received_.recoveries;
  if (is_moving()) return refuse<Recovery>(request, replies);
  if (state_.robot_mode == ri::RobotMode::kUserStopped) {
    return append_answer(request, replies, Recovery::Status::kEmergencyAborted);
  }
  if (!options_.recovers) {
    return append_answer(request, replies, Recovery::Status::kManualErrorRecoveryRequiredRejected);
  }
  state_.errors.fill(false);
  state_.reflex_reason.fill(false);
  state_.robot_mode = ri::RobotMode::kIdle;
  append_answer(request, replies, Recovery::Status::kSuccess);
}

void Robot::give_model(const Request& request, Bytes& replies) const {
  std::ifstream file(options_.model_library, std::ios::binary);
  const std::vector<char> library{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (options_.model_library.empty() || library.empty()) {
    return append_answer(request, replies, ri::LoadModelLibrary::Status::kError);
  }
  Bytes message;
  append_answer(request, message, ri::LoadModelLibrary::Status::kSuccess);
  message.insert(message.end(), library.begin(), library.end());
  const auto size = static_cast<std::uint32_t>(message.size());
  std::memcpy(message.data() + offsetof(ri::CommandHeader, size), &size, sizeof size);
  replies.insert(replies.end(), message.begin(), message.end());
}

}  // namespace cliport::fci

#include "deoxys_messages.hpp"

#include <algorithm>
#include <cmath>

#include "deoxys.pb.h"

namespace cliport {
namespace {

namespace wire = cliport::deoxys;

constexpr std::string_view kUrl = "type.googleapis.com/";
constexpr double kNominalContactN = 10.0;  ///< where the simulated arm only knows that it touches something
constexpr double kOpenWidthM = 0.08;
constexpr double kHeldWidthM = 0.04;

std::string name_of(const wire::Packed& packed) {
  const std::string& url = packed.type_url();
  return url.starts_with(kUrl) ? url.substr(kUrl.size()) : url;
}

bool is_finite(const std::array<double, 3>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

bool read_goal(const wire::Goal& goal, DeoxysOrder& order, std::string& problem) {
  order.is_delta = goal.is_delta();
  order.linear = {goal.x(), goal.y(), goal.z()};
  order.angular = {goal.ax(), goal.ay(), goal.az()};
  if (is_finite(order.linear) && is_finite(order.angular)) return true;
  problem = "Expected finite numbers in the goal's pose but one is not";
  return false;
}

bool read_goal(const wire::JointGoal& goal, DeoxysOrder& order, std::string& problem) {
  order.is_delta = goal.is_delta();
  order.q_rad = {goal.q1(), goal.q2(), goal.q3(), goal.q4(), goal.q5(), goal.q6(), goal.q7()};
  if (std::all_of(order.q_rad.begin(), order.q_rad.end(), [](double q) { return std::isfinite(q); })) return true;
  problem = "Expected finite joint angles in the goal but one is not";
  return false;
}

/// A real controller maps arrays without looking at their length; here a wrong one is refused.
template <typename Values>
bool has_length(const Values& values, int length, const char* name, std::string& problem) {
  if (values.size() == length) return true;
  problem =
      "Expected " + std::to_string(length) + " numbers in " + name + " but received " + std::to_string(values.size());
  return false;
}

/// Unpacks the message that belongs to a law.
template <typename Message>
bool unpack(const wire::Packed& packed, std::string_view name, Message& message, std::string& problem) {
  if (name_of(packed) != name) {
    problem = "Expected a " + std::string(name) + " but received '" + name_of(packed).substr(0, 80) + "'";
    return false;
  }
  if (message.ParseFromString(packed.value())) return true;
  problem = "Expected a " + std::string(name) + " but its bytes are none";
  return false;
}

bool read_law(const wire::ArmCommand& command, DeoxysOrder& order, std::string& problem) {
  switch (command.controller_type()) {
    case wire::NO_CONTROL:
      order.law = DeoxysLaw::kNone;
      return true;
    case wire::OSC_POSE:
    case wire::OSC_POSITION:
    case wire::OSC_YAW: {
      order.law = static_cast<DeoxysLaw>(command.controller_type());
      wire::OscPose law;
      return unpack(command.control(), "FrankaOSCPoseControllerMessage", law, problem) &&
             has_length(law.translational_stiffness(), 3, "translational_stiffness", problem) &&
             has_length(law.rotational_stiffness(), 3, "rotational_stiffness", problem) &&
             read_goal(law.goal(), order, problem);
    }
    case wire::JOINT_POSITION: {
      order.law = DeoxysLaw::kJointPosition;
      wire::JointPosition law;
      return unpack(command.control(), "FrankaJointPositionControllerMessage", law, problem) &&
             read_goal(law.goal(), order, problem);
    }
    case wire::JOINT_IMPEDANCE: {
      order.law = DeoxysLaw::kJointImpedance;
      wire::JointImpedance law;
      if (!unpack(command.control(), "FrankaJointImpedanceControllerMessage", law, problem)) return false;
      order.is_limp = std::all_of(law.kp().begin(), law.kp().end(), [](double kp) { return kp == 0.0; });
      return has_length(law.kp(), 7, "kp", problem) && has_length(law.kd(), 7, "kd", problem) &&
             read_goal(law.goal(), order, problem);
    }
    case wire::CARTESIAN_VELOCITY: {
      order.law = DeoxysLaw::kCartesianVelocity;
      wire::CartesianVelocity law;
      return unpack(command.control(), "FrankaCartesianVelocityControllerMessage", law, problem) &&
             read_goal(law.goal(), order, problem);
    }
    default:
      problem = "Expected a control law that deoxys implements but received number " +
                std::to_string(static_cast<int>(command.controller_type()));
      return false;
  }
}

template <typename Values>
void fill(google::protobuf::RepeatedField<double>* field, const Values& values) {
  field->Assign(values.begin(), values.end());
}

void fill_zeros(google::protobuf::RepeatedField<double>* field, int count) { field->Resize(count, 0.0); }

/// Row-major to the column-major of libfranka.
std::array<double, 16> column_major(const Transform& T) {
  std::array<double, 16> columns{};
  for (std::size_t row = 0; row < 4; ++row) {
    for (std::size_t column = 0; column < 4; ++column) columns[column * 4 + row] = T[row * 4 + column];
  }
  return columns;
}

constexpr Transform kIdentity{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};

Transform flange_to_tool(const Tool& tool) {
  const double c = std::cos(tool.flange_to_tcp_yaw_rad);
  const double s = std::sin(tool.flange_to_tcp_yaw_rad);
  return {c, -s, 0, 0, s, c, 0, 0, 0, 0, 1, tool.flange_to_tcp_m, 0, 0, 0, 1};
}

/// The robot's own errors stand in both enumerations in libfranka's order; deoxys numbers the first 37 from 1.
void fill_errors(wire::Errors& errors, Reason reason) {
  const int number = static_cast<int>(reason) - static_cast<int>(Reason::kJointPositionLimitsViolation) + 1;
  if (number < 1 || number > 37) return;
  std::string bytes;  // a bool field is its tag and a 1; without reflection that is the way to one by its number
  for (int tag = number << 3; tag != 0; tag >>= 7) bytes.push_back(static_cast<char>(tag > 127 ? tag | 128 : tag));
  bytes.push_back(1);
  errors.MergeFromString(bytes);
}

wire::RobotMode robot_mode(const Snapshot& snapshot, bool is_controlled) {
  switch (snapshot.mode) {
    case Mode::kFault:
      return wire::REFLEX;
    case Mode::kStopped:
      return wire::USER_STOPPED;
    case Mode::kMoving:
    case Mode::kStopping:
      return wire::MOVE;
    default:
      return is_controlled ? wire::MOVE : wire::IDLE;
  }
}

void fill_what_is_unknown(wire::ArmState& state) {
  for (auto* three : {state.mutable_f_x_cee(), state.mutable_f_x_cload(), state.mutable_f_x_ctotal()}) {
    fill_zeros(three, 3);
  }
  for (auto* nine : {state.mutable_i_ee(), state.mutable_i_load(), state.mutable_i_total()}) fill_zeros(nine, 9);
  for (auto* two : {state.mutable_elbow(), state.mutable_elbow_d(), state.mutable_elbow_c(), state.mutable_delbow_c(),
                    state.mutable_ddelbow_c()}) {
    fill_zeros(two, 2);
  }
  for (auto* seven : {state.mutable_tau_j(), state.mutable_tau_j_d(), state.mutable_dtau_j(), state.mutable_ddq_d(),
                      state.mutable_joint_contact(), state.mutable_joint_collision()}) {
    fill_zeros(seven, 7);
  }
  for (auto* six : {state.mutable_cartesian_contact(), state.mutable_cartesian_collision(), state.mutable_o_dp_ee_d(),
                    state.mutable_o_dp_ee_c(), state.mutable_o_ddp_ee_c(), state.mutable_k_f_ext_hat_k()}) {
    fill_zeros(six, 6);
  }
}

}  // namespace

std::optional<DeoxysOrder> parse_deoxys_order(std::string_view bytes, std::string& problem) {
  wire::ArmCommand command;
  if (!command.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    problem = "Expected a FrankaControlMessage but the bytes are none";
    return std::nullopt;
  }
  DeoxysOrder order;
  order.termination = command.termination();
  if (order.termination) return order;  // whatever else it says
  if (!read_law(command, order, problem)) return std::nullopt;
  return order;
}

std::optional<bool> parse_deoxys_gripper(std::string_view bytes, std::string& problem) {
  wire::GripperCommand command;
  if (!command.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    problem = "Expected a FrankaGripperControlMessage but the bytes are none";
    return std::nullopt;
  }
  const std::string name = name_of(command.control());
  if (name == "FrankaGripperGraspMessage") return true;
  if (name == "FrankaGripperMoveMessage") return false;
  problem = "Expected a grasp or a move of the gripper but received '" + name.substr(0, 80) + "'";
  return std::nullopt;
}

std::string deoxys_arm_state(const Snapshot& snapshot, const Tool& tool, bool is_controlled, std::uint64_t frame) {
  const Measured& measured = snapshot.measured;
  const std::array<double, 16> O_T_EE = column_major(forward(measured.q_rad, tool));
  const std::array<double, 16> O_T_EE_d = column_major(forward(snapshot.reference.q_rad, tool));
  wire::ArmState state;
  fill(state.mutable_o_t_ee(), O_T_EE);
  fill(state.mutable_o_t_ee_d(), O_T_EE_d);
  fill(state.mutable_o_t_ee_c(), O_T_EE_d);
  fill(state.mutable_f_t_ee(), column_major(flange_to_tool(tool)));
  fill(state.mutable_f_t_ne(), column_major(flange_to_tool(tool)));
  fill(state.mutable_ne_t_ee(), kIdentity);
  fill(state.mutable_ee_t_k(), kIdentity);
  fill(state.mutable_q(), measured.q_rad);
  fill(state.mutable_dq(), measured.dq_radps);
  fill(state.mutable_theta(), measured.q_rad);
  fill(state.mutable_dtheta(), measured.dq_radps);
  fill(state.mutable_q_d(), snapshot.reference.q_rad);
  fill(state.mutable_dq_d(), snapshot.reference.dq_radps);
  fill(state.mutable_tau_ext_hat_filtered(), measured.tau_ext_nm);
  fill_what_is_unknown(state);

  std::array<double, 6> wrench{};
  std::copy(measured.f_ext_base_n.begin(), measured.f_ext_base_n.end(), wrench.begin());
  if (measured.contact) wrench[2] = std::max(wrench[2], kNominalContactN);
  fill(state.mutable_o_f_ext_hat_k(), wrench);
  state.set_cartesian_contact(2, measured.contact ? 1.0 : 0.0);

  state.mutable_current_errors();
  if (snapshot.mode == Mode::kFault) fill_errors(*state.mutable_current_errors(), snapshot.reason);
  state.mutable_last_motion_errors();
  state.set_control_command_success_rate(is_controlled ? 1.0 : 0.0);
  state.set_robot_mode(robot_mode(snapshot, is_controlled));
  state.mutable_time()->set_to_sec(static_cast<double>(snapshot.stamp_ns) * 1e-9);
  state.mutable_time()->set_to_msec(static_cast<std::uint64_t>(snapshot.stamp_ns / 1'000'000));
  state.set_frame(frame);
  state.set_cliport_simulated(true);
  return state.SerializeAsString();
}

std::string deoxys_gripper_state(const Snapshot& snapshot) {
  const bool is_on = snapshot.reference.grasp;
  wire::GripperState state;
  state.set_width(!is_on ? kOpenWidthM : snapshot.measured.holding ? kHeldWidthM : 0.0);
  state.set_max_width(kOpenWidthM);
  state.set_is_grasped(snapshot.measured.holding);
  state.set_temperature(25);
  state.mutable_time()->set_to_sec(static_cast<double>(snapshot.stamp_ns) * 1e-9);
  state.mutable_time()->set_to_msec(static_cast<std::uint64_t>(snapshot.stamp_ns / 1'000'000));
  return state.SerializeAsString();
}

}  // namespace cliport

#include "franka/connection.hpp"

#include <franka/control_tools.h>
#include <franka/exception.h>

#include <algorithm>
#include <cmath>

#include "franka/translate.hpp"

namespace cliport::fci {
namespace {

// The newest version of the robot service that a Panda speaks; later ones belong to the Franka Research 3.
constexpr std::uint16_t kPandaVersion = 5;
// Where the robot and we may disagree about the tool's place: rounding, not another tool.
constexpr double kToolToleranceM = 1e-3;
constexpr double kReflexTorqueShare = 0.95;  // of what a joint can bear at all

std::string version_hint(std::uint16_t robot, std::uint16_t library) {
  return "The robot speaks version " + std::to_string(robot) + " of Franka's robot interface, this build's libfranka " +
         std::to_string(library) +
         ". Build cliport-controller with a libfranka that speaks the robot's: 5 is libfranka 0.9.2 (Panda), 7 is "
         "0.13.x, 9 is 0.15.x, 10 is 0.21.x (Franka Research 3). See docs/franka.md.";
}

Transform tool_of(const Tool& tool) {
  const double c = std::cos(tool.flange_to_tcp_yaw_rad);
  const double s = std::sin(tool.flange_to_tcp_yaw_rad);
  return {c, -s, 0, 0, s, c, 0, 0, 0, 0, 1, tool.flange_to_tcp_m, 0, 0, 0, 1};
}

/// inverse(A) * B of rigid transforms.
Transform from_to(const Transform& A, const Transform& B) {
  Transform C{};
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 4; ++column) {
      for (std::size_t k = 0; k < 3; ++k) {
        C[row * 4 + column] += A[k * 4 + row] * (B[k * 4 + column] - (column == 3 ? A[k * 4 + 3] : 0.0));
      }
    }
  }
  C[15] = 1.0;
  return C;
}

void set_thresholds(::franka::Robot& robot, const Settings& settings, const ControllerConfig& config) {
  Joints lower_nm;
  Joints upper_nm;
  for (std::size_t i = 0; i < 7; ++i) {
    const double most_nm = kReflexTorqueShare * settings.impedance.torque_max_nm[i];
    upper_nm[i] = std::min(settings.reflex_factor * config.torque_ceiling_nm, most_nm);
    lower_nm[i] = std::min(config.torque_ceiling_nm, upper_nm[i]);
  }
  std::array<double, 6> lower_n;
  std::array<double, 6> upper_n;
  lower_n.fill(config.contact_force_n);
  upper_n.fill(settings.reflex_factor * config.force_ceiling_n);
  robot.setCollisionBehavior(lower_nm, upper_nm, lower_n, upper_n);
}

double apart_m(const Transform& A, const Transform& B) { return std::hypot(A[3] - B[3], A[7] - B[7], A[11] - B[11]); }

std::string millimetres(double m) { return std::to_string(std::lround(m * 1000.0)) + " mm"; }

/// Tells the robot the tool's frame, and compares what it makes of it with our own kinematics.
void set_tool(Connection& connection, const ControllerConfig& config) {
  ::franka::Robot& robot = *connection.robot;
  const Transform F_T_NE = transform_of(robot.readOnce().F_T_NE);
  const Transform F_T_tool = tool_of(config.tool);
  if (const double off_m = apart_m(F_T_NE, F_T_tool); off_m > kToolToleranceM) {
    connection.warnings.push_back("the end effector in Desk ends " + millimetres(off_m) +
                                  " away from the configured tool: the robot compensates the weight of the former");
  }
  robot.setEE(columns_of(from_to(F_T_NE, F_T_tool)));
  const ::franka::RobotState state = robot.readOnce();
  const double off_m = apart_m(transform_of(state.O_T_EE), forward(state.q, config.tool));
  if (off_m <= kToolToleranceM) return;
  throw ConnectError("The robot finds its tool " + millimetres(off_m) +
                     " away from where this controller's kinematics find it. Do not move it: is it a Panda or a "
                     "Franka Research 3, and does it stand on its own base?");
}

void expect_arm(const ::franka::Robot& robot, const ControllerConfig& config) {
  const ArmModel found = robot.serverVersion() <= kPandaVersion ? ArmModel::kPanda : ArmModel::kFr3;
  if (found == config.arm) return;
  throw ConnectError(std::string("Expected the arm '") + to_string(config.arm) + "' but the robot is '" +
                     to_string(found) +
                     "': its limits are others. Name it in the limits file (arm: panda or arm: fr3).");
}

std::string realtime_warning() {
  return ::franka::hasRealtimeKernel()
             ? ""
             : "this kernel has no real-time scheduling (PREEMPT_RT): expect communication_constraints_violation under "
               "load. Franka's documentation says how to install one.";
}

}  // namespace

void set_load(::franka::Robot& robot, const Load& load) {
  robot.setLoad(load.mass_kg, load.F_x_center_m, load.inertia_kgm2);
}

void set_up(Connection& connection, const Settings& settings, const ControllerConfig& config) {
  ::franka::Robot& robot = *connection.robot;
  set_tool(connection, config);
  set_thresholds(robot, settings, config);
  if (settings.drive == Drive::kPosition) robot.setJointImpedance(settings.joint_stiffness_nmprad);
  set_load(robot, config.tool_load);
  connection.load = config.tool_load;
  try {
    connection.model.emplace(robot.loadModel());
  } catch (const ::franka::ModelException& error) {
    connection.warnings.push_back(std::string("the robot gives no model (") + error.what() +
                                  "): Coriolis torques are left to the impedance");
  }
  connection.state = robot.readOnce();
  connection.is_set_up = true;
}

Connection connect(const Settings& settings, const ControllerConfig& config) try {
  check_settings(settings);
  Connection connection;
  if (const std::string warning = realtime_warning(); !warning.empty()) {
    if (settings.require_realtime) throw ConnectError("Refused: " + warning);
    connection.warnings.push_back(warning);
  }
  connection.robot = std::make_unique<::franka::Robot>(settings.robot_ip, settings.require_realtime
                                                                              ? ::franka::RealtimeConfig::kEnforce
                                                                              : ::franka::RealtimeConfig::kIgnore);
  expect_arm(*connection.robot, config);
  connection.state = connection.robot->readOnce();
  // A robot in reflex, or with its stop pressed, takes no settings: they follow its recovery.
  if (fault_of(connection.state) == Reason::kNone) set_up(connection, settings, config);
  return connection;
} catch (const ::franka::IncompatibleVersionException& error) {
  throw ConnectError(version_hint(error.server_version, error.library_version));
} catch (const ::franka::Exception& error) {
  throw ConnectError(
      "No Franka arm can be used at " + settings.robot_ip + ": " + error.what() +
      " Look at the cable and the address; in Desk: brakes open, FCI activated, no other user in control.");
}

}  // namespace cliport::fci

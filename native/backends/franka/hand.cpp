#include "franka/hand.hpp"

#include <franka/exception.h>
#include <franka/gripper.h>

#include "franka/connection.hpp"

namespace cliport::fci {

struct Hand::State {
  State(const std::string& robot_ip, const HandSettings& given) : settings(given), gripper(robot_ip) {}

  const HandSettings settings;
  ::franka::Gripper gripper;
};

Hand::Hand(const std::string& robot_ip, const HandSettings& settings, bool home) try
    : state_(std::make_unique<State>(robot_ip, settings)) {
  if (home) state_->gripper.homing();
  if (state_->gripper.readOnce().max_width <= 0.0) {
    throw ConnectError(
        "The hand does not know its fingers' end stops. Home it: start with --home-hand (the fingers "
        "open wide), or in Desk.");
  }
} catch (const ::franka::IncompatibleVersionException& error) {
  throw ConnectError("The hand speaks version " + std::to_string(error.server_version) +
                     " of its interface, this build's libfranka " + std::to_string(error.library_version) +
                     ": build with the libfranka of this robot. See docs/franka.md.");
} catch (const ::franka::Exception& error) {
  throw ConnectError("No Franka hand can be used at " + robot_ip + ": " + error.what() +
                     " Is it mounted, and chosen as end effector in Desk? Without a hand: --end-effector none.");
}

Hand::~Hand() = default;

void Hand::grasp() {
  // Any width will do: what lies between the fingers is not known beforehand.
  const double width_m = state_->settings.open_width_m;
  state_->gripper.grasp(0.0, state_->settings.speed_mps, state_->settings.force_n, width_m, width_m);
}

void Hand::release() { state_->gripper.move(state_->settings.open_width_m, state_->settings.speed_mps); }

void Hand::stop() { state_->gripper.stop(); }

EndEffectorReading Hand::read() {
  const ::franka::GripperState state = state_->gripper.readOnce();
  return {.holding = state.is_grasped && state.width > state_->settings.least_width_m, .width_m = state.width};
}

}  // namespace cliport::fci

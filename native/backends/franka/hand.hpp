// The Franka hand: two fingers, a service of the robot's of its own.
#pragma once

#include <memory>
#include <string>

#include "cliport/gripper.hpp"

namespace cliport::fci {

struct HandSettings {
  double speed_mps = 0.1;
  double force_n = 20.0;         ///< of a grasp; 70 N is the most that the hand can hold for long
  double open_width_m = 0.08;    ///< after a release
  double least_width_m = 0.002;  ///< fingers nearer than this hold nothing, whatever the hand says
};

class Hand : public Gripper {
 public:
  /// Connects. @throws ConnectError when there is no hand, or it has not been homed and `home` is false
  /// @param home finds the fingers' end stops: they open wide, and drop what they hold
  Hand(const std::string& robot_ip, const HandSettings& settings, bool home);
  ~Hand() override;

  void grasp() override;
  void release() override;
  void stop() override;
  bool holds() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cliport::fci

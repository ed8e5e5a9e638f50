// The Franka hand: two fingers, a service of the robot's of its own.
#pragma once

#include <memory>
#include <string>

#include "cliport/end_effector.hpp"

namespace cliport::fci {

struct HandSettings {
  double speed_mps = 0.1;
  double force_n = 20.0;         ///< of a grasp; 70 N is the most that the hand can hold for long
  double open_width_m = 0.08;    ///< after a release
  double least_width_m = 0.002;  ///< fingers nearer than this hold nothing, whatever the hand says
};

/// What Welcome says of it (Franka hand, data sheet: 80 mm, 70 N continuous).
inline constexpr EndEffectorModel kHandModel{
    .kind = EndEffectorKind::kTwoFinger, .width_min_m = 0.0, .width_max_m = 0.08, .force_max_n = 70.0};

class Hand : public EndEffector {
 public:
  /// Connects. @throws ConnectError when there is no hand, or it has not been homed and `home` is false
  /// @param home finds the fingers' end stops: they open wide, and drop what they hold
  Hand(const std::string& robot_ip, const HandSettings& settings, bool home);
  ~Hand() override;

  void grasp() override;
  void release() override;
  void stop() override;
  EndEffectorReading read() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cliport::fci

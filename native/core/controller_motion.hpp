// What moves the reference: one line at a time, a stop on it, and a last guard. The control thread's; allocates
// nothing.
#pragma once

#include "cliport/controller.hpp"
#include "cliport/trajectory.hpp"

namespace cliport {

class Motion {
 public:
  /// @param guard limits that no reference may break, by backward differences as the robot takes them
  Motion(const LineLimits& limits, const JointLimits& guard, double cycle_s, const Joints& q_rad);

  /// At rest here from now on.
  void hold(const Joints& q_rad);

  /// Begins a segment that moves, from rest where the reference is. @return false when there is no way
  bool begin(const Segment& segment);

  /// Comes to rest on the line, with limited acceleration and jerk.
  void brake();

  /// Moves the reference on. @param cycles since the last step, at least 1
  /// @return false when the line would have broken a limit of the guard: every joint then brakes for itself
  bool step(int cycles);

  /// A cycle without motion.
  void rest();

  bool travelling() const { return travelling_; }
  /// Metres of the tool since the segment began.
  double travelled_m() const { return profile_.at(elapsed_s_).position * line_.length_m(); }
  const Line& line() const { return line_; }

  const Joints& q_rad() const { return q_rad_; }
  const Joints& dq_radps() const { return dq_radps_; }

 private:
  bool step_once();
  bool is_sound(const Joints& dq_radps, const Joints& ddq_radps2) const;
  void step_joints();

  const LineLimits limits_;
  const JointLimits guard_;
  const double cycle_s_;

  Joints q_rad_;
  Joints dq_radps_{};
  Joints ddq_radps2_{};

  Line line_;
  Profile profile_;
  double elapsed_s_ = 0.0;
  bool travelling_ = false;

  bool by_joint_ = false;  ///< each joint comes to rest for itself, after the guard has acted
  JointStop joint_stop_;
};

}  // namespace cliport

// The simulated arm behind the rules of Franka's control interface (FCI): what it accepts, what it stops itself for,
// and how it comes back. One call a millisecond; whose milliseconds these are, wall time or simulated, is the caller's
// affair.
#pragma once

#include <cstdint>

#include "cliport/trajectory.hpp"
#include "sim/arm.hpp"

namespace cliport::sim {

/// FCI's robot modes; each follows from what happens, nobody sets one.
enum class RobotMode : std::uint8_t { kIdle, kMove, kReflex, kUserStopped, kAutomaticErrorRecovery };
const char* to_string(RobotMode mode);

struct RobotConfig {
  ArmConfig arm;
  int lost_cycles_to_abort = 20;        ///< consecutive; fewer are bridged with constant acceleration
  double reflex_force_n = 60.0;         ///< at the tool: upper threshold of FCI's setCollisionBehavior
  double reflex_torque_nm = 60.0;       ///< at any joint
  double start_tolerance_rad = 0.0005;  ///< how far from q_d a motion may begin
  double recovery_s = 0.5;
};

/// Follows a reference of joint positions (FCI's joint position motion generator). Derivatives are backward differences
/// over a millisecond from what it was last asked for, and each that is too large ends the motion under its FCI name:
///
///   position outside its range        joint_motion_generator_position_limits_violation
///   velocity                          joint_motion_generator_velocity_limits_violation
///   acceleration                      joint_motion_generator_velocity_discontinuity
///   jerk                              joint_motion_generator_acceleration_discontinuity
///   not a number                      robot_failed (libfranka does not send it)
///   motion begins away from q_d       joint_position_motion_generator_start_pose_invalid
///   motion ends with velocity         joint_motion_generator_velocity_discontinuity
///   20 cycles without a command       communication_constraints_violation
///   measured velocity                 joint_velocity_violation
///   external force, external torque   cartesian_reflex, joint_reflex
///
/// After any of these every joint brakes for itself, and the robot stays in its reflex until it is asked to recover; it
/// returns to the reflex when what caused it is still there. One thread's; allocates nothing.
class Robot {
 public:
  Robot(const RobotConfig& config, const Joints& q_rad);

  /// One millisecond. @param command what arrived in it; nullptr: the packet was lost or late
  const Measured& step(const Reference* command);

  const Measured& measured() const { return measured_; }
  RobotMode mode() const { return mode_; }
  /// Share of the last 100 cycles of a motion in which a command arrived; 0 without motion.
  double success_rate() const;

  /// The button in a person's hand. Released, the robot is idle again by itself; what the controller has latched is
  /// not.
  void press_user_stop(bool pressed) { user_stop_ = pressed; }
  /// Somebody pushes the tool, besides what the plane does.
  void push(const std::array<double, 3>& f_base_n) { push_n_ = f_base_n; }

 private:
  void take(const Reference* command);
  void begin(const Reference& command);
  void follow(const Reference& command);
  void bridge();
  void abort(Reason why, RobotMode into);
  void coast();
  void recover();
  void move_arm();
  void watch();
  Reason flaw_of(const Joints& q_rad, Joints& dq_radps, Joints& ddq_radps2) const;
  Reason reflex() const;

  const RobotConfig config_;
  Arm arm_;
  Measured measured_;
  RobotMode mode_ = RobotMode::kIdle;
  Reason fault_ = Reason::kNone;

  Joints q_d_rad_;
  Joints dq_d_radps_{};
  Joints ddq_d_radps2_{};
  bool grasp_ = false;
  int lost_ = 0;
  std::uint64_t arrived_[2] = {0, 0};  ///< one bit a cycle, newest lowest: the last 100

  JointStop stop_;
  double stopping_s_ = 0.0;
  double recovering_s_ = 0.0;
  std::uint32_t recoveries_ = 0;

  bool user_stop_ = false;
  std::array<double, 3> push_n_{};
};

}  // namespace cliport::sim

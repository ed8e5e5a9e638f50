// What moves the reference: one line or blended path at a time, a stop on it, and a last guard. The control thread's;
// allocates nothing.
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

  /// Begins a path that was planned from exactly where the reference is, at rest.
  void begin(const BlendedPath& path);

  /// Comes to rest on the line or path, with limited acceleration and jerk.
  void brake();

  /// Moves the reference on. After lost cycles it goes on from where the robot has gone by itself, with the
  /// acceleration that it had (FCI's rule for positions; torques that hold on end near it), and is back on the line as
  /// soon as the guard's limits allow.
  /// @param cycles since the last step, at least 1
  /// @return false when the reference would have broken a limit of the guard: every joint then brakes for itself
  bool step(int cycles);

  /// A cycle without motion.
  void rest();

  bool travelling() const { return travelling_; }
  /// Metres of the tool since it was at rest; on a path, as the crow flies.
  double travelled_m() const;
  /// Of a path: the leg that runs.
  std::size_t leg() const { return path_.leg_at(profile_.at(elapsed_s_).position); }
  const Line& line() const { return line_; }

  const Joints& q_rad() const { return given_.q_rad; }
  const Joints& dq_radps() const { return given_.dq_radps; }

 private:
  /// Joints with derivatives by backward differences of one cycle, as the robot takes them.
  struct State {
    Joints q_rad{};
    Joints dq_radps{};
    Joints ddq_radps2{};
  };

  /// From an offset to none: every joint by a quintic.
  class Return {
   public:
    /// None.
    Return() = default;
    Return(const State& offset, double duration_s, double cycle_s);

    bool lasts(double t_s) const { return t_s < duration_s_; }
    State at(double t_s) const;
    Joints jerk_radps3(double t_s) const;
    double duration_s() const { return duration_s_; }

   private:
    double duration_s_ = 0.0;
    std::array<std::array<double, 6>, 7> coefficients_{};  ///< of t / duration
  };

  void begin_profile(const Profile& profile);
  /// Joint angles at a position of the profile: share of the line, or nominal time of the path.
  bool joints_at(double position, Joints& q_rad) const;
  Profile stop_from(const MotionState& state) const;

  bool step_once();
  bool advance_line();
  State after(const State& before, const Joints& q_rad) const;
  void follow_robot(int lost);
  void return_to_line();
  bool is_feasible(const Return& way) const;
  bool is_sound(const State& next) const;
  void stop_joints();
  void step_joints();

  const LineLimits limits_;
  const JointLimits guard_;
  const double cycle_s_;

  State given_;    ///< the reference
  State on_line_;  ///< where it would be had no cycle been lost

  Return return_;  ///< from where the robot went meanwhile
  double returning_s_ = 0.0;

  Line line_;
  BlendedPath path_;
  bool on_path_ = false;  ///< on the path rather than the line
  std::array<double, 3> begin_m_{};
  Profile profile_;
  double elapsed_s_ = 0.0;
  bool travelling_ = false;

  bool by_joint_ = false;  ///< each joint comes to rest for itself, after the guard has acted
  JointStop joint_stop_;
};

}  // namespace cliport

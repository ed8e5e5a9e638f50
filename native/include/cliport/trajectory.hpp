// Motion along a line: a jerk-limited profile of one scalar, and the line in joint space that it drives.
// Everything is closed form or bounded, allocates nothing and never throws: it runs inside the 1 kHz cycle.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "cliport/kinematics.hpp"

namespace cliport {

/// Bounds of the scalar's derivatives, each > 0, in its unit per s, s^2, s^3.
struct MotionLimits {
  double velocity = 0.0;
  double acceleration = 0.0;
  double jerk = 0.0;
};

struct MotionState {
  double position = 0.0;
  double velocity = 0.0;
  double acceleration = 0.0;
};

/// A change of speed without acceleration at both its ends, in the shortest time within acceleration and jerk: constant
/// jerk, acceleration held, constant jerk.
struct SpeedChange {
  SpeedChange(double from, double to, const MotionLimits& limits);
  double jerk_s = 0.0;
  double hold_s = 0.0;
  double length = 0.0;
};

/// A part of a way with limits of its own.
struct Piece {
  double length = 0.0;
  MotionLimits limits;
};

/// A scalar's motion in at most seven phases of constant jerk a piece (double-S; Biagiotti and Melchiorri, "Trajectory
/// Planning for Automatic Machines and Robots", section 3.4).
class Profile {
 public:
  static constexpr std::size_t kMostPieces = 3;

  /// At rest at zero, for ever.
  Profile() = default;

  /// From rest at 0 to rest at `distance` >= 0 in the shortest time within the limits.
  static Profile rest_to_rest(double distance, const MotionLimits& limits);

  /// From rest to rest through up to kMostPieces pieces, each within its own limits, without acceleration where one
  /// passes into the next. Not always the shortest time: the speed between two pieces is the slower one's, or what the
  /// first and the last piece can reach from rest.
  /// @return false when a middle piece is too short for the change of speed; `profile` is then unchanged
  static bool through(std::span<const Piece> pieces, Profile& profile);

  /// From a state with velocity >= 0 to rest, in the shortest time within acceleration and jerk (`limits.velocity` is
  /// not used), never backwards. A state that brakes harder already than the limits allow keeps its deceleration, and
  /// one that could come to rest only by reversing gets the jerk that it takes: for a state of a profile with these or
  /// tighter limits neither happens.
  static Profile stop(const MotionState& from, const MotionLimits& limits);

  /// From 0 to `duration_s` by one a second, without a ramp: nominal time along a path that itself begins and ends at
  /// rest.
  static Profile steady(double duration_s);

  /// Seconds until rest.
  double duration_s() const { return duration_s_; }
  /// Where it comes to rest.
  double end() const { return end_; }
  /// State after t_s >= 0 seconds; exactly at rest at end() from duration_s() on.
  MotionState at(double t_s) const;

 private:
  void append(double duration_s, double jerk);
  void append_change(double from, double to, const MotionLimits& limits);

  struct Phase {
    MotionState from;
    double jerk = 0.0;
    double duration_s = 0.0;
  };
  std::array<Phase, 7 * kMostPieces> phases_{};
  int count_ = 0;
  MotionState last_{};
  double duration_s_ = 0.0;
  double end_ = 0.0;
};

/// Every joint comes to rest for itself, from any state: the tool leaves its line, but no joint its limits. For when
/// there is no line to stop on.
class JointStop {
 public:
  /// At rest at 0.
  JointStop() = default;
  /// Takes 90 % of the limits' acceleration and half of their jerk.
  JointStop(const Joints& q_rad, const Joints& dq_radps, const Joints& ddq_radps2, const JointLimits& limits);

  /// Joint angles after t_s >= 0 seconds.
  Joints at(double t_s) const;
  double duration_s() const { return duration_s_; }

 private:
  std::array<Profile, 7> profiles_{};
  Joints sign_{};
  double duration_s_ = 0.0;
};

/// What a line must respect, in metres and radians.
struct LineLimits {
  Tool tool;
  JointLimits joint_limits;
  double joint_margin_rad = 0.0;
  MotionLimits linear;   ///< m
  MotionLimits angular;  ///< rad, about base z
  MotionLimits stop;     ///< m; velocity is not used
};

/// Joint angles on the way to a target, on one scalar s in 0..1: either along a straight line of the tool, tool down,
/// position and yaw together, or, planned by `plan_joints`, with all joints in proportion.
/// An arm that does not start in the posture of `tool_down` (moved by hand, say) is led into it on the way:
/// its offset fades out by a quintic, and the tool stays within kGreatestDeviationM of the line.
///
/// Yaw turns the way on which joint 7 does not pass its limit, which need not be the shorter one.
class Line {
 public:
  static constexpr double kGreatestOffsetRad = 0.6;
  static constexpr double kGreatestDeviationM = 0.05;
  static constexpr int kParts = 8;  ///< of equal length in s, each with limits of its own

  Line() = default;

  /// Plans from joint angles at rest, at most `speed_mps` along the line: samples it, and lowers speed, acceleration
  /// and jerk until every joint keeps within shares of its limits (70 % of velocity; of acceleration 80 % when driving,
  /// 90 % when stopping, curvature included). Where the joints must be slow at an end of the line only, as where the
  /// elbow stretches, the rest of it is faster.
  /// @return false when there is no inverse kinematics inside the joint margin somewhere on it (a start that is inside
  ///         the margin already may leave it), or the start is too far from the posture of `tool_down`
  bool plan(const Joints& from_rad, const std::array<double, 3>& p_base_m, double yaw_rad, double speed_mps,
            const LineLimits& limits);

  /// Plans all joints in proportion from one set of angles to another, both at rest; the tool nowhere faster than
  /// `speed_mps`. For postures with the tool not down.
  /// @return false when a target is not finite or not inside the joint margin
  bool plan_joints(const Joints& from_rad, const Joints& to_rad, double speed_mps, const LineLimits& limits);

  /// Joint angles at s. @return false beyond reach; q_rad is then unchanged
  bool joints(double s, Joints& q_rad) const;

  /// Of the tool's way; of a way by joints an upper bound.
  double length_m() const { return length_m_; }
  /// From a state of s on its way to rest: as hard as the joints allow where it comes to rest and on the way there.
  Profile stop(const MotionState& from) const;
  /// s from 0 to 1; lasts 0 s when there is nothing to move.
  const Profile& profile() const { return profile_; }

 private:
  Tool tool_;
  std::array<double, 3> from_m_{};
  std::array<double, 3> to_m_{};
  double yaw_from_rad_ = 0.0;
  double turn_rad_ = 0.0;
  Joints offset_rad_{};
  double length_m_ = 0.0;
  bool by_joints_ = false;
  Joints from_rad_{};  ///< by joints
  Joints turn_by_rad_{};
  Profile profile_;
  std::array<MotionLimits, kParts> stop_{};  ///< of s, in each part; velocity is not used
};

}  // namespace cliport

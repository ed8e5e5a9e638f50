// Kinematics of the Franka arm (Panda/FER and FR3 share them): forward, Jacobian, inverse with the tool pointing down.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "cliport/transform.hpp"

namespace cliport {

using Joints = std::array<double, 7>;
/// 6x7 row-major: rows are linear x, y, z [m/rad] and angular x, y, z [rad/rad], in the base frame.
using Jacobian = std::array<double, 42>;

/// Tool centre point in the flange's frame: along its z axis, turned about it. The defaults are the Franka hand's
/// mounting (-45 degrees) and a suction cup as long as the hand.
struct Tool {
  double flange_to_tcp_m = 0.1034;
  double flange_to_tcp_yaw_rad = -0.7853981633974483;
};

struct JointLimits {
  Joints q_min_rad;
  Joints q_max_rad;
  Joints dq_max_radps;
  Joints ddq_max_radps2;
  Joints jerk_max_radps3;
  /// FR3: a joint must be slower the nearer it comes to the end of its range; 0 where it need not.
  Joints slow_offset_radps{};
  Joints slow_deceleration_radps2{};

  /// Greatest speed of joint i at q_rad in the direction of `sign`: min(dq_max, sqrt(2 d (q_end - q)) - offset), at
  /// least 0 (Franka control parameters, "Limits for Franka Research 3").
  double dq_max_at(std::size_t i, double q_rad, double sign) const;
};

/// Of the tool: translation in metres, rotation in radians.
struct CartesianLimits {
  double velocity_mps, acceleration_mps2, jerk_mps3;
  double velocity_radps, acceleration_radps2, jerk_radps3;
};

/// They share their kinematics and differ in their limits.
enum class ArmModel : std::uint8_t { kPanda, kFr3 };
const char* to_string(ArmModel model);

/// Limits of the Panda/FER (Franka control parameters, "Limits for Panda").
JointLimits panda_joint_limits();

/// Limits of the Franka Research 3; of the two ranges that Franka has published (system images before and from 5.9)
/// the part that both have.
JointLimits fr3_joint_limits();

JointLimits joint_limits_of(ArmModel model);
CartesianLimits cartesian_limits_of(ArmModel model);

/// T_base_tool for joint angles (modified DH after Craig; Franka's published table).
Transform forward(const Joints& q_rad, const Tool& tool);

/// T_base_link of links 1..7 and the flange, in order.
std::array<Transform, 8> link_transforms(const Joints& q_rad);

/// Geometric Jacobian of the tool centre point: twist = J * dq.
Jacobian jacobian(const Joints& q_rad, const Tool& tool);

/// Turn of the tool about base z; what `inverse` takes, in (-pi, pi]. Meaningful while the tool points down.
double yaw_of(const Transform& T_base_tool);

/// Elbow bend, short of the stretched arm, below which radial speed would cost too much joint speed.
inline constexpr double kStretchMarginRad = 0.2;

/// Closed form of the posture in which upper arm, forearm and tool lie in one vertical plane (q3 = q5 = 0, elbow up)
/// with the tool straight down at p_base_m, turned by yaw_rad about base z. No other posture reaches farther with the
/// tool down, it is a smooth function of the pose, and passes the shoulder's singularity (q2 = 0) without noticing.
/// Joint limits are not looked at; q7 is in [-pi, pi].
/// @return false beyond reach, nearer than 5 cm to the base axis, or for a pose that is not finite; q_rad is unchanged
bool tool_down(const std::array<double, 3>& p_base_m, double yaw_rad, const Tool& tool, Joints& q_rad);

/// Joint angles with the tool straight down at p_base_m, turned by yaw_rad about base z: `tool_down`, at least
/// margin_rad inside every limit and kStretchMarginRad short of stretched. Depends on the pose alone.
///
/// Yaw is taken modulo a full turn. Joint 7 covers 5.59 of 6.28 rad at a margin of 0.1 rad: with the default tool
/// every yaw but those within 0.345 rad of atan2(y, x) - 3/4 pi has a solution.
/// At table height (z = 0.02 m) radii from 0.30 to 0.79 m about the base axis have one, 93 % of the published
/// workspace.
/// @return false when there is none; q_rad is then unchanged
/// Allocates nothing.
bool inverse(const std::array<double, 3>& p_base_m, double yaw_rad, const Tool& tool, const JointLimits& limits,
             double margin_rad, Joints& q_rad);

}  // namespace cliport

#include "cliport/kinematics.hpp"

#include <cmath>
#include <numbers>

namespace cliport {
namespace {

constexpr double kPi = std::numbers::pi;

// Lengths of Franka's DH table, metres.
constexpr double kShoulderHeight = 0.333;  // d1
constexpr double kUpperArm = 0.316;        // d3
constexpr double kElbowOffset = 0.0825;    // a4, -a5
constexpr double kForearm = 0.384;         // d5
constexpr double kWristOffset = 0.088;     // a7
constexpr double kFlange = 0.107;          // d of the flange

constexpr double kLeastRadius = 0.05;

/// One row of the table: rotation by alpha about x, a along x, rotation by theta about z, d along z (Craig).
struct Row {
  double a, d, cos_alpha, sin_alpha;
};

// Cosines and sines as exact numbers, so that right angles stay right.
constexpr std::array<Row, 7> kRows{{
    {0.0, kShoulderHeight, 1.0, 0.0},
    {0.0, 0.0, 0.0, -1.0},
    {0.0, kUpperArm, 0.0, 1.0},
    {kElbowOffset, 0.0, 0.0, 1.0},
    {-kElbowOffset, kForearm, 0.0, -1.0},
    {0.0, 0.0, 0.0, 1.0},
    {kWristOffset, 0.0, 0.0, 1.0},
}};

constexpr Transform kIdentity{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};

Transform multiply(const Transform& a, const Transform& b) {
  Transform c{};
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 4; ++j) {
      c[i * 4 + j] = a[i * 4] * b[j] + a[i * 4 + 1] * b[4 + j] + a[i * 4 + 2] * b[8 + j];
    }
    c[i * 4 + 3] += a[i * 4 + 3];
  }
  c[15] = 1.0;
  return c;
}

Transform joint_transform(const Row& row, double q_rad) {
  const double c = std::cos(q_rad);
  const double s = std::sin(q_rad);
  return {c,
          -s,
          0.0,
          row.a,
          s * row.cos_alpha,
          c * row.cos_alpha,
          -row.sin_alpha,
          -row.d * row.sin_alpha,
          s * row.sin_alpha,
          c * row.sin_alpha,
          row.cos_alpha,
          row.d * row.cos_alpha,
          0.0,
          0.0,
          0.0,
          1.0};
}

Transform along_and_about_z(double d, double angle_rad) {
  const double c = std::cos(angle_rad);
  const double s = std::sin(angle_rad);
  return {c, -s, 0, 0, s, c, 0, 0, 0, 0, 1, d, 0, 0, 0, 1};
}

}  // namespace

std::array<Transform, 8> link_transforms(const Joints& q_rad) {
  std::array<Transform, 8> links;
  Transform T = kIdentity;
  for (std::size_t i = 0; i < 7; ++i) {
    T = multiply(T, joint_transform(kRows[i], q_rad[i]));
    links[i] = T;
  }
  links[7] = multiply(T, along_and_about_z(kFlange, 0.0));
  return links;
}

Transform forward(const Joints& q_rad, const Tool& tool) {
  Transform T = kIdentity;
  for (std::size_t i = 0; i < 7; ++i) T = multiply(T, joint_transform(kRows[i], q_rad[i]));
  return multiply(T, along_and_about_z(kFlange + tool.flange_to_tcp_m, tool.flange_to_tcp_yaw_rad));
}

Jacobian jacobian(const Joints& q_rad, const Tool& tool) {
  const std::array<Transform, 8> links = link_transforms(q_rad);
  const Transform tip = multiply(links[7], along_and_about_z(tool.flange_to_tcp_m, 0.0));
  Jacobian J{};
  for (std::size_t i = 0; i < 7; ++i) {
    const Transform& link = links[i];
    const std::array<double, 3> axis{link[2], link[6], link[10]};
    const std::array<double, 3> arm{tip[3] - link[3], tip[7] - link[7], tip[11] - link[11]};
    J[i] = axis[1] * arm[2] - axis[2] * arm[1];
    J[7 + i] = axis[2] * arm[0] - axis[0] * arm[2];
    J[14 + i] = axis[0] * arm[1] - axis[1] * arm[0];
    J[21 + i] = axis[0];
    J[28 + i] = axis[1];
    J[35 + i] = axis[2];
  }
  return J;
}

double yaw_of(const Transform& T_base_tool) { return std::atan2(T_base_tool[4], T_base_tool[0]); }

// In the vertical plane through the tool the arm is shoulder S, elbow E and wrist W: two fixed lengths S-E and E-W (the
// elbow's axis lies beside upper arm and forearm by kElbowOffset), so the law of cosines gives q4 from |SW|, then q2;
// the tool is vertical when q6 = q2 - q4.
bool tool_down(const std::array<double, 3>& p_base_m, double yaw_rad, const Tool& tool, Joints& q_rad) {
  static const double kShoulderToElbow = std::hypot(kUpperArm, kElbowOffset);
  static const double kElbowToWrist = std::hypot(kForearm, kElbowOffset);
  static const double kUpperSlant = std::atan2(kElbowOffset, kUpperArm);
  static const double kForeSlant = std::atan2(kElbowOffset, kForearm);

  const auto [x, y, z] = p_base_m;
  const double radius = std::sqrt(x * x + y * y);
  if (!(radius >= kLeastRadius) || !std::isfinite(yaw_rad)) return false;
  const double out = radius - kWristOffset;
  const double up = z + tool.flange_to_tcp_m + kFlange - kShoulderHeight;
  const double reach_squared = out * out + up * up;
  const double cos_elbow = (kShoulderToElbow * kShoulderToElbow + kElbowToWrist * kElbowToWrist - reach_squared) /
                           (2.0 * kShoulderToElbow * kElbowToWrist);
  if (!(std::abs(cos_elbow) <= 1.0)) return false;
  const double reach = std::sqrt(reach_squared);
  const double cos_shoulder = (kShoulderToElbow * kShoulderToElbow + reach_squared - kElbowToWrist * kElbowToWrist) /
                              (2.0 * kShoulderToElbow * reach);

  const double q1 = std::atan2(y, x);
  const double q2 = std::atan2(out, up) - std::acos(cos_shoulder) - kUpperSlant;
  // Both slants are the elbow's: 2 pi minus the angles beside the offset, pi/2 - slant each.
  const double q4 = std::acos(cos_elbow) - kPi - kUpperSlant - kForeSlant;
  const double q7 = std::remainder(q1 - yaw_rad - tool.flange_to_tcp_yaw_rad, 2.0 * kPi);
  q_rad = {q1, q2, 0.0, q4, 0.0, q2 - q4, q7};
  return true;
}

bool inverse(const std::array<double, 3>& p_base_m, double yaw_rad, const Tool& tool, const JointLimits& limits,
             double margin_rad, Joints& q_rad) {
  static const double kStretched = -std::atan2(kElbowOffset, kUpperArm) - std::atan2(kElbowOffset, kForearm);
  Joints q;
  if (!tool_down(p_base_m, yaw_rad, tool, q)) return false;
  if (q[3] > kStretched - kStretchMarginRad) return false;
  for (std::size_t i = 0; i < 7; ++i) {
    if (!(q[i] >= limits.q_min_rad[i] + margin_rad && q[i] <= limits.q_max_rad[i] - margin_rad)) return false;
  }
  q_rad = q;
  return true;
}

}  // namespace cliport

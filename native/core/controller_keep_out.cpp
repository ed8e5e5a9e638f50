#include <algorithm>
#include <array>
#include <cmath>

#include "controller_internal.hpp"

namespace cliport {
namespace {

constexpr double kSampleM = 0.005;  // of the tool's way
constexpr double kFewest = 16.0;
constexpr double kMost = 128.0;
constexpr double kAlongM = 0.02;  // between the points of a limb that are looked at

/// A limb is the line between two points of the arm, and all that lies nearer to it than its radius.
struct Limb {
  std::array<double, 3> a, b;
  double radius_m;
};

// Half the width of Franka's links, rounded up.
constexpr double kUpperArmM = 0.08;
constexpr double kForearmM = 0.07;
constexpr double kWristM = 0.07;
constexpr double kElbowOffsetM = 0.0825;  // of the elbow's axis from the middles of upper arm and forearm

std::array<double, 3> origin(const Transform& T) { return {T[3], T[7], T[11]}; }

std::array<double, 3> along_x(const Transform& T, double d) {
  return {T[3] + d * T[0], T[7] + d * T[4], T[11] + d * T[8]};
}

/// From the shoulder to the tip.
std::array<Limb, 6> limbs_of(const Joints& q_rad, const ControllerConfig& config) {
  const std::array<Transform, 8> links = link_transforms(q_rad);
  const Transform& elbow = links[3];
  const std::array<double, 3> flange = origin(links[7]);
  return {{
      {origin(links[1]), origin(links[2]), kUpperArmM},
      {origin(links[2]), origin(elbow), kUpperArmM},
      {along_x(elbow, -kElbowOffsetM), origin(links[4]), kForearmM},
      {origin(links[5]), origin(links[6]), kWristM},
      {origin(links[6]), flange, kWristM},
      {flange, origin(forward(q_rad, config.tool)), config.tool_radius_m},
  }};
}

double distance_m(const std::array<double, 3>& p, const Box& box) {
  double squared = 0.0;
  for (std::size_t i = 0; i < 3; ++i) {
    const double outside = std::max({box[2 * i] - p[i], 0.0, p[i] - box[2 * i + 1]});
    squared += outside * outside;
  }
  return std::sqrt(squared);
}

bool touches(const Limb& limb, const Box& box) {
  const auto& [a, b, radius_m] = limb;
  const double length_m = std::hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]);
  const int pieces = static_cast<int>(std::ceil(length_m / kAlongM)) + 1;
  for (int k = 0; k <= pieces; ++k) {
    const double share = static_cast<double>(k) / pieces;
    std::array<double, 3> p;
    for (std::size_t i = 0; i < 3; ++i) p[i] = a[i] + share * (b[i] - a[i]);
    if (distance_m(p, box) < radius_m) return true;
  }
  return false;
}

/// @param whole where the way ends, in its own unit
template <typename Way>
bool enters(const Way& way, double whole, double most_samples, const ControllerConfig& config) {
  if (config.keep_out_m.empty()) return false;
  const int samples = static_cast<int>(std::clamp(std::ceil(way.length_m() / kSampleM), kFewest, most_samples));
  for (int k = 0; k <= samples; ++k) {
    Joints q;
    if (!way.joints(whole * k / samples, q)) return true;
    for (const Limb& limb : limbs_of(q, config)) {
      for (const Box& box : config.keep_out_m) {
        if (touches(limb, box)) return true;
      }
    }
  }
  return false;
}

}  // namespace

bool enters_keep_out(const Line& line, const ControllerConfig& config) { return enters(line, 1.0, kMost, config); }

/// Sampled in time, so that the samples are farther apart where it is fast: four times as many make up for that.
bool enters_keep_out(const BlendedPath& path, const ControllerConfig& config) {
  return enters(path, path.duration_s(), 4.0 * kMost, config);
}

}  // namespace cliport

#include <algorithm>
#include <array>
#include <cmath>

#include "cliport/limbs.hpp"
#include "controller_internal.hpp"

namespace cliport {
namespace {

constexpr double kSampleM = 0.005;  // of the tool's way
constexpr double kFewest = 16.0;
constexpr double kMost = 128.0;
constexpr double kAlongM = 0.02;  // between the points of a limb that are looked at

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
    for (const Limb& limb : limbs_of(q, config.tool, config.tool_radius_m)) {
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

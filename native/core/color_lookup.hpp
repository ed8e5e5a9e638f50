// The colour of a depth pixel.
#pragma once

#include <cmath>

#include "cliport/frame.hpp"

namespace cliport {

inline constexpr std::uint8_t kNoColor[3] = {0, 0, 0};

/// Where the lens lets a point at (x, y, 1) appear, in the same plane.
inline std::array<double, 2> bent(const Lens& lens, double x, double y) {
  if (lens.model == LensModel::kPinhole) return {x, y};
  const auto& [k1, k2, p1, p2, k3] = lens.coefficients;
  const double r2 = x * x + y * y;
  const double radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3));
  const double xr = x * radial, yr = y * radial;
  const double xt = lens.model == LensModel::kBrownConrady ? x : xr;
  const double yt = lens.model == LensModel::kBrownConrady ? y : yr;
  return {xr + 2.0 * p1 * xt * yt + p2 * (r2 + 2.0 * xt * xt), yr + 2.0 * p2 * xt * yt + p1 * (r2 + 2.0 * yt * yt)};
}

/// RGB of the point that depth pixel `pixel`, `depth_m` away, shows. Only the points that win their cell need it, so
/// that colour costs a few thousand lookups instead of an aligned picture.
inline const std::uint8_t* color_at(const RgbdFrame& frame, std::size_t pixel, double depth_m) {
  if (!frame.color_camera) return frame.color.data() + 3 * pixel;
  const Intrinsics& k = frame.intrinsics;
  const auto& [c, T, lens] = *frame.color_camera;
  const std::size_t width = static_cast<std::size_t>(k.width);
  const double X = (static_cast<double>(pixel % width) - k.cx) / k.fx * depth_m;
  const double Y = (static_cast<double>(pixel / width) - k.cy) / k.fy * depth_m;
  const double z = T[8] * X + T[9] * Y + T[10] * depth_m + T[11];
  if (!(z > 0.0)) return kNoColor;
  const double x = (T[0] * X + T[1] * Y + T[2] * depth_m + T[3]) / z;
  const double y = (T[4] * X + T[5] * Y + T[6] * depth_m + T[7]) / z;
  const auto [bent_x, bent_y] = bent(lens, x, y);
  const double u = std::floor(bent_x * c.fx + c.cx + 0.5);
  const double v = std::floor(bent_y * c.fy + c.cy + 0.5);
  if (!(u >= 0.0 && u < c.width && v >= 0.0 && v < c.height)) return kNoColor;
  const std::size_t at = static_cast<std::size_t>(v) * static_cast<std::size_t>(c.width) + static_cast<std::size_t>(u);
  return frame.color.data() + 3 * at;
}

}  // namespace cliport

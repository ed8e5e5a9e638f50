// The colour of a depth pixel.
#pragma once

#include <cmath>

#include "cliport/frame.hpp"
#include "lens.hpp"

namespace cliport {

inline constexpr std::uint8_t kNoColor[3] = {0, 0, 0};

/// RGB of the point that depth pixel `pixel`, `depth_m` away, shows. Only the points that win their cell need it, so
/// that colour costs a few thousand lookups instead of an aligned picture. `rays`: of the depth camera's lens, if any.
inline const std::uint8_t* color_at(const RgbdFrame& frame, std::size_t pixel, double depth_m,
                                    const LensRays* rays = nullptr) {
  if (!frame.color_camera) return frame.color.data() + 3 * pixel;
  const Intrinsics& k = frame.intrinsics;
  const auto& [c, T, lens] = *frame.color_camera;
  const std::size_t width = static_cast<std::size_t>(k.width);
  const double X =
      (rays ? static_cast<double>(rays->x[pixel]) : (static_cast<double>(pixel % width) - k.cx) / k.fx) * depth_m;
  const double Y =
      (rays ? static_cast<double>(rays->y[pixel]) : (static_cast<double>(pixel / width) - k.cy) / k.fy) * depth_m;
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

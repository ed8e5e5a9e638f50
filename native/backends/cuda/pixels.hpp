// What one thread of the device does: a pixel of a depth picture to a cell. Plain C++ too, so that it is tested without
// one.
#pragma once

#include <cstdint>

#include "../../core/heightmap_point.hpp"

namespace cliport::cuda {

/// A frame's depth and, if its lens bends them, its rays, row-major; in the memory of whoever places them.
struct Pixels {
  const float* depth_m;            ///< or null: in counts
  const std::uint16_t* depth_raw;  ///< or null: in metres
  float depth_scale_m;
  const float *ray_x, *ray_y;  ///< or null: a pinhole
  unsigned width, count;
};

/// Cell and height of the pixel's point in exact mode; the place behind the last cell where there is none.
CLIPORT_POINT PlacedPoint place_pixel(const Projection& projection, const Pixels& pixels, unsigned pixel) {
  const float depth = pixels.depth_raw == nullptr ? pixels.depth_m[pixel]
                                                  : static_cast<float>(pixels.depth_raw[pixel]) * pixels.depth_scale_m;
  if (!(depth > 0.0f)) return {0.0f, projection.rows * projection.cols};
  if (pixels.ray_x != nullptr) {
    return place_point<false>(projection, pixels.ray_x[pixel] * depth, pixels.ray_y[pixel] * depth, depth);
  }
  const int column = static_cast<int>(pixel % pixels.width), row = static_cast<int>(pixel / pixels.width);
  const float X = across(static_cast<double>(column) - projection.cx, depth, projection.fx);
  const float Y = across(static_cast<double>(row) - projection.cy, depth, projection.fy);
  return place_point<false>(projection, X, Y, depth);
}

}  // namespace cliport::cuda

// One point's way into the heightmap: the exact arithmetic, the same on processors and on GPUs.
#pragma once

#include <array>
#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdint>

#include "cliport/heightmap.hpp"
#include "lens.hpp"

#ifdef __CUDACC__
#define CLIPORT_HOST_DEVICE __host__ __device__
#else
#define CLIPORT_HOST_DEVICE
#endif
// Without branches or calls, for the vectoriser; compiled for each instruction set.
#define CLIPORT_POINT CLIPORT_HOST_DEVICE __attribute__((always_inline)) inline

namespace cliport {

// A cell's best point so far as one number: key of its height above, index of its pixel below. 0 is "nothing seen"; no
// finite height has key 0. The larger number is the higher point or, of equally high ones, the one later in the frame.
// So the largest of any number of them, in any order, is what a stable sort by height would leave on top.
using Best = std::uint64_t;

inline float height_of(Best best) {
  const std::uint32_t key = static_cast<std::uint32_t>(best >> 32);
  const std::uint32_t positive = static_cast<std::uint32_t>(static_cast<std::int32_t>(key) >> 31);
  return std::bit_cast<float>(key ^ (~positive | 0x80000000u));
}

inline std::size_t pixel_of(Best best) { return static_cast<std::uint32_t>(best); }

// Maps heights to integers in the same order. Adding 0 makes -0 equal to 0, as it is for a sort.
CLIPORT_POINT std::uint32_t key_of(float z) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(z + 0.0f);
  const std::uint32_t negative = static_cast<std::uint32_t>(static_cast<std::int32_t>(bits) >> 31);
  return bits ^ (negative | 0x80000000u);
}

// A camera and a grid in the very types in which NumPy 1.x computes: an operation of a float32 array with a float64
// scalar is done in float32; of two arrays, in the larger type.
struct Projection {
  /// `rays` of the frame's lens or null; kept by the caller.
  explicit Projection(const RgbdFrame& frame, const HeightmapSpec& spec, const LensRays* rays = nullptr);

  std::size_t cells() const { return static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols); }

  float fx, fy;
  double cx, cy;
  Transform T;
  const LensRays* rays;
  float x_min, x_max, y_min, y_max, z_min, z_max, pixel;
  int rows, cols;

  // The sieve in front of the exact arithmetic. A point farther than `reach` from the middle of the box along an axis,
  // computed roughly as depth * (slope * column + ray) + offset, is outside for certain: `reach` is half the box and
  // more than all the rounding of the rough and of the exact way to the point, for depths up to kSureDepth_m.
  std::array<float, 3> slope, offset, reach;
  std::array<float, 3> ray(int row) const;  // not with lens rays
};

template <bool kFused>
CLIPORT_POINT float along(const double* t, double X, double Y, double Z) {
  if constexpr (kFused) return static_cast<float>(std::fma(t[0], X, std::fma(t[1], Y, std::fma(t[2], Z, t[3]))));
  return static_cast<float>(((t[0] * X + t[1] * Y) + t[2] * Z) + t[3]);
}

/// Along one axis of a pinhole camera, metres: pixels from its centre, depth, focal length in pixels.
CLIPORT_POINT float across(double from_center, float depth, float focal) {
  return static_cast<float>(from_center * static_cast<double>(depth / focal));
}

struct PlacedPoint {
  float z;
  std::int32_t cell;  ///< where it is inside the box; else the place behind the last cell
};

/// The point (X, Y, depth) of the camera, a positive depth.
template <bool kFused>
CLIPORT_POINT PlacedPoint place_point(const Projection& p, float X, float Y, float depth) {
  const float x = along<kFused>(p.T.data(), X, Y, depth);
  const float y = along<kFused>(p.T.data() + 4, X, Y, depth);
  const float z = along<kFused>(p.T.data() + 8, X, Y, depth);
  const bool inside = (depth <= FLT_MAX) & (x >= p.x_min) & (x < p.x_max) & (y >= p.y_min) & (y < p.y_max) &
                      (z >= p.z_min) & (z < p.z_max);
  // Not negative where inside, so that truncation is floor; elsewhere 0, so that the conversion is defined.
  const float col = inside ? (x - p.x_min) / p.pixel : 0.0f;
  const float row = inside ? (y - p.y_min) / p.pixel : 0.0f;
  const float last_col = static_cast<float>(p.cols - 1), last_row = static_cast<float>(p.rows - 1);
  const std::int32_t at = static_cast<std::int32_t>(row < last_row ? row : last_row) * p.cols +
                          static_cast<std::int32_t>(col < last_col ? col : last_col);
  return {z, inside ? at : p.rows * p.cols};
}

CLIPORT_POINT Best best_of(float z, std::uint32_t pixel) { return static_cast<Best>(key_of(z)) << 32 | pixel; }

}  // namespace cliport

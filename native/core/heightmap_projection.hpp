// The hot loop of the heightmap: the highest point of each cell, as one camera sees it.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "cliport/heightmap.hpp"

namespace cliport {

// A cell's best point so far as one number: key of its height above, index of its pixel below. 0 is "nothing seen"; no
// finite height has key 0. The larger number is the higher point or, of equally high ones, the one later in the frame.
using Best = std::uint64_t;

inline float height_of(Best best) {
  const std::uint32_t key = static_cast<std::uint32_t>(best >> 32);
  const std::uint32_t positive = static_cast<std::uint32_t>(static_cast<std::int32_t>(key) >> 31);
  return std::bit_cast<float>(key ^ (~positive | 0x80000000u));
}

inline std::size_t pixel_of(Best best) { return static_cast<std::uint32_t>(best); }

// A camera and a grid in the very types in which NumPy 1.x computes: an operation of a float32 array with a float64
// scalar is done in float32; of two arrays, in the larger type.
struct Projection {
  explicit Projection(const RgbdFrame& frame, const HeightmapSpec& spec)
      : fx(static_cast<float>(frame.intrinsics.fx)),
        fy(static_cast<float>(frame.intrinsics.fy)),
        cx(frame.intrinsics.cx),
        cy(frame.intrinsics.cy),
        T(frame.T_base_camera),
        x_min(static_cast<float>(spec.x_min_m)),
        x_max(static_cast<float>(spec.x_max_m)),
        y_min(static_cast<float>(spec.y_min_m)),
        y_max(static_cast<float>(spec.y_max_m)),
        z_min(static_cast<float>(spec.z_min_m)),
        z_max(static_cast<float>(spec.z_max_m)),
        pixel(static_cast<float>(spec.pixel_m)),
        rows(spec.rows()),
        cols(spec.cols()) {}

  float fx, fy;
  double cx, cy;
  Transform T;
  float x_min, x_max, y_min, y_max, z_min, z_max, pixel;
  int rows, cols;
};

/// Raises each cell of `best` (rows x cols) to the highest point that the frame has in it.
using ProjectFunction = void (*)(const Projection&, const RgbdFrame&, Best* best);

/// The same function for each instruction set that this processor has, fastest first; their results are equal.
std::span<const ProjectFunction> project_functions();

}  // namespace cliport

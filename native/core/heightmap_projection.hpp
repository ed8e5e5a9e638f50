// The hot loops of the heightmap: the highest point of each cell as each camera sees it, and their fusion.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include "cliport/heightmap.hpp"
#include "lens.hpp"

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

/// Depths above are not sieved. Cameras of a table look less far.
inline constexpr float kSureDepth_m = 16.0f;

/// Raises each cell of `best` to the highest point that the frame's rows first_row..end_row-1 have in it. `best` has
/// one place more than there are cells: what lies outside goes there.
using ProjectFunction = void (*)(const Projection&, const RgbdFrame&, int first_row, int end_row, Best* best);

/// What one camera saw: a map of each worker; null where the worker did none of its rows.
struct Sight {
  const RgbdFrame* frame;
  const LensRays* rays;
  std::array<Best*, kMaxHeightmapThreads> maps{};
};

struct FusedMap {
  float z_min;
  std::span<float> height_m;
  std::span<std::uint8_t> color, labels;  // labels: empty when not wanted
};

/// Fuses cells first..end-1 of all cameras, and sets them to 0 in the cameras' maps, for the next call.
using FuseFunction = void (*)(std::span<const Sight>, std::size_t first, std::size_t end, const FusedMap&);

struct HeightmapKernel {
  const char* name;
  ProjectFunction exact, fast;
  FuseFunction fuse;
};

/// The same functions for each instruction set that this processor has, fastest first. Results of `exact` and `fuse`
/// are equal.
std::span<const HeightmapKernel> heightmap_kernels();

}  // namespace cliport

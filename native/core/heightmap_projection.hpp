// The hot loops of the heightmap: the highest point of each cell as each camera sees it, and their fusion.
#pragma once

#include <array>
#include <span>

#include "cliport/heightmap.hpp"
#include "heightmap_point.hpp"
#include "lens.hpp"

namespace cliport {

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

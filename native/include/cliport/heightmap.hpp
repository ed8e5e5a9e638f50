// RGB-D frames to one fused top-down heightmap.
#pragma once

#include <cstdint>
#include <span>

#include "cliport/frame.hpp"
#include "cliport/status.hpp"

namespace cliport {

/// Grid over the workspace, in the base frame. Row u runs along +y, column v along +x.
struct HeightmapSpec {
  double x_min_m = 0.25, x_max_m = 0.75;
  double y_min_m = -0.5, y_max_m = 0.5;
  double z_min_m = 0.0, z_max_m = 0.28;
  double pixel_m = 0.003125;

  int rows() const;  ///< cells along y (320 by default); 0 when the spec makes no grid
  int cols() const;  ///< cells along x (160 by default); 0 when the spec makes no grid
};

/// Most cells along one side of a heightmap; a larger grid is a wrong unit.
inline constexpr int kMaxHeightmapSide = 8192;

/// Most frames of one heightmap, and most threads that work on it.
inline constexpr std::size_t kMaxHeightmapFrames = 64;
inline constexpr int kMaxHeightmapThreads = 16;

enum class HeightmapMode {
  kExact,  ///< the published arithmetic, operation by operation: the same bits on every processor
  kFast,   ///< fused multiply-adds where the processor has them: a last bit may differ in one point of many millions
};

struct HeightmapOptions {
  HeightmapMode mode = HeightmapMode::kExact;
  int threads = 1;  ///< that work on it, the caller's included; the result does not depend on it
};

/// Whether `project_heightmap` would accept these arguments; `labels` is 0 where none are wanted.
Status check_heightmap(std::span<const RgbdFrame> frames, const HeightmapSpec& spec, std::size_t heights,
                       std::size_t colors, std::size_t labels, const HeightmapOptions& options = {});

/// Projects RGB-D frames to one fused top-down heightmap.
///
/// Of all points in a cell the highest wins; of equal heights, the one later in the frame. Cameras are fused by largest
/// height and by the mean colour of the cameras that see the cell in any colour but black, rounded half to even. The
/// arithmetic follows NumPy 1.x promotion, so that results equal the published implementation bit for bit (Shridhar et
/// al., CoRL 2021, get_fused_heightmap with a stable sort). Points with a depth that is not positive and finite, and
/// points outside the spec's box, are left out.
///
/// @param frames    depth [m, or counts with a scale], colour and, optionally, labels, with intrinsics [px], lens and
///                  T_base_camera; not modified
/// @param height_m  rows x cols, row-major, above z_min_m; 0 where nothing was seen
/// @param color     rows x cols x 3, RGB8; 0 where nothing was seen
/// @param labels    rows x cols, or empty: label of the highest point, of the first camera that sees it so high; 0
///                  where nothing was seen or that camera knows no labels
/// @return kInvalidArgument if a span's size does not match or a number is not finite; outputs are then unchanged
///
/// Height and colour have the layout of the policy's inputs: no copy or conversion is needed in between.
/// Reentrant. Each calling thread keeps a scratch buffer for its next call (8 bytes a cell, camera and thread, of which
/// the system gives what is used); the rays of lenses are kept for all. Uses AVX-512, AVX2 or NEON where the processor
/// has it. Throws std::bad_alloc alone.
Status project_heightmap(std::span<const RgbdFrame> frames, const HeightmapSpec& spec, std::span<float> height_m,
                         std::span<std::uint8_t> color, std::span<std::uint8_t> labels = {},
                         const HeightmapOptions& options = {});

/// A heightmap in the caller's memory, to be cleaned. A cell with height 0 and colour black is one in which nothing was
/// seen.
struct HeightmapView {
  int rows = 0, cols = 0;
  std::span<float> height_m;      ///< rows x cols, above the lower bound
  std::span<std::uint8_t> color;  ///< rows x cols x 3, RGB8
};

/// Removes cells that stand alone: such in which something was seen, but at a height within `tolerance_m` of which
/// fewer than `min_support` of the eight cells around lie. These are points on the edge of an object that a depth
/// camera puts between front and back. They become cells in which nothing was seen. Results do not depend on the cells'
/// order.
///
/// @param removed  number of cells removed, if not null
/// @return kInvalidArgument for a wrong size, a tolerance that is not positive, or a support outside 1..8
Status remove_outliers(const HeightmapView& map, double tolerance_m, int min_support, int* removed = nullptr);

/// Most passes of `fill_holes`.
inline constexpr int kMaxHolePasses = 64;

/// Fills cells in which nothing was seen, where at least five of the eight cells around were seen (small holes and
/// cracks, not shadows): with height and colour of the one of median height among them (of an even number, the lower).
/// Repeated `passes` times, each on the result of the one before, so that a hole closes by one cell from each side.
///
/// @param filled  number of cells filled, if not null
/// @return kInvalidArgument for a wrong size or passes outside 1..kMaxHolePasses
Status fill_holes(const HeightmapView& map, int passes, int* filled = nullptr);

}  // namespace cliport

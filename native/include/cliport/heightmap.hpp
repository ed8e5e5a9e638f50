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

/// Whether `project_heightmap` would accept these arguments; `labels` is 0 where none are wanted.
Status check_heightmap(std::span<const RgbdFrame> frames, const HeightmapSpec& spec, std::size_t heights,
                       std::size_t colors, std::size_t labels);

/// Projects RGB-D frames to one fused top-down heightmap.
///
/// Of all points in a cell the highest wins; of equal heights, the one later in the frame. Cameras are fused by largest
/// height and by the mean colour of the cameras that see the cell in any colour but black, rounded half to even. The
/// arithmetic follows NumPy 1.x promotion, so that results equal the published implementation bit for bit (Shridhar et
/// al., CoRL 2021, get_fused_heightmap with a stable sort). Points with a depth that is not positive and finite, and
/// points outside the spec's box, are left out.
///
/// @param frames    depth [m], colour and, optionally, labels, with intrinsics [px] and
/// T_base_camera; not modified
/// @param height_m  rows x cols, row-major, above z_min_m; 0 where nothing was seen
/// @param color     rows x cols x 3, RGB8; 0 where nothing was seen
/// @param labels    rows x cols, or empty: label of the highest point, of the first camera that sees it so high; 0
/// where
///                  nothing was seen or that camera knows no labels
/// @return kInvalidArgument if a span's size does not match or a number is not finite; outputs are then unchanged
///
/// Reentrant. Allocates nothing but a scratch buffer that each thread keeps for its next call (8 bytes a cell and
/// camera). Uses AVX-512 or AVX2 where the processor has it, with the same results.
Status project_heightmap(std::span<const RgbdFrame> frames, const HeightmapSpec& spec, std::span<float> height_m,
                         std::span<std::uint8_t> color, std::span<std::uint8_t> labels = {});

}  // namespace cliport

// What all cameras saw to one map. Included by heightmap_projection.cpp alone, as heightmap_rows.hpp.
#pragma once

#include <algorithm>
#include <cstring>

#include "color_lookup.hpp"
#include "heightmap_projection.hpp"

namespace cliport {
namespace {

constexpr std::size_t kFuseBlock = 256;  // cells whose sums wait in the first-level cache

// Sums of one block of cells. Two 16-bit numbers share a word: 64 cameras add up to 16,320.
struct FuseBlock {
  alignas(64) Best point[kFuseBlock];
  alignas(64) std::uint32_t rgb[kFuseBlock];
  alignas(64) std::uint32_t red_blue[kFuseBlock];
  alignas(64) std::uint32_t green_seen[kFuseBlock];  // seen: cameras that see any colour but black
  alignas(64) float top[kFuseBlock];
  alignas(64) float label_top[kFuseBlock];
};

// Bytes red, green, blue in the lower three; the fourth is anything.
[[gnu::always_inline]] inline std::uint32_t rgb_at(const RgbdFrame& frame, std::size_t pixel, std::size_t last_pixel) {
  std::uint32_t rgb = 0;
  const std::uint8_t* at = frame.color.data() + 3 * pixel;
  std::memcpy(&rgb, at, pixel == last_pixel ? 3 : 4);  // no byte lies behind the last pixel
  return rgb;
}

// Takes the camera's points out of its maps.
[[gnu::always_inline]] inline void take_points(const Sight& sight, std::size_t first, std::size_t count,
                                               FuseBlock& block) {
  bool taken = false;
  for (Best* map : sight.maps) {
    if (map == nullptr) continue;
    Best* __restrict best = map + first;
    for (std::size_t i = 0; i < count; ++i) {
      const Best held = taken ? block.point[i] : 0;
      block.point[i] = best[i] > held ? best[i] : held;
      best[i] = 0;
    }
    taken = true;
  }
}

[[gnu::always_inline]] inline void look_up_colors(const Sight& sight, std::size_t count, FuseBlock& block) {
  const RgbdFrame& frame = *sight.frame;
  if (frame.color_camera) {
    for (std::size_t i = 0; i < count; ++i) {
      if (block.point[i] == 0) continue;
      const std::size_t pixel = pixel_of(block.point[i]);
      block.rgb[i] = 0;
      std::memcpy(&block.rgb[i], color_at(frame, pixel, frame.depth_at(pixel), sight.rays), 3);
    }
    return;
  }
  const std::size_t last_pixel = frame.intrinsics.pixels() - 1;
  for (std::size_t i = 0; i < count; ++i) block.rgb[i] = rgb_at(frame, pixel_of(block.point[i]), last_pixel);
}

[[gnu::always_inline]] inline void add_camera(float z_min, std::size_t count, FuseBlock& block) {
  for (std::size_t i = 0; i < count; ++i) {
    const Best point = block.point[i];
    const float height = point == 0 ? 0.0f : height_of(point) - z_min;
    block.top[i] = height > block.top[i] ? height : block.top[i];
    const std::uint32_t rgb = point == 0 ? 0 : block.rgb[i] & 0xffffffu;
    block.red_blue[i] += rgb & 0xff00ffu;
    block.green_seen[i] += (rgb >> 8 & 0xffu) | (rgb != 0 ? 0x10000u : 0u);
  }
}

[[gnu::always_inline]] inline void add_labels(const Sight& sight, float z_min, std::size_t count, FuseBlock& block,
                                              std::uint8_t* labels) {
  const RgbdFrame& frame = *sight.frame;
  for (std::size_t i = 0; i < count; ++i) {
    const Best point = block.point[i];
    if (point == 0 || !(height_of(point) - z_min > block.label_top[i])) continue;
    block.label_top[i] = height_of(point) - z_min;
    labels[i] = frame.labels.empty() ? 0 : frame.labels[pixel_of(point)];
  }
}

// sum / count, rounded half to even: a sum of 2^23 and a half leaves the mantissa no place for the fraction. The
// quotient itself is never rounded to a half that it is not, since count is small.
[[gnu::always_inline]] inline std::uint32_t mean_of(std::uint32_t sum, float count) {
  return std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<std::int32_t>(sum)) / count + 0x1.8p23f) & 0xffu;
}

[[gnu::always_inline]] inline void write_colors(std::size_t count, FuseBlock& block, std::uint8_t* __restrict color) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t seen = static_cast<std::int32_t>(block.green_seen[i] >> 16);
    const float cameras = static_cast<float>(seen > 1 ? seen : 1);
    block.rgb[i] = mean_of(block.red_blue[i] & 0xffffu, cameras) |
                   mean_of(block.green_seen[i] & 0xffffu, cameras) << 8 |
                   mean_of(block.red_blue[i] >> 16, cameras) << 16;
  }
  for (std::size_t i = 0; i < count; ++i) {
    color[3 * i] = static_cast<std::uint8_t>(block.rgb[i]);
    color[3 * i + 1] = static_cast<std::uint8_t>(block.rgb[i] >> 8);
    color[3 * i + 2] = static_cast<std::uint8_t>(block.rgb[i] >> 16);
  }
}

[[gnu::always_inline]] inline void fuse_cells(std::span<const Sight> sights, std::size_t first_cell,
                                              std::size_t end_cell, const FusedMap& out) {
  FuseBlock block;
  for (std::size_t first = first_cell; first < end_cell; first += kFuseBlock) {
    const std::size_t count = std::min(kFuseBlock, end_cell - first);
    std::fill_n(block.top, count, 0.0f);
    std::fill_n(block.red_blue, count, 0u);
    std::fill_n(block.green_seen, count, 0u);
    std::uint8_t* labels = out.labels.empty() ? nullptr : out.labels.data() + first;
    if (labels) {
      std::fill_n(block.label_top, count, -1.0f);  // below every height
      std::fill_n(labels, count, std::uint8_t{0});
    }
    for (const Sight& sight : sights) {
      take_points(sight, first, count, block);
      look_up_colors(sight, count, block);
      add_camera(out.z_min, count, block);
      if (labels) add_labels(sight, out.z_min, count, block, labels);
    }
    std::copy_n(block.top, count, out.height_m.data() + first);
    write_colors(count, block, out.color.data() + 3 * first);
  }
}

}  // namespace
}  // namespace cliport

// Cameras and maps with their memory: what the heightmap's tests share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "cliport/heightmap.hpp"

namespace cliport {

inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Looks straight down from (0.5, 0, 1): image right is +y, image down is +x.
inline constexpr Transform kDown{0, 1, 0, 0.5, 1, 0, 0, 0, 0, 0, -1, 1, 0, 0, 0, 1};

// A camera's frame with its memory.
struct Shot {
  Shot(int width, int height, float depth_m, std::array<std::uint8_t, 3> rgb = {10, 20, 30})
      : intrinsics{width, height, 100.0, 100.0, (width - 1) / 2.0, (height - 1) / 2.0},
        depth_m(intrinsics.pixels(), depth_m),
        labels(intrinsics.pixels(), 0) {
    for (std::size_t i = 0; i < intrinsics.pixels(); ++i) color.insert(color.end(), rgb.begin(), rgb.end());
  }
  RgbdFrame frame() const { return {intrinsics, T_base_camera, depth_m, color, labels}; }
  void paint(std::size_t pixel, std::array<std::uint8_t, 3> rgb) {
    std::copy(rgb.begin(), rgb.end(), color.begin() + static_cast<std::ptrdiff_t>(3 * pixel));
  }

  Intrinsics intrinsics;
  Transform T_base_camera = kDown;
  std::vector<float> depth_m;
  std::vector<std::uint8_t> color;
  std::vector<std::uint8_t> labels;
};

inline Shot two_pixels_of_one_cell(float depth_m) {
  Shot shot(2, 1, depth_m);
  shot.intrinsics.fx = 1e6;
  shot.intrinsics.cx = -1.0;  // both on one side of the middle, where a cell begins
  return shot;
}

// A map with its memory, filled with what no projection writes.
struct Map {
  explicit Map(const HeightmapSpec& spec)
      : spec(spec),
        height_m(static_cast<std::size_t>(spec.rows() * spec.cols()), -9.0f),
        color(3 * height_m.size(), 99),
        labels(height_m.size(), 99) {}
  Status project(std::span<const RgbdFrame> frames) { return project_heightmap(frames, spec, height_m, color, labels); }
  std::size_t cell(int row, int col) const { return static_cast<std::size_t>(row * spec.cols() + col); }
  std::array<int, 3> rgb(std::size_t cell) const { return {color[3 * cell], color[3 * cell + 1], color[3 * cell + 2]}; }

  HeightmapSpec spec;
  std::vector<float> height_m;
  std::vector<std::uint8_t> color;
  std::vector<std::uint8_t> labels;
};

}  // namespace cliport

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

#include "../core/random.hpp"
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

// One to four cameras of any size and pose, not even rigid; a tenth of the depths is bad, many points are equally high.
inline std::vector<Shot> random_shots(Random& random) {
  const auto upto = [&random](int n) { return static_cast<int>(random.uniform() * n); };
  const bool square_pixels = random.uniform() < 0.5;
  std::vector<Shot> shots;
  for (int camera = upto(4); camera >= 0; --camera) {
    Shot shot(1 + upto(1100), 1 + upto(12), 1.0f);
    shot.intrinsics.fx = 20 + 600 * random.uniform();
    shot.intrinsics.fy = square_pixels ? shot.intrinsics.fx : 20 + 600 * random.uniform();
    for (double& number : shot.T_base_camera) number += 0.3 * random.normal();
    for (float& depth : shot.depth_m) {
      const float odd[] = {kNaN, kInfinity, -kInfinity, 0.0f, -1.0f, 3e38f, 1e-42f};
      depth = random.uniform() < 0.1 ? odd[upto(7)] : 0.5f + 0.01f * static_cast<float>(upto(100));
    }
    for (std::uint8_t& channel : shot.color) {
      channel = static_cast<std::uint8_t>(random.uniform() < 0.4 ? 0 : upto(256));
    }
    shots.push_back(shot);
  }
  return shots;
}

inline std::vector<RgbdFrame> frames_of(const std::vector<Shot>& shots) {
  std::vector<RgbdFrame> frames;
  for (const Shot& shot : shots) frames.push_back(shot.frame());
  return frames;
}

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

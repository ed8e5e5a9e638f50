// One camera's view: where it is, how it sees, what it saw.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "cliport/transform.hpp"

namespace cliport {

/// Pinhole camera without distortion, pixels. Pixel (u, v) looks along ((u - cx) / fx, (v - cy) / fy, 1).
struct Intrinsics {
  int width = 0;
  int height = 0;
  double fx = 0.0;
  double fy = 0.0;
  double cx = 0.0;
  double cy = 0.0;

  std::size_t pixels() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(height); }
};

/// One RGB-D frame; views of memory that somebody else owns. Camera axes: x right, y down, z along the optical axis.
struct RgbdFrame {
  Intrinsics intrinsics;
  Transform T_base_camera{};
  std::span<const float> depth_m;        ///< along the optical axis; height x width; not positive or finite: no point
  std::span<const std::uint8_t> color;   ///< RGB8, height x width x 3
  std::span<const std::uint8_t> labels;  ///< object label a pixel, height x width; empty when unknown
};

}  // namespace cliport

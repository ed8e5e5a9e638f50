// One camera's view: where it is, how it sees, what it saw.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
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

/// How a lens moves the point (x, y) at distance 1 in front of it, as RealSense cameras name their models; the ray of a
/// pixel is the inverse. Coefficients k1, k2, p1, p2, k3 of Brown, "Decentering distortion of lenses", 1966.
enum class LensModel {
  kPinhole,
  kBrownConrady,     ///< tangential terms of the original point, as OpenCV
  kBrownConradyTwo,  ///< tangential terms of the radially moved point: "modified" and "inverse" of RealSense
};

struct Lens {
  LensModel model = LensModel::kPinhole;
  std::array<double, 5> coefficients{};
};

/// Where colour comes from when another camera than the depth camera took it. Axes as of the depth camera.
struct ColorCamera {
  Intrinsics intrinsics;
  Transform T_color_depth{};  ///< p_color = T_color_depth * p_depth
  Lens lens;
};

/// One RGB-D frame; views of memory that somebody else owns. Camera axes: x right, y down, z along the optical axis.
struct RgbdFrame {
  Intrinsics intrinsics;
  Transform T_base_camera{};
  std::span<const float> depth_m;        ///< along the optical axis; height x width; not positive or finite: no point
  std::span<const std::uint8_t> color;   ///< RGB8, height x width x 3
  std::span<const std::uint8_t> labels;  ///< object label a pixel, height x width; empty when unknown
  /// Absent: colour has the depth's pixels. Else a point has the colour of the pixel that it is seen in, and is black
  /// where the colour camera does not look; `color` then has the size of that camera.
  std::optional<ColorCamera> color_camera{};
  /// Depth as the sensor counts it, instead of `depth_m`: a number times `depth_scale_m` is metres; 0: no point.
  std::span<const std::uint16_t> depth_raw{};
  float depth_scale_m = 0.001f;
  Lens lens{};  ///< of the depth camera

  float depth_at(std::size_t pixel) const {
    return depth_raw.empty() ? depth_m[pixel] : static_cast<float>(depth_raw[pixel]) * depth_scale_m;
  }
};

}  // namespace cliport

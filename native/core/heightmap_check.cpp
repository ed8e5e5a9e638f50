// What a projection refuses, by name.

#include <algorithm>
#include <cmath>
#include <string>

#include "cliport/heightmap.hpp"

namespace cliport {
namespace {

std::string wrong_size(const std::string& what, std::size_t expected, std::size_t received) {
  return "Expected " + std::to_string(expected) + " elements for " + what + " but received " + std::to_string(received);
}

template <typename Numbers>
bool all_finite(const Numbers& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](double value) { return std::isfinite(value); });
}

Status check_spec(const HeightmapSpec& spec) {
  const double numbers[] = {spec.x_min_m, spec.x_max_m, spec.y_min_m, spec.y_max_m,
                            spec.z_min_m, spec.z_max_m, spec.pixel_m};
  for (const double number : numbers) {
    if (!std::isfinite(number))
      return invalid_argument("Expected finite numbers for spec but received " + std::to_string(number));
  }
  if (!(spec.pixel_m > 0.0)) {
    return invalid_argument("Expected a positive pixel size for spec but received " + std::to_string(spec.pixel_m));
  }
  if (!(spec.z_max_m > spec.z_min_m)) return invalid_argument("Expected zMax above zMin for spec but received less");
  if (spec.rows() == 0 || spec.cols() == 0) {
    return invalid_argument("Expected 1 to " + std::to_string(kMaxHeightmapSide) + " cells along each side for spec");
  }
  return {};
}

Status check_intrinsics(const Intrinsics& k, const std::string& name) {
  if (k.width <= 0 || k.height <= 0 || k.pixels() > 0x7fffffffu) {
    return invalid_argument("Expected a positive size for " + name + " but received " + std::to_string(k.width) +
                            " x " + std::to_string(k.height));
  }
  if (!(std::isfinite(k.fx) && std::isfinite(k.fy) && k.fx > 0.0 && k.fy > 0.0 && std::isfinite(k.cx) &&
        std::isfinite(k.cy))) {
    return invalid_argument("Expected finite intrinsics with positive focal lengths for " + name);
  }
  return {};
}

// Size of the colour picture in pixels; the depth's own unless another camera took it.
Status check_color_camera(const RgbdFrame& frame, const std::string& name, std::size_t& pixels) {
  if (!frame.color_camera) return {};
  const auto& [intrinsics, T_color_depth, lens] = *frame.color_camera;
  if (Status status = check_intrinsics(intrinsics, name); !status.ok()) return status;
  if (!all_finite(T_color_depth) || !all_finite(lens.coefficients)) {
    return invalid_argument("Expected a finite transform and finite lens coefficients for " + name);
  }
  pixels = intrinsics.pixels();
  return {};
}

Status check_depth(const RgbdFrame& frame, const std::string& name) {
  const std::size_t pixels = frame.intrinsics.pixels();
  if (frame.depth_raw.empty()) {
    if (frame.depth_m.size() == pixels) return {};
    return invalid_argument(wrong_size(name + ".depth", pixels, frame.depth_m.size()));
  }
  if (!frame.depth_m.empty())
    return invalid_argument("Expected depth in metres or in counts for " + name + ", not both");
  if (frame.depth_raw.size() != pixels) {
    return invalid_argument(wrong_size(name + ".depthRaw", pixels, frame.depth_raw.size()));
  }
  if (!(std::isfinite(frame.depth_scale_m) && frame.depth_scale_m > 0.0f)) {
    return invalid_argument("Expected a positive number of metres for " + name + ".depthScaleM but received " +
                            std::to_string(frame.depth_scale_m));
  }
  return {};
}

Status check_frame(const RgbdFrame& frame, const std::string& name) {
  const Intrinsics& k = frame.intrinsics;
  if (Status status = check_intrinsics(k, name); !status.ok()) return status;
  if (!all_finite(frame.T_base_camera)) {
    return invalid_argument("Expected 16 finite numbers for " + name + ".T_base_camera");
  }
  if (!all_finite(frame.lens.coefficients)) {
    return invalid_argument("Expected finite lens coefficients for " + name + ".lens");
  }
  if (Status status = check_depth(frame, name); !status.ok()) return status;
  std::size_t color_pixels = k.pixels();
  if (Status status = check_color_camera(frame, name + ".colorCamera", color_pixels); !status.ok()) return status;
  if (frame.color.size() != 3 * color_pixels) {
    return invalid_argument(wrong_size(name + ".color", 3 * color_pixels, frame.color.size()));
  }
  if (!frame.labels.empty() && frame.labels.size() != k.pixels()) {
    return invalid_argument(wrong_size(name + ".labels", k.pixels(), frame.labels.size()));
  }
  return {};
}

}  // namespace

Status check_heightmap(std::span<const RgbdFrame> frames, const HeightmapSpec& spec, std::size_t heights,
                       std::size_t colors, std::size_t labels, const HeightmapOptions& options) {
  if (Status status = check_spec(spec); !status.ok()) return status;
  const std::size_t cells = static_cast<std::size_t>(spec.rows()) * static_cast<std::size_t>(spec.cols());
  if (heights != cells) return invalid_argument(wrong_size("output.height", cells, heights));
  if (colors != 3 * cells) return invalid_argument(wrong_size("output.color", 3 * cells, colors));
  if (labels != 0 && labels != cells) return invalid_argument(wrong_size("output.labels", cells, labels));
  if (options.threads < 1 || options.threads > kMaxHeightmapThreads) {
    return invalid_argument("Expected 1 to " + std::to_string(kMaxHeightmapThreads) + " for threads but received " +
                            std::to_string(options.threads));
  }
  if (frames.size() > kMaxHeightmapFrames) {
    return invalid_argument("Expected at most " + std::to_string(kMaxHeightmapFrames) + " frames but received " +
                            std::to_string(frames.size()));
  }
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (Status status = check_frame(frames[i], "frames[" + std::to_string(i) + "]"); !status.ok()) return status;
  }
  return {};
}

}  // namespace cliport

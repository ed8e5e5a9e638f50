#include "cliport/heightmap.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "color_lookup.hpp"
#include "heightmap_projection.hpp"

namespace cliport {
namespace {

int cells_along(double min_m, double max_m, double pixel_m) {
  const double cells = std::nearbyint((max_m - min_m) / pixel_m);  // half to even, as numpy.round
  return cells >= 1.0 && cells <= kMaxHeightmapSide ? static_cast<int>(cells) : 0;
}

// sum / count, rounded half to even.
std::uint8_t mean_of(std::uint32_t sum, std::uint32_t count) {
  const std::uint32_t quotient = sum / count;
  const std::uint32_t twice_rest = 2 * (sum - quotient * count);
  const bool up = twice_rest > count || (twice_rest == count && (quotient & 1u) != 0);
  return static_cast<std::uint8_t>(quotient + up);
}

void fuse(std::span<const RgbdFrame> frames, const HeightmapSpec& spec, const Best* best, std::span<float> height_m,
          std::span<std::uint8_t> color) {
  const float z_min = static_cast<float>(spec.z_min_m);
  const std::size_t cells = height_m.size();
  for (std::size_t cell = 0; cell < cells; ++cell) {
    float highest = 0.0f;
    std::uint32_t red = 0, green = 0, blue = 0, colored = 0;
    for (std::size_t camera = 0; camera < frames.size(); ++camera) {
      const Best point = best[camera * cells + cell];
      if (point == 0) continue;
      highest = std::max(highest, height_of(point) - z_min);
      const std::size_t pixel = pixel_of(point);
      const std::uint8_t* rgb = color_at(frames[camera], pixel, frames[camera].depth_m[pixel]);
      red += rgb[0];
      green += rgb[1];
      blue += rgb[2];
      colored += (rgb[0] | rgb[1] | rgb[2]) != 0;
    }
    height_m[cell] = highest;
    std::uint8_t* out = color.data() + 3 * cell;
    const std::uint32_t count = std::max(colored, 1u);
    out[0] = mean_of(red, count);
    out[1] = mean_of(green, count);
    out[2] = mean_of(blue, count);
  }
}

void fuse_labels(std::span<const RgbdFrame> frames, const HeightmapSpec& spec, const Best* best,
                 std::span<std::uint8_t> labels) {
  const float z_min = static_cast<float>(spec.z_min_m);
  const std::size_t cells = labels.size();
  for (std::size_t cell = 0; cell < cells; ++cell) {
    float highest = -1.0f;  // below every height
    labels[cell] = 0;
    for (std::size_t camera = 0; camera < frames.size(); ++camera) {
      const Best point = best[camera * cells + cell];
      if (point == 0 || !(height_of(point) - z_min > highest)) continue;
      highest = height_of(point) - z_min;
      labels[cell] = frames[camera].labels.empty() ? 0 : frames[camera].labels[pixel_of(point)];
    }
  }
}

std::string wrong_size(const std::string& what, std::size_t expected, std::size_t received) {
  return "Expected " + std::to_string(expected) + " elements for " + what + " but received " + std::to_string(received);
}

bool all_finite(const Transform& T) {
  return std::all_of(T.begin(), T.end(), [](double value) { return std::isfinite(value); });
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
  if (k.width <= 0 || k.height <= 0 || k.pixels() > 0xffffffffu) {
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
  const bool is_lens_finite = std::all_of(lens.coefficients.begin(), lens.coefficients.end(),
                                          [](double value) { return std::isfinite(value); });
  if (!all_finite(T_color_depth) || !is_lens_finite) {
    return invalid_argument("Expected a finite transform and finite lens coefficients for " + name);
  }
  pixels = intrinsics.pixels();
  return {};
}

Status check_frame(const RgbdFrame& frame, const std::string& name) {
  const Intrinsics& k = frame.intrinsics;
  if (Status status = check_intrinsics(k, name); !status.ok()) return status;
  if (!all_finite(frame.T_base_camera))
    return invalid_argument("Expected 16 finite numbers for " + name + ".T_base_camera");
  if (frame.depth_m.size() != k.pixels()) {
    return invalid_argument(wrong_size(name + ".depth", k.pixels(), frame.depth_m.size()));
  }
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

int HeightmapSpec::rows() const { return cells_along(y_min_m, y_max_m, pixel_m); }
int HeightmapSpec::cols() const { return cells_along(x_min_m, x_max_m, pixel_m); }

Status check_heightmap(std::span<const RgbdFrame> frames, const HeightmapSpec& spec, std::size_t heights,
                       std::size_t colors, std::size_t labels) {
  if (Status status = check_spec(spec); !status.ok()) return status;
  const std::size_t cells = static_cast<std::size_t>(spec.rows()) * static_cast<std::size_t>(spec.cols());
  if (heights != cells) return invalid_argument(wrong_size("output.height", cells, heights));
  if (colors != 3 * cells) return invalid_argument(wrong_size("output.color", 3 * cells, colors));
  if (labels != 0 && labels != cells) return invalid_argument(wrong_size("output.labels", cells, labels));
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (Status status = check_frame(frames[i], "frames[" + std::to_string(i) + "]"); !status.ok()) return status;
  }
  return {};
}

Status project_heightmap(std::span<const RgbdFrame> frames, const HeightmapSpec& spec, std::span<float> height_m,
                         std::span<std::uint8_t> color, std::span<std::uint8_t> labels) {
  if (Status status = check_heightmap(frames, spec, height_m.size(), color.size(), labels.size()); !status.ok()) {
    return status;
  }
  const ProjectFunction project = project_functions().front();
  thread_local std::vector<Best> best;
  best.assign(frames.size() * height_m.size(), 0);
  for (std::size_t camera = 0; camera < frames.size(); ++camera) {
    project(Projection(frames[camera], spec), frames[camera], best.data() + camera * height_m.size());
  }
  fuse(frames, spec, best.data(), height_m, color);
  if (!labels.empty()) fuse_labels(frames, spec, best.data(), labels);
  return {};
}

}  // namespace cliport

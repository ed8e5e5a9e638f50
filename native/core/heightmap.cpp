#include "cliport/heightmap.hpp"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <string>
#include <vector>

namespace cliport {
namespace {

int cells_along(double min_m, double max_m, double pixel_m) {
  const double cells = std::nearbyint((max_m - min_m) / pixel_m);  // half to even, as numpy.round
  return cells >= 1.0 && cells <= kMaxHeightmapSide ? static_cast<int>(cells) : 0;
}

// A cell's best point so far as one number: key of its height above, index of its pixel below. 0 is "nothing seen"; no
// finite height has key 0. The larger number is the higher point or, of equally high ones, the one later in the frame.
using Best = std::uint64_t;

// Maps heights to integers in the same order. Adding 0 makes -0 equal to 0, as it is for a sort.
inline std::uint32_t key_of(float z) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(z + 0.0f);
  const std::uint32_t negative = static_cast<std::uint32_t>(static_cast<std::int32_t>(bits) >> 31);
  return bits ^ (negative | 0x80000000u);
}

inline float height_of(Best best) {
  const std::uint32_t key = static_cast<std::uint32_t>(best >> 32);
  const std::uint32_t positive = static_cast<std::uint32_t>(static_cast<std::int32_t>(key) >> 31);
  return std::bit_cast<float>(key ^ (~positive | 0x80000000u));
}

inline std::size_t pixel_of(Best best) { return static_cast<std::uint32_t>(best); }

// A camera and a grid in the very types in which NumPy 1.x computes: an operation of a float32 array with a float64
// scalar is done in float32; of two arrays, in the larger type.
struct Projection {
  explicit Projection(const RgbdFrame& frame, const HeightmapSpec& spec)
      : fx(static_cast<float>(frame.intrinsics.fx)),
        fy(static_cast<float>(frame.intrinsics.fy)),
        cx(frame.intrinsics.cx),
        cy(frame.intrinsics.cy),
        T(frame.T_base_camera),
        x_min(static_cast<float>(spec.x_min_m)),
        x_max(static_cast<float>(spec.x_max_m)),
        y_min(static_cast<float>(spec.y_min_m)),
        y_max(static_cast<float>(spec.y_max_m)),
        z_min(static_cast<float>(spec.z_min_m)),
        z_max(static_cast<float>(spec.z_max_m)),
        pixel(static_cast<float>(spec.pixel_m)),
        rows(spec.rows()),
        cols(spec.cols()) {}

  float fx, fy;
  double cx, cy;
  Transform T;
  float x_min, x_max, y_min, y_max, z_min, z_max, pixel;
  int rows, cols;
};

constexpr int kBlock = 512;  // pixels whose results wait in the first-level cache for the scatter

// Cell (-1: none) and key of `count` pixels of one row, starting at column `first`. Written for the vectoriser: no
// branch, no call, every lane computes.
template <bool kSquarePixels>
[[gnu::always_inline]] inline void project_block(const Projection& projection, const float* __restrict depth_m,
                                                 int first, int count, double v_from_center,
                                                 std::int32_t* __restrict cell, std::uint32_t* __restrict key) {
  const Projection p = projection;
  const float last_col = static_cast<float>(p.cols - 1);
  const float last_row = static_cast<float>(p.rows - 1);
  for (int i = 0; i < count; ++i) {
    const float depth = depth_m[i];
    const float depth_by_fx = depth / p.fx;
    const float depth_by_fy = kSquarePixels ? depth_by_fx : depth / p.fy;
    const double X = static_cast<float>((static_cast<double>(first + i) - p.cx) * static_cast<double>(depth_by_fx));
    const double Y = static_cast<float>(v_from_center * static_cast<double>(depth_by_fy));
    const double Z = depth;
    const float x = static_cast<float>(((p.T[0] * X + p.T[1] * Y) + p.T[2] * Z) + p.T[3]);
    const float y = static_cast<float>(((p.T[4] * X + p.T[5] * Y) + p.T[6] * Z) + p.T[7]);
    const float z = static_cast<float>(((p.T[8] * X + p.T[9] * Y) + p.T[10] * Z) + p.T[11]);
    const bool inside = (depth > 0.0f) & (depth <= FLT_MAX) & (x >= p.x_min) & (x < p.x_max) & (y >= p.y_min) &
                        (y < p.y_max) & (z >= p.z_min) & (z < p.z_max);
    // Not negative where inside, so that truncation is floor; elsewhere 0, so that the conversion is defined.
    const float col = inside ? (x - p.x_min) / p.pixel : 0.0f;
    const float row = inside ? (y - p.y_min) / p.pixel : 0.0f;
    const std::int32_t at = static_cast<std::int32_t>(row < last_row ? row : last_row) * p.cols +
                            static_cast<std::int32_t>(col < last_col ? col : last_col);
    cell[i] = inside ? at : -1;
    key[i] = key_of(z);
  }
}

[[gnu::always_inline]] inline void scatter(const std::int32_t* cell, const std::uint32_t* key, int count,
                                           std::uint32_t first_pixel, Best* best) {
  for (int i = 0; i < count; ++i) {
    if (cell[i] < 0) continue;
    const Best candidate = static_cast<Best>(key[i]) << 32 | (first_pixel + static_cast<std::uint32_t>(i));
    Best& held = best[cell[i]];
    held = candidate > held ? candidate : held;
  }
}

template <bool kSquarePixels>
[[gnu::always_inline]] inline void project_frame(const Projection& projection, const RgbdFrame& frame, Best* best) {
  alignas(64) std::int32_t cell[kBlock];
  alignas(64) std::uint32_t key[kBlock];
  const int width = frame.intrinsics.width;
  for (int v = 0; v < frame.intrinsics.height; ++v) {
    const std::size_t row = static_cast<std::size_t>(v) * static_cast<std::size_t>(width);
    for (int first = 0; first < width; first += kBlock) {
      const int count = std::min(kBlock, width - first);
      const std::size_t pixel = row + static_cast<std::size_t>(first);
      project_block<kSquarePixels>(projection, frame.depth_m.data() + pixel, first, count,
                                   static_cast<double>(v) - projection.cy, cell, key);
      scatter(cell, key, count, static_cast<std::uint32_t>(pixel), best);
    }
  }
}

[[gnu::always_inline]] inline void project_any(const Projection& projection, const RgbdFrame& frame, Best* best) {
  if (projection.fx == projection.fy) {
    project_frame<true>(projection, frame, best);
  } else {
    project_frame<false>(projection, frame, best);
  }
}

using ProjectFunction = void (*)(const Projection&, const RgbdFrame&, Best*);

void project_baseline(const Projection& projection, const RgbdFrame& frame, Best* best) {
  project_any(projection, frame, best);
}

#if defined(__x86_64__) && defined(__GNUC__)
[[gnu::target("avx2")]] void project_avx2(const Projection& projection, const RgbdFrame& frame, Best* best) {
  project_any(projection, frame, best);
}

[[gnu::target("avx512f,avx512dq,avx512vl,prefer-vector-width=512")]] void project_avx512(const Projection& projection,
                                                                                         const RgbdFrame& frame,
                                                                                         Best* best) {
  project_any(projection, frame, best);
}

ProjectFunction choose_project() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    return project_avx512;
  }
  return __builtin_cpu_supports("avx2") ? project_avx2 : project_baseline;
}
#else
ProjectFunction choose_project() { return project_baseline; }
#endif

// sum / count, rounded half to even.
inline std::uint8_t mean_of(unsigned sum, unsigned count) {
  const unsigned quotient = sum / count;
  const unsigned twice_rest = 2 * (sum - quotient * count);
  const bool up = twice_rest > count || (twice_rest == count && (quotient & 1u) != 0);
  return static_cast<std::uint8_t>(quotient + up);
}

void fuse(std::span<const RgbdFrame> frames, const HeightmapSpec& spec, const Best* best, std::span<float> height_m,
          std::span<std::uint8_t> color, std::span<std::uint8_t> labels) {
  const float z_min = static_cast<float>(spec.z_min_m);
  const std::size_t cells = height_m.size();
  for (std::size_t cell = 0; cell < cells; ++cell) {
    float highest = 0.0f;
    bool seen = false;
    unsigned red = 0, green = 0, blue = 0, colored = 0;
    std::uint8_t label = 0;
    for (std::size_t camera = 0; camera < frames.size(); ++camera) {
      const Best point = best[camera * cells + cell];
      if (point == 0) continue;
      const RgbdFrame& frame = frames[camera];
      const float height = height_of(point) - z_min;
      if (!seen || height > highest) {
        seen = true;
        highest = height;
        label = frame.labels.empty() ? 0 : frame.labels[pixel_of(point)];
      }
      const std::uint8_t* rgb = frame.color.data() + 3 * pixel_of(point);
      red += rgb[0];
      green += rgb[1];
      blue += rgb[2];
      colored += (rgb[0] | rgb[1] | rgb[2]) != 0;
    }
    height_m[cell] = highest;
    std::uint8_t* out = color.data() + 3 * cell;
    const unsigned count = std::max(colored, 1u);
    out[0] = mean_of(red, count);
    out[1] = mean_of(green, count);
    out[2] = mean_of(blue, count);
    if (!labels.empty()) labels[cell] = label;
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

Status check_frame(const RgbdFrame& frame, const std::string& name) {
  const Intrinsics& k = frame.intrinsics;
  if (k.width <= 0 || k.height <= 0 || k.pixels() > 0xffffffffu) {
    return invalid_argument("Expected a positive size for " + name + " but received " + std::to_string(k.width) +
                            " x " + std::to_string(k.height));
  }
  if (!(std::isfinite(k.fx) && std::isfinite(k.fy) && k.fx > 0.0 && k.fy > 0.0 && std::isfinite(k.cx) &&
        std::isfinite(k.cy))) {
    return invalid_argument("Expected finite intrinsics with positive focal lengths for " + name);
  }
  if (!all_finite(frame.T_base_camera))
    return invalid_argument("Expected 16 finite numbers for " + name + ".T_base_camera");
  if (frame.depth_m.size() != k.pixels()) {
    return invalid_argument(wrong_size(name + ".depth", k.pixels(), frame.depth_m.size()));
  }
  if (frame.color.size() != 3 * k.pixels()) {
    return invalid_argument(wrong_size(name + ".color", 3 * k.pixels(), frame.color.size()));
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
  static const ProjectFunction project = choose_project();
  thread_local std::vector<Best> best;
  best.assign(frames.size() * height_m.size(), 0);
  for (std::size_t camera = 0; camera < frames.size(); ++camera) {
    project(Projection(frames[camera], spec), frames[camera], best.data() + camera * height_m.size());
  }
  fuse(frames, spec, best.data(), height_m, color, labels);
  return {};
}

}  // namespace cliport

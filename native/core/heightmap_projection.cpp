#include "heightmap_projection.hpp"

#include <algorithm>
#include <cfloat>
#include <vector>

namespace cliport {
namespace {

// Maps heights to integers in the same order. Adding 0 makes -0 equal to 0, as it is for a sort.
inline std::uint32_t key_of(float z) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(z + 0.0f);
  const std::uint32_t negative = static_cast<std::uint32_t>(static_cast<std::int32_t>(bits) >> 31);
  return bits ^ (negative | 0x80000000u);
}

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

// Fusion will read colours here and there; brought in row by row they come at the memory's full speed.
[[gnu::always_inline]] inline void prefetch_color(const RgbdFrame& frame, std::size_t pixel, int count) {
  if (frame.color_camera) return;  // read in another order
  constexpr int kLine = 64;
  const std::uint8_t* color = frame.color.data() + 3 * pixel;
  for (int byte = 0; byte < 3 * count; byte += kLine) __builtin_prefetch(color + byte);
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
      prefetch_color(frame, pixel, count);
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

void project_baseline(const Projection& projection, const RgbdFrame& frame, Best* best) {
  project_any(projection, frame, best);
}

#if defined(__x86_64__) && defined(__GNUC__)
#ifdef __clang__
#define CLIPORT_AVX512 "avx512f,avx512dq,avx512vl"
#else
#define CLIPORT_AVX512 "avx512f,avx512dq,avx512vl,prefer-vector-width=512"
#endif

[[gnu::target("avx2")]] void project_avx2(const Projection& projection, const RgbdFrame& frame, Best* best) {
  project_any(projection, frame, best);
}

[[gnu::target(CLIPORT_AVX512)]] void project_avx512(const Projection& projection, const RgbdFrame& frame, Best* best) {
  project_any(projection, frame, best);
}

std::vector<ProjectFunction> supported() {
  std::vector<ProjectFunction> functions;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    functions.push_back(project_avx512);
  }
  if (__builtin_cpu_supports("avx2")) functions.push_back(project_avx2);
  functions.push_back(project_baseline);
  return functions;
}
#else
std::vector<ProjectFunction> supported() { return {project_baseline}; }
#endif

}  // namespace

std::span<const ProjectFunction> project_functions() {
  static const std::vector<ProjectFunction> functions = supported();
  return functions;
}

}  // namespace cliport

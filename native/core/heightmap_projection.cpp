#include "heightmap_projection.hpp"

#include <cmath>
#include <vector>

#include "heightmap_fuse.hpp"
#include "heightmap_rows.hpp"

namespace cliport {
namespace {

#if defined(__x86_64__) && defined(__GNUC__)
#ifdef __clang__
#define CLIPORT_AVX512 "avx512f,avx512dq,avx512vl,avx512bw,fma"
#else
#define CLIPORT_AVX512 "avx512f,avx512dq,avx512vl,avx512bw,fma,prefer-vector-width=512"
#endif
#define CLIPORT_KERNEL(name, isa, sieve, has_fma)                                                                   \
  [[gnu::target(isa)]] void exact_##name(const Projection& p, const RgbdFrame& f, int first, int end, Best* best) { \
    project_rows<false>(p, f, first, end, best, sieve{});                                                           \
  }                                                                                                                 \
  [[gnu::target(isa)]] void fast_##name(const Projection& p, const RgbdFrame& f, int first, int end, Best* best) {  \
    project_rows<has_fma>(p, f, first, end, best, sieve{});                                                         \
  }                                                                                                                 \
  [[gnu::target(isa)]] void fuse_##name(std::span<const Sight> sights, std::size_t first, std::size_t end,          \
                                        const FusedMap& out) {                                                      \
    fuse_cells(sights, first, end, out);                                                                            \
  }                                                                                                                 \
  constexpr HeightmapKernel k_##name{#name, exact_##name, fast_##name, fuse_##name};

CLIPORT_KERNEL(avx512, CLIPORT_AVX512, Avx512Sieve, true)
CLIPORT_KERNEL(avx2, "avx2,fma", AnySieve, true)
CLIPORT_KERNEL(sse2, "sse2", AnySieve, false)

std::vector<HeightmapKernel> supported() {
  std::vector<HeightmapKernel> kernels;
  const bool has_fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (has_fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
    kernels.push_back(k_avx512);
  }
  if (has_fma) kernels.push_back(k_avx2);
  kernels.push_back(k_sse2);
  return kernels;
}
#else
// NEON is part of every 64-bit ARM, with fused multiply-adds; the compiler vectorises for it without being asked.
#if defined(__aarch64__)
constexpr bool kHasFma = true;
constexpr const char* kName = "neon";
#else
constexpr bool kHasFma = false;
constexpr const char* kName = "scalar";
#endif
std::vector<HeightmapKernel> supported() {
  return {{kName,
           [](const Projection& p, const RgbdFrame& f, int first, int end, Best* best) {
             project_rows<false>(p, f, first, end, best, AnySieve{});
           },
           [](const Projection& p, const RgbdFrame& f, int first, int end, Best* best) {
             project_rows<kHasFma>(p, f, first, end, best, AnySieve{});
           },
           [](std::span<const Sight> sights, std::size_t first, std::size_t end, const FusedMap& out) {
             fuse_cells(sights, first, end, out);
           }}};
}
#endif

}  // namespace

Projection::Projection(const RgbdFrame& frame, const HeightmapSpec& spec, const LensRays* lens_rays)
    : fx(static_cast<float>(frame.intrinsics.fx)),
      fy(static_cast<float>(frame.intrinsics.fy)),
      cx(frame.intrinsics.cx),
      cy(frame.intrinsics.cy),
      T(frame.T_base_camera),
      rays(lens_rays),
      x_min(static_cast<float>(spec.x_min_m)),
      x_max(static_cast<float>(spec.x_max_m)),
      y_min(static_cast<float>(spec.y_min_m)),
      y_max(static_cast<float>(spec.y_max_m)),
      z_min(static_cast<float>(spec.z_min_m)),
      z_max(static_cast<float>(spec.z_max_m)),
      pixel(static_cast<float>(spec.pixel_m)),
      rows(spec.rows()),
      cols(spec.cols()) {
  const double low[] = {x_min, y_min, z_min}, high[] = {x_max, y_max, z_max};
  const double most_x = rays ? rays->most_x : (std::abs(cx) + frame.intrinsics.width) / static_cast<double>(fx);
  const double most_y = rays ? rays->most_y : (std::abs(cy) + frame.intrinsics.height) / static_cast<double>(fy);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double* t = T.data() + 4 * axis;
    const double middle = (low[axis] + high[axis]) / 2, half = (high[axis] - low[axis]) / 2;
    const double length = std::abs(t[0]) * most_x + std::abs(t[1]) * most_y + std::abs(t[2]);
    // Each of the two ways rounds less than eight times, by at most 2^-24 of what is added up here; taken fourfold.
    const double rounding = 0x1p-18 * (kSureDepth_m * length + std::abs(t[3]) + std::abs(middle) + half);
    slope[axis] = static_cast<float>(t[0] / static_cast<double>(fx));
    offset[axis] = static_cast<float>(t[3] - middle);
    reach[axis] = static_cast<float>(half + rounding + 1e-30);
  }
}

std::array<float, 3> Projection::ray(int row) const {
  std::array<float, 3> ray;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double* t = T.data() + 4 * axis;
    ray[axis] =
        static_cast<float>(-cx / static_cast<double>(fx) * t[0] + (row - cy) / static_cast<double>(fy) * t[1] + t[2]);
  }
  return ray;
}

std::span<const HeightmapKernel> heightmap_kernels() {
  static const std::vector<HeightmapKernel> kernels = supported();
  return kernels;
}

}  // namespace cliport

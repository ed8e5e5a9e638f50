// Rows of a depth picture to the highest point of each cell. Included by heightmap_projection.cpp alone, which compiles
// it for each instruction set: hence always_inline, and loops without branches or calls, for the vectoriser.
//
// Three steps a row, each with its results in the first-level cache:
//   sieve    drops, 16 or 8 pixels at a time and in rough arithmetic, points that are outside for certain: most of them
//   place    the exact arithmetic: cell, height and pixel of each point that is left
//   scatter  raises the cells
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>

#include "heightmap_projection.hpp"
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

#define CLIPORT_INLINE [[gnu::always_inline]] inline

namespace cliport {
namespace {

constexpr int kBlock = 1024;       // most pixels of a row at a time
constexpr int kLanes = 16;         // vectors may be read and written up to this many elements beyond a block's end
constexpr int kAhead = 2048;       // pixels ahead that depth is prefetched
constexpr std::size_t kLine = 64;  // bytes of a cache line

// What the sieve leaves of a block, and what becomes of it.
struct Block {
  alignas(64) float depth_m[kBlock + kLanes];
  alignas(64) std::int32_t column[kBlock + kLanes];
  alignas(64) std::int32_t cell[kBlock + kLanes];
  alignas(64) Best point[kBlock + kLanes];
};

// A row of depth, in metres or as the sensor counts it.
template <typename Number>
struct DepthRow {
  const Number* numbers;
  float scale_m;
};

CLIPORT_INLINE float depth_of(const DepthRow<float>& row, int i) { return row.numbers[i]; }
CLIPORT_INLINE float depth_of(const DepthRow<std::uint16_t>& row, int i) {
  return static_cast<float>(row.numbers[i]) * row.scale_m;
}

// A row's rays for the sieve: linear in the column or, behind a lens, from a table.
struct LinearRays {
  std::array<float, 3> slope, ray;
  CLIPORT_INLINE float operator()(std::size_t axis, int column) const {
    return static_cast<float>(column) * slope[axis] + ray[axis];
  }
};

struct TableRays {
  const float *x, *y;
  std::array<std::array<float, 3>, 3> T;
  CLIPORT_INLINE float operator()(std::size_t axis, int column) const {
    return (T[axis][0] * x[column] + T[axis][1] * y[column]) + T[axis][2];
  }
};

// For every instruction set: the compiler vectorises the decision, then the kept are moved one by one.
struct AnySieve {
  template <typename Number, typename Rays>
  CLIPORT_INLINE int operator()(const Projection& projection, DepthRow<Number> depth, const Rays& rays_in_memory,
                                int first, int count, Block& block) const {
    const Rays rays = rays_in_memory;
    const auto [reach, offset] = std::pair{projection.reach, projection.offset};
    alignas(64) std::uint8_t keep[kBlock + kLanes];
    for (int i = 0; i < count; ++i) {
      const float d = depth_of(depth, first + i);
      const bool x_outside = std::abs(d * rays(0, first + i) + offset[0]) > reach[0];
      const bool y_outside = std::abs(d * rays(1, first + i) + offset[1]) > reach[1];
      const bool z_outside = std::abs(d * rays(2, first + i) + offset[2]) > reach[2];
      const bool outside = x_outside | y_outside | z_outside;
      keep[i] = ((d > 0.0f) & !outside) | (d > kSureDepth_m);
    }
    int kept = 0;
    for (int i = 0; i < count;) {
      std::uint64_t next = 0;
      if (count - i >= 8) std::memcpy(&next, keep + i, 8);
      if (count - i >= 8 && next == 0) {
        i += 8;
        continue;
      }
      for (const int end = std::min(count, i + 8); i < end; ++i) {
        block.depth_m[kept] = depth_of(depth, first + i);
        block.column[kept] = first + i;
        kept += keep[i];
      }
    }
    return kept;
  }
};

#if defined(__x86_64__) && defined(__GNUC__)
#define CLIPORT_AVX512_TARGET gnu::target("avx512f,avx512dq,avx512vl,avx512bw,fma")
#define CLIPORT_AVX512_INLINE [[CLIPORT_AVX512_TARGET, gnu::always_inline]] inline

struct Avx512Sieve {
  CLIPORT_AVX512_INLINE static __m512 load(const DepthRow<float>& row, int i, __mmask16 lanes) {
    return _mm512_maskz_loadu_ps(lanes, row.numbers + i);
  }
  CLIPORT_AVX512_INLINE static __m512 load(const DepthRow<std::uint16_t>& row, int i, __mmask16 lanes) {
    const __m512i counts = _mm512_maskz_cvtepu16_epi32(0xffff, _mm256_maskz_loadu_epi16(lanes, row.numbers + i));
    return _mm512_mul_ps(_mm512_maskz_cvtepi32_ps(0xffff, counts), _mm512_set1_ps(row.scale_m));
  }
  CLIPORT_AVX512_INLINE static __m512 rays_at(const LinearRays& rays, std::size_t axis, __m512i columns, int,
                                              __mmask16) {
    return _mm512_fmadd_ps(_mm512_maskz_cvtepi32_ps(0xffff, columns), _mm512_set1_ps(rays.slope[axis]),
                           _mm512_set1_ps(rays.ray[axis]));
  }
  CLIPORT_AVX512_INLINE static __m512 rays_at(const TableRays& rays, std::size_t axis, __m512i, int at,
                                              __mmask16 lanes) {
    const auto& T = rays.T[axis];
    const __m512 x = _mm512_maskz_loadu_ps(lanes, rays.x + at), y = _mm512_maskz_loadu_ps(lanes, rays.y + at);
    return _mm512_fmadd_ps(x, _mm512_set1_ps(T[0]), _mm512_fmadd_ps(y, _mm512_set1_ps(T[1]), _mm512_set1_ps(T[2])));
  }

  // Not inline: its caller is for any instruction set until it is itself inlined.
  template <typename Number, typename Rays>
  [[CLIPORT_AVX512_TARGET, gnu::noinline]] int operator()(const Projection& projection, DepthRow<Number> depth,
                                                          const Rays& rays, int first, int count, Block& block) const {
    const __m512 sure = _mm512_set1_ps(kSureDepth_m);
    __m512i columns = _mm512_add_epi32(_mm512_set1_epi32(first),
                                       _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    int kept = 0;
    for (int i = 0; i < count; i += kLanes) {
      const __mmask16 lanes = static_cast<__mmask16>(count - i >= kLanes ? 0xffffu : (1u << (count - i)) - 1u);
      const int at = first + i;
      const __m512 d = load(depth, at, lanes);
      __mmask16 keep = _mm512_cmp_ps_mask(d, _mm512_setzero_ps(), _CMP_GT_OQ);
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const __m512 p =
            _mm512_fmadd_ps(d, rays_at(rays, axis, columns, at, lanes), _mm512_set1_ps(projection.offset[axis]));
        keep = _mm512_mask_cmp_ps_mask(keep, _mm512_abs_ps(p), _mm512_set1_ps(projection.reach[axis]), _CMP_NGT_UQ);
      }
      keep = static_cast<__mmask16>(keep | _mm512_cmp_ps_mask(d, sure, _CMP_GT_OQ));
      if (keep != 0) {
        _mm512_storeu_ps(block.depth_m + kept, _mm512_maskz_compress_ps(keep, d));
        _mm512_storeu_si512(block.column + kept, _mm512_maskz_compress_epi32(keep, columns));
        kept += __builtin_popcount(keep);
      }
      columns = _mm512_add_epi32(columns, _mm512_set1_epi32(kLanes));
    }
    return kept;
  }
};
#endif

// Cell and Best of the first `count` points of a block; those outside get the place behind the last cell.
template <bool kFused, bool kLens>
CLIPORT_INLINE void place(const Projection& projection, int row_of_picture, std::uint32_t first_pixel, int count,
                          Block& block) {
  const Projection p = projection;
  const double v_from_center = static_cast<double>(row_of_picture) - p.cy;
  const float* ray_x = kLens ? p.rays->x.data() + first_pixel : nullptr;
  const float* ray_y = kLens ? p.rays->y.data() + first_pixel : nullptr;
  for (int i = 0; i < count; ++i) {
    const float depth = block.depth_m[i];
    const std::int32_t column = block.column[i];
    float X, Y;
    if constexpr (kLens) {
      X = ray_x[column] * depth;
      Y = ray_y[column] * depth;
    } else {
      X = across(static_cast<double>(column) - p.cx, depth, p.fx);
      Y = across(v_from_center, depth, p.fy);
    }
    const PlacedPoint placed = place_point<kFused>(p, X, Y, depth);
    block.cell[i] = placed.cell;
    block.point[i] = best_of(placed.z, first_pixel + static_cast<std::uint32_t>(column));
  }
}

CLIPORT_INLINE void scatter(const Block& block, int count, Best* best) {
  for (int i = 0; i < count; ++i) {
    Best& held = best[block.cell[i]];
    held = block.point[i] > held ? block.point[i] : held;
  }
}

CLIPORT_INLINE void prefetch(const void* begin, std::size_t bytes) {
  const char* at = static_cast<const char*>(begin);
  for (std::size_t byte = 0; byte < bytes; byte += kLine) __builtin_prefetch(at + byte);
}

template <bool kFused, bool kLens, typename Number, typename Sieve>
CLIPORT_INLINE void project_depth(const Projection& projection, const RgbdFrame& frame, const Number* depth,
                                  int first_row, int end_row, Best* best, Sieve sieve) {
  Block block;
  const int width = frame.intrinsics.width;
  const std::size_t pixels = frame.intrinsics.pixels();
  for (int v = first_row; v < end_row; ++v) {
    const std::size_t row_start = static_cast<std::size_t>(v) * static_cast<std::size_t>(width);
    const std::uint32_t first_pixel = static_cast<std::uint32_t>(row_start);
    const DepthRow<Number> row{depth + row_start, frame.depth_scale_m};
    for (int first = 0; first < width; first += kBlock) {
      const int count = std::min(kBlock, width - first);
      const std::size_t ahead = row_start + static_cast<std::size_t>(first) + kAhead;
      if (ahead + static_cast<std::size_t>(count) <= pixels) {
        prefetch(depth + ahead, static_cast<std::size_t>(count) * sizeof(Number));
      }
      int kept;
      if constexpr (kLens) {
        TableRays rays{projection.rays->x.data() + row_start, projection.rays->y.data() + row_start, {}};
        for (std::size_t i = 0; i < 9; ++i) rays.T[i / 3][i % 3] = static_cast<float>(projection.T[i / 3 * 4 + i % 3]);
        kept = sieve(projection, row, rays, first, count, block);
      } else {
        kept = sieve(projection, row, LinearRays{projection.slope, projection.ray(v)}, first, count, block);
      }
      if (kept == 0) continue;
      place<kFused, kLens>(projection, v, first_pixel, kept, block);
      // Fusion will read colours here and there; brought in row by row they come at the memory's full speed.
      if (!frame.color_camera) {
        const std::size_t from = row_start + static_cast<std::size_t>(block.column[0]);
        prefetch(frame.color.data() + 3 * from,
                 3 * static_cast<std::size_t>(block.column[kept - 1] - block.column[0] + 1));
      }
      scatter(block, kept, best);
    }
  }
}

template <bool kFused, typename Sieve>
CLIPORT_INLINE void project_rows(const Projection& p, const RgbdFrame& frame, int first_row, int end_row, Best* best,
                                 Sieve sieve) {
  const float* metres = frame.depth_m.data();
  const std::uint16_t* counts = frame.depth_raw.data();
  if (p.rays == nullptr && frame.depth_raw.empty()) {
    project_depth<kFused, false>(p, frame, metres, first_row, end_row, best, sieve);
  } else if (p.rays == nullptr) {
    project_depth<kFused, false>(p, frame, counts, first_row, end_row, best, sieve);
  } else if (frame.depth_raw.empty()) {
    project_depth<kFused, true>(p, frame, metres, first_row, end_row, best, sieve);
  } else {
    project_depth<kFused, true>(p, frame, counts, first_row, end_row, best, sieve);
  }
}

}  // namespace
}  // namespace cliport

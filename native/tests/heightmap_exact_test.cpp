// The same bits as a slow transcription, on every instruction set, with threads and fast paths.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

#include "../core/heightmap_projection.hpp"
#include "../core/random.hpp"
#include "heightmap_rig.hpp"

namespace cliport {
namespace {

// The algorithm once more, one point at a time and without a thought for speed.
void project_slowly(std::span<const RgbdFrame> frames, Map& map) {
  const HeightmapSpec& spec = map.spec;
  const int rows = spec.rows(), cols = spec.cols();
  std::vector<float> best(map.height_m.size(), 0.0f);
  std::vector<int> sums(3 * best.size()), seen(best.size());
  std::fill(map.height_m.begin(), map.height_m.end(), 0.0f);
  for (const RgbdFrame& frame : frames) {
    std::vector<float> top(best.size(), -kInfinity);
    std::vector<std::size_t> from(best.size());
    for (std::size_t i = 0; i < frame.depth_m.size(); ++i) {
      const float d = frame.depth_m[i];
      if (!(d > 0.0f) || std::isinf(d)) continue;
      const Intrinsics& k = frame.intrinsics;
      const auto width = static_cast<std::size_t>(k.width);
      const double p[4] = {static_cast<float>((static_cast<double>(i % width) - k.cx) *
                                              static_cast<double>(d / static_cast<float>(k.fx))),
                           static_cast<float>((static_cast<double>(i / width) - k.cy) *
                                              static_cast<double>(d / static_cast<float>(k.fy))),
                           d, 1.0};
      float q[3];
      for (int r = 0; r < 3; ++r) {
        const double* T = frame.T_base_camera.data() + 4 * r;
        q[r] = static_cast<float>(((T[0] * p[0] + T[1] * p[1]) + T[2] * p[2]) + T[3] * p[3]);
      }
      const float low[3] = {static_cast<float>(spec.x_min_m), static_cast<float>(spec.y_min_m),
                            static_cast<float>(spec.z_min_m)};
      const float high[3] = {static_cast<float>(spec.x_max_m), static_cast<float>(spec.y_max_m),
                             static_cast<float>(spec.z_max_m)};
      bool inside = true;
      for (int r = 0; r < 3; ++r) inside = inside && q[r] >= low[r] && q[r] < high[r];
      if (!inside) continue;
      const int col =
          std::min(static_cast<int>(std::floor((q[0] - low[0]) / static_cast<float>(spec.pixel_m))), cols - 1);
      const int row =
          std::min(static_cast<int>(std::floor((q[1] - low[1]) / static_cast<float>(spec.pixel_m))), rows - 1);
      const std::size_t cell = map.cell(row, col);
      if (q[2] >= top[cell]) {
        top[cell] = q[2];
        from[cell] = i;
      }
    }
    for (std::size_t cell = 0; cell < best.size(); ++cell) {
      if (top[cell] == -kInfinity) continue;
      map.height_m[cell] = std::max(map.height_m[cell], top[cell] - static_cast<float>(spec.z_min_m));
      const std::uint8_t* rgb = frame.color.data() + 3 * from[cell];
      for (std::size_t c = 0; c < 3; ++c) sums[3 * cell + c] += rgb[c];
      seen[cell] += rgb[0] + rgb[1] + rgb[2] > 0;
    }
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    map.color[i] = static_cast<std::uint8_t>(std::nearbyint(sums[i] / static_cast<double>(std::max(seen[i / 3], 1))));
  }
}

TEST(Heightmap, EqualsASlowTranscriptionOnRandomFrames) {
  Random random(4);
  for (int round = 0; round < 60; ++round) {
    const std::vector<Shot> shots = random_shots(random);
    const std::vector<RgbdFrame> frames = frames_of(shots);
    HeightmapSpec spec;
    spec.z_min_m = -0.3;
    spec.pixel_m = 0.02 + 0.05 * random.uniform();
    Map fast(spec), slow(spec);
    ASSERT_TRUE(fast.project(frames).ok());
    project_slowly(frames, slow);
    ASSERT_EQ(fast.height_m, slow.height_m) << "round " << round;
    ASSERT_EQ(fast.color, slow.color) << "round " << round;
  }
}

TEST(Heightmap, EveryInstructionSetGivesTheSameBits) {
  Random random(5);
  const HeightmapSpec spec{0.0, 1.0, -0.5, 0.5, -0.3, 0.7, 0.01};
  for (int round = 0; round < 40; ++round) {
    for (const Shot& shot : random_shots(random)) {
      const Projection projection(shot.frame(), spec);
      std::vector<Best> expected;
      for (const HeightmapKernel& kernel : heightmap_kernels()) {
        std::vector<Best> best(projection.cells() + 1, 0);
        kernel.exact(projection, shot.frame(), 0, shot.intrinsics.height, best.data());
        best.pop_back();  // what lies outside
        if (expected.empty()) expected = best;
        ASSERT_EQ(best, expected) << kernel.name << ", round " << round;
      }
    }
  }
}

TEST(Heightmap, ThreadsAndDepthAsTheSensorCountsItGiveTheSameBits) {
  Random random(6);
  for (int round = 0; round < 20; ++round) {
    std::vector<Shot> shots = random_shots(random);
    std::vector<std::vector<std::uint16_t>> counts(shots.size());
    std::vector<RgbdFrame> frames, counted;
    for (std::size_t i = 0; i < shots.size(); ++i) {
      for (float& depth : shots[i].depth_m) {
        counts[i].push_back(static_cast<std::uint16_t>(random.uniform() * 20000));
        depth = static_cast<float>(counts[i].back()) * 1e-4f;
      }
      frames.push_back(shots[i].frame());
      RgbdFrame frame = shots[i].frame();
      frame.depth_m = {};
      frame.depth_raw = counts[i];
      frame.depth_scale_m = 1e-4f;
      counted.push_back(frame);
    }
    HeightmapSpec spec;
    spec.z_min_m = -0.3;
    spec.pixel_m = 0.02;
    Map one(spec), other(spec);
    ASSERT_TRUE(one.project(frames).ok());
    for (const int threads : {1, 2, 3, 7}) {
      ASSERT_TRUE(
          project_heightmap(counted, spec, other.height_m, other.color, other.labels, {HeightmapMode::kExact, threads})
              .ok());
      ASSERT_EQ(one.height_m, other.height_m) << "round " << round << ", threads " << threads;
      ASSERT_EQ(one.color, other.color) << "round " << round << ", threads " << threads;
      ASSERT_EQ(one.labels, other.labels) << "round " << round << ", threads " << threads;
    }
  }
}

TEST(Heightmap, FastModeDiffersInAFewCellsAtMost) {
  Random random(7);
  for (int round = 0; round < 40; ++round) {
    const std::vector<Shot> shots = random_shots(random);
    const std::vector<RgbdFrame> frames = frames_of(shots);
    HeightmapSpec spec;
    spec.z_min_m = -0.3;
    Map exact(spec), fast(spec);
    ASSERT_TRUE(exact.project(frames).ok());
    ASSERT_TRUE(
        project_heightmap(frames, spec, fast.height_m, fast.color, fast.labels, {HeightmapMode::kFast, 2}).ok());
    int differ = 0;
    for (std::size_t cell = 0; cell < exact.height_m.size(); ++cell) {
      differ += std::abs(exact.height_m[cell] - fast.height_m[cell]) > 1e-6f || exact.rgb(cell) != fast.rgb(cell);
    }
    ASSERT_LE(differ, 5) << "round " << round;
  }
}

TEST(Heightmap, PointsOnTheEdgeOfTheBoxAreNotSievedAway) {
  // Thousands of points within a few rounding steps of the box's faces, from a tilted camera far away.
  Random random(8);
  for (int round = 0; round < 30; ++round) {
    Shot shot(1000, 8, 1.0f);
    shot.intrinsics.fx = shot.intrinsics.fy = 1e5;  // all pixels look at nearly one point
    for (std::size_t i = 0; i < 12; ++i) shot.T_base_camera[i] = 4.0 * random.uniform() - 2.0;
    for (float& depth : shot.depth_m) depth = 3.0f + 1e-6f * static_cast<float>(random.uniform());
    HeightmapSpec spec;
    const double x = shot.T_base_camera[2] * 3.0 + shot.T_base_camera[3];
    const double y = shot.T_base_camera[6] * 3.0 + shot.T_base_camera[7];
    const double z = shot.T_base_camera[10] * 3.0 + shot.T_base_camera[11];
    spec = {x, x + 0.5, y - 0.5, y, z, z + 0.3, 0.05};
    const std::array frames{shot.frame()};
    Map fast(spec), slow(spec);
    ASSERT_TRUE(fast.project(frames).ok());
    project_slowly(frames, slow);
    ASSERT_EQ(fast.height_m, slow.height_m) << "round " << round;
    ASSERT_EQ(fast.color, slow.color) << "round " << round;
  }
}

TEST(Heightmap, ThreadsProjectAtTheSameTimeWithoutMixingUp) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t, &wrong] {
      const float depth_m = 0.75f + 0.05f * static_cast<float>(t);
      const Shot shot(40, 30, depth_m);
      Map map({});
      for (int round = 0; round < 20; ++round) {
        if (!map.project(std::array{shot.frame()}).ok()) ++wrong[static_cast<std::size_t>(t)];
        const float highest = *std::max_element(map.height_m.begin(), map.height_m.end());
        if (std::abs(highest - (1.0f - depth_m)) > 1e-5f) ++wrong[static_cast<std::size_t>(t)];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace cliport

#include "cliport/heightmap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "../core/heightmap_projection.hpp"
#include "../core/random.hpp"

namespace cliport {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Looks straight down from (0.5, 0, 1): image right is +y, image down is +x.
constexpr Transform kDown{0, 1, 0, 0.5, 1, 0, 0, 0, 0, 0, -1, 1, 0, 0, 0, 1};

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

Shot two_pixels_of_one_cell(float depth_m) {
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

TEST(Heightmap, PublishedWorkspaceHas320By160Cells) {
  EXPECT_EQ(HeightmapSpec{}.rows(), 320);
  EXPECT_EQ(HeightmapSpec{}.cols(), 160);
}

TEST(Heightmap, APointLandsInTheCellOfItsXAndYAtItsHeight) {
  Shot shot(1, 1, 0.9f);
  shot.labels[0] = 7;
  // 0.9 m straight below (0.5, 0, 1) is (0.5, 0, 0.1): half of 160 columns, half of 320 rows.
  Map map({});
  ASSERT_TRUE(map.project(std::array{shot.frame()}).ok());
  for (std::size_t cell = 0; cell < map.height_m.size(); ++cell) {
    if (cell == map.cell(160, 80)) continue;
    ASSERT_EQ(map.height_m[cell], 0.0f);
    ASSERT_EQ(map.rgb(cell), (std::array{0, 0, 0}));
    ASSERT_EQ(map.labels[cell], 0);
  }
  EXPECT_NEAR(map.height_m[map.cell(160, 80)], 0.1f, 1e-6);
  EXPECT_EQ(map.rgb(map.cell(160, 80)), (std::array{10, 20, 30}));
  EXPECT_EQ(map.labels[map.cell(160, 80)], 7);
}

TEST(Heightmap, HeightsCountFromTheLowerBound) {
  const Shot shot(1, 1, 0.9f);
  HeightmapSpec spec;
  spec.z_min_m = -0.02;
  Map map(spec);
  ASSERT_TRUE(map.project(std::array{shot.frame()}).ok());
  EXPECT_NEAR(map.height_m[map.cell(160, 80)], 0.12f, 1e-6);
}

TEST(Heightmap, TheHigherPointOfACellWinsWhateverTheOrder) {
  for (const std::size_t high : {0u, 1u}) {
    Shot shot = two_pixels_of_one_cell(0.9f);
    shot.depth_m[high] = 0.8f;
    shot.paint(high, {200, 100, 50});
    shot.labels[high] = 3;
    Map map({});
    ASSERT_TRUE(map.project(std::array{shot.frame()}).ok());
    const std::size_t cell = map.cell(160, 80);
    EXPECT_NEAR(map.height_m[cell], 0.2f, 1e-6);
    EXPECT_EQ(map.rgb(cell), (std::array{200, 100, 50}));
    EXPECT_EQ(map.labels[cell], 3);
  }
}

TEST(Heightmap, OfEquallyHighPointsTheLaterOneGivesTheColour) {
  Shot shot = two_pixels_of_one_cell(0.9f);
  shot.paint(0, {1, 1, 1});
  shot.paint(1, {2, 2, 2});
  Map map({});
  ASSERT_TRUE(map.project(std::array{shot.frame()}).ok());
  EXPECT_EQ(map.rgb(map.cell(160, 80)), (std::array{2, 2, 2}));
}

TEST(Heightmap, MinusZeroIsAsHighAsZero) {
  // Both points lie at height 0, but the first one's is a sum of positive and the second one's of negative zeros.
  for (const std::size_t negative : {0u, 1u}) {
    Shot shot = two_pixels_of_one_cell(1.0f);
    shot.paint(0, {1, 1, 1});
    shot.paint(1, {2, 2, 2});
    shot.T_base_camera = {0, 0, 0, 0.5, 0, 0, 0, 0, negative == 1 ? -1e-320 : 1e-320, -0.0, -0.0, -0.0, 0, 0, 0, 1};
    shot.intrinsics.cx = 0.5;  // one pixel on each side of the middle
    Map map({});
    ASSERT_TRUE(map.project(std::array{shot.frame()}).ok());
    EXPECT_EQ(map.rgb(map.cell(160, 80)), (std::array{2, 2, 2}));
  }
}

TEST(Heightmap, CamerasAreFusedByLargestHeightAndMeanColourRoundedHalfToEven) {
  Shot low(1, 1, 0.9f, {10, 11, 255}), high(1, 1, 0.8f, {11, 12, 255});
  low.labels[0] = 1;
  high.labels[0] = 2;
  Map map({});
  ASSERT_TRUE(map.project(std::array{low.frame(), high.frame()}).ok());
  const std::size_t cell = map.cell(160, 80);
  EXPECT_NEAR(map.height_m[cell], 0.2f, 1e-6);
  EXPECT_EQ(map.rgb(cell), (std::array{10, 12, 255}));  // 10.5 -> 10, 11.5 -> 12
  EXPECT_EQ(map.labels[cell], 2);
}

TEST(Heightmap, ACameraThatSeesBlackCountsForHeightButNotForColour) {
  const Shot black(1, 1, 0.8f, {0, 0, 0}), grey(1, 1, 0.9f, {100, 100, 100});
  Map map({});
  ASSERT_TRUE(map.project(std::array{black.frame(), grey.frame()}).ok());
  const std::size_t cell = map.cell(160, 80);
  EXPECT_NEAR(map.height_m[cell], 0.2f, 1e-6);
  EXPECT_EQ(map.rgb(cell), (std::array{100, 100, 100}));
}

TEST(Heightmap, OfEquallyHighCamerasTheFirstGivesTheLabel) {
  Shot first(1, 1, 0.9f), second(1, 1, 0.9f);
  first.labels[0] = 1;
  second.labels[0] = 2;
  Map map({});
  ASSERT_TRUE(map.project(std::array{first.frame(), second.frame()}).ok());
  EXPECT_EQ(map.labels[map.cell(160, 80)], 1);
}

TEST(Heightmap, DepthThatIsNotPositiveAndFiniteIsNoPoint) {
  for (const float bad : {kNaN, -kNaN, kInfinity, -kInfinity, 0.0f, -0.0f, -0.9f}) {
    Shot shot(64, 3, bad);
    Transform up = kDown;  // behind this camera lies the workspace: a negative depth would land in it
    up[10] = 1;
    up[11] = 1;
    for (const Transform& T : {kDown, up}) {
      shot.T_base_camera = T;
      Map map({});
      ASSERT_TRUE(map.project(std::array{shot.frame()}).ok());
      EXPECT_EQ(std::count(map.height_m.begin(), map.height_m.end(), 0.0f), 51200) << "depth " << bad;
      EXPECT_EQ(std::count(map.color.begin(), map.color.end(), 0), 3 * 51200) << "depth " << bad;
    }
  }
}

TEST(Heightmap, LowerBoundsBelongToTheBoxAndUpperBoundsDoNot) {
  HeightmapSpec spec{0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.25};
  const auto seen = [&spec](double x, double y, double z) {
    Shot shot(1, 1, 1.0f);
    shot.T_base_camera = {1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z - 1.0, 0, 0, 0, 1};
    Map map(spec);
    EXPECT_TRUE(map.project(std::array{shot.frame()}).ok());
    return std::count(map.color.begin(), map.color.end(), 10);
  };
  EXPECT_EQ(seen(0, 0, 0), 1);
  EXPECT_EQ(seen(1, 0, 0), 0);
  EXPECT_EQ(seen(0, 1, 0), 0);
  EXPECT_EQ(seen(0, 0, 1), 0);
  EXPECT_EQ(seen(0.999, 0.999, 0.999), 1);
  EXPECT_EQ(seen(-1e-6, 0, 0), 0);
}

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

// One to four cameras of any size and pose, not even rigid; a tenth of the depths is bad, many points are equally high.
std::vector<Shot> random_shots(Random& random) {
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

TEST(Heightmap, EqualsASlowTranscriptionOnRandomFrames) {
  Random random(4);
  for (int round = 0; round < 60; ++round) {
    const std::vector<Shot> shots = random_shots(random);
    std::vector<RgbdFrame> frames;
    for (const Shot& shot : shots) frames.push_back(shot.frame());
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
    std::vector<RgbdFrame> frames;
    for (const Shot& shot : shots) frames.push_back(shot.frame());
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

TEST(Heightmap, ADistortedPictureLandsWhereTheUndistortedOneWould) {
  // A table 1 m below a camera whose lens moves points by up to several pixels: with the lens given, the cells of the
  // seen area are those of its true outline.
  Shot shot(64, 48, 1.0f);
  HeightmapSpec spec;
  spec.z_min_m = -0.5;
  spec.pixel_m = 0.02;
  RgbdFrame frame = shot.frame();
  frame.lens = {LensModel::kBrownConrady, {-0.2, 0.05, 0.001, -0.002, 0.0}};
  const auto rays = rays_of(frame.intrinsics, frame.lens);
  ASSERT_NE(rays, nullptr);
  for (std::size_t pixel = 0; pixel < frame.intrinsics.pixels(); ++pixel) {
    const auto [x, y] = bent(frame.lens, static_cast<double>(rays->x[pixel]), static_cast<double>(rays->y[pixel]));
    EXPECT_NEAR(100.0 * x + 31.5, static_cast<double>(pixel % 64), 1e-4);
    EXPECT_NEAR(100.0 * y + 23.5, static_cast<double>(pixel / 64), 1e-4);
  }
  Map straight(spec), corrected(spec), threads(spec);
  ASSERT_TRUE(straight.project(std::array{shot.frame()}).ok());
  ASSERT_TRUE(corrected.project(std::array{frame}).ok());
  const auto seen = [](const Map& map) {
    return std::count_if(map.height_m.begin(), map.height_m.end(), [](float h) { return h > 0; });
  };
  EXPECT_GT(seen(corrected), seen(straight));  // barrel distortion: the picture shows more than a pinhole's
  const std::size_t corner = 0;
  const int row = static_cast<int>((static_cast<double>(rays->x[corner]) + 0.5) / 0.02);
  const int col = static_cast<int>((static_cast<double>(rays->y[corner]) + 0.5 - 0.25) / 0.02);
  EXPECT_NEAR(corrected.height_m[corrected.cell(row, col)], 0.5f, 1e-5);
  EXPECT_EQ(straight.height_m[straight.cell(row, col)], 0.0f);
  for (const HeightmapKernel& kernel : heightmap_kernels()) {
    const Projection projection(frame, spec, rays.get());
    std::vector<Best> best(projection.cells() + 1, 0);
    kernel.exact(projection, frame, 0, 48, best.data());
    for (std::size_t cell = 0; cell < projection.cells(); ++cell) {
      ASSERT_EQ(best[cell] != 0, corrected.height_m[cell] != 0.0f) << kernel.name;
    }
  }
}

TEST(Heightmap, ALensWithoutCoefficientsIsAPinhole) {
  EXPECT_EQ(rays_of({4, 4, 1.0, 1.0, 1.5, 1.5}, {LensModel::kBrownConrady, {}}), nullptr);
  EXPECT_EQ(rays_of({4, 4, 1.0, 1.0, 1.5, 1.5}, {LensModel::kPinhole, {1.0}}), nullptr);
}

TEST(Heightmap, OutliersAreCellsThatStandAloneInHeight) {
  std::vector<float> height_m(25, 0.1f);
  std::vector<std::uint8_t> color(75, 50);
  height_m[12] = 0.2f;
  height_m[0] = height_m[1] = height_m[5] = 0.15f;  // a corner of three
  int removed = 0;
  ASSERT_TRUE(remove_outliers({5, 5, height_m, color}, 0.01, 2, &removed).ok());
  EXPECT_EQ(removed, 1);
  EXPECT_EQ(height_m[12], 0.0f);
  EXPECT_EQ(color[36], 0);
  EXPECT_EQ(height_m[0], 0.15f);
  EXPECT_EQ(color[0], 50);
}

TEST(Heightmap, SmallHolesTakeTheMedianOfTheirNeighboursAndShadowsStay) {
  std::vector<float> height_m(49, 0.1f);
  std::vector<std::uint8_t> color(147, 50);
  const auto make_hole = [&](std::size_t cell) {
    height_m[cell] = 0.0f;
    std::fill_n(color.begin() + static_cast<std::ptrdiff_t>(3 * cell), 3, std::uint8_t{0});
  };
  make_hole(8);
  height_m[0] = 0.2f;
  for (std::size_t cell = 21; cell < 49; ++cell) make_hole(cell);  // four rows: a shadow
  int filled = 0;
  ASSERT_TRUE(fill_holes({7, 7, height_m, color}, 3, &filled).ok());
  EXPECT_EQ(filled, 1);
  EXPECT_EQ(height_m[8], 0.1f);
  EXPECT_EQ(color[24], 50);
  EXPECT_EQ(height_m[24], 0.0f);
}

TEST(Heightmap, CleaningRefusesWhatMakesNoSense) {
  std::vector<float> height_m(4);
  std::vector<std::uint8_t> color(12);
  EXPECT_FALSE(fill_holes({2, 2, height_m, color}, 0).ok());
  EXPECT_FALSE(fill_holes({2, 3, height_m, color}, 1).ok());
  EXPECT_FALSE(remove_outliers({2, 2, height_m, color}, 0.0, 2).ok());
  EXPECT_FALSE(remove_outliers({2, 2, height_m, color}, 0.01, 9).ok());
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

TEST(Heightmap, WrongSizesAreRefusedByNameAndNothingIsWritten) {
  Shot shot(4, 4, 0.9f);
  Map map({});
  const auto message = [&map](const RgbdFrame& frame) { return map.project(std::array{frame}).message; };
  RgbdFrame frame = shot.frame();
  frame.depth_m = frame.depth_m.first(15);
  EXPECT_EQ(message(frame), "Expected 16 elements for frames[0].depth but received 15");
  frame = shot.frame();
  frame.color = frame.color.first(16);
  EXPECT_EQ(message(frame), "Expected 48 elements for frames[0].color but received 16");
  frame = shot.frame();
  frame.labels = frame.labels.first(1);
  EXPECT_EQ(message(frame), "Expected 16 elements for frames[0].labels but received 1");
  frame = shot.frame();
  frame.intrinsics.fx = 0.0;
  EXPECT_NE(message(frame), "");
  frame = shot.frame();
  frame.T_base_camera[3] = std::nan("");
  EXPECT_NE(message(frame), "");
  map.height_m.pop_back();
  EXPECT_EQ(message(shot.frame()), "Expected 51200 elements for output.height but received 51199");
  EXPECT_EQ(map.height_m[0], -9.0f);
  EXPECT_EQ(map.color[0], 99);
}

TEST(Heightmap, SpecsThatMakeNoGridAreRefused) {
  const HeightmapSpec good;
  for (int bad = 0; bad < 6; ++bad) {
    HeightmapSpec spec = good;
    if (bad == 0) spec.pixel_m = 0.0;
    if (bad == 1) spec.pixel_m = std::nan("");
    if (bad == 2) spec.x_max_m = spec.x_min_m - 1.0;
    if (bad == 3) spec.pixel_m = 1e-9;
    if (bad == 4) spec.z_max_m = spec.z_min_m;
    if (bad == 5) spec.y_max_m = std::numeric_limits<double>::infinity();
    EXPECT_FALSE(project_heightmap({}, spec, {}, {}).ok()) << bad;
  }
}

}  // namespace
}  // namespace cliport

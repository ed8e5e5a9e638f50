// Which cell a point lands in, which point and camera give it its height and colour, and what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "heightmap_rig.hpp"

namespace cliport {
namespace {

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

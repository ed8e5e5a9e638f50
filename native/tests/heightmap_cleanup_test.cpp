// Lenses, outliers and holes.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../core/heightmap_projection.hpp"
#include "heightmap_rig.hpp"

namespace cliport {
namespace {

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

}  // namespace
}  // namespace cliport

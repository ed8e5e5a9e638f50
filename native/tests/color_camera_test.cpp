// Colour from a camera of its own, beside the depth camera.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "../core/color_lookup.hpp"
#include "cliport/heightmap.hpp"

namespace cliport {
namespace {

constexpr Transform kIdentity{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
// Looks straight down from (0.5, 0, 1): image right is +y, image down is +x.
constexpr Transform kDown{0, 1, 0, 0.5, 1, 0, 0, 0, 0, 0, -1, 1, 0, 0, 0, 1};

// A flat table 1 m below a depth camera of 32 x 24 pixels, and a colour camera of 80 x 60 that says where it is seen:
// red is the column, green the row, blue marks that there is colour at all.
struct Pair {
  Pair() {
    for (int i = 0; i < 80 * 60; ++i) {
      color.push_back(static_cast<std::uint8_t>(i % 80));
      color.push_back(static_cast<std::uint8_t>(i / 80));
      color.push_back(200);
    }
  }
  RgbdFrame frame() const {
    RgbdFrame frame{{32, 24, 20.0, 20.0, 15.5, 11.5}, kDown, depth_m, color, {}};
    frame.color_camera = camera;
    return frame;
  }
  std::vector<float> depth_m = std::vector<float>(32 * 24, 1.0f);
  std::vector<std::uint8_t> color;
  ColorCamera camera{{80, 60, 45.0, 45.0, 39.5, 29.5}, kIdentity, {}};
};

TEST(ColorCamera, APointHasTheColourOfThePixelThatItIsSeenIn) {
  Pair pair;
  pair.camera.T_color_depth[3] = -0.05;
  pair.camera.T_color_depth[7] = 0.02;
  const RgbdFrame frame = pair.frame();
  for (const auto& [u, v] : {std::pair{15, 11}, std::pair{16, 12}, std::pair{20, 8}, std::pair{9, 15}}) {
    const double x = (u - 15.5) / 20.0 - 0.05, y = (v - 11.5) / 20.0 + 0.02;
    const std::uint8_t* rgb = color_at(frame, static_cast<std::size_t>(v * 32 + u), 1.0);
    EXPECT_EQ(rgb[0], std::lround(45.0 * x + 39.5));
    EXPECT_EQ(rgb[1], std::lround(45.0 * y + 29.5));
  }
}

TEST(ColorCamera, ParallaxShrinksWithDistance) {
  Pair pair;
  pair.camera.T_color_depth[3] = 0.1;
  const RgbdFrame frame = pair.frame();
  const std::size_t middle = 12 * 32 + 16;
  EXPECT_EQ(color_at(frame, middle, 1.0)[0], std::lround(45.0 * (0.025 + 0.1) + 39.5));
  EXPECT_EQ(color_at(frame, middle, 4.0)[0], std::lround(45.0 * (0.025 + 0.025) + 39.5));
}

TEST(ColorCamera, WhereItDoesNotLookAPointIsBlack) {
  Pair pair;
  pair.camera.T_color_depth[3] = 2.0;
  EXPECT_EQ(color_at(pair.frame(), 0, 1.0)[2], 0);
  pair.camera.T_color_depth = kIdentity;
  pair.camera.T_color_depth[11] = -2.0;  // the point lies behind it
  EXPECT_EQ(color_at(pair.frame(), 400, 1.0)[2], 0);
}

TEST(ColorCamera, TheLensMovesPointsAsItsModelSays) {
  const double x = 0.3, y = -0.2, r2 = x * x + y * y;
  const std::array<double, 5> k{0.1, -0.05, 0.01, -0.02, 0.03};
  const double radial = 1 + k[0] * r2 + k[1] * r2 * r2 + k[4] * r2 * r2 * r2;
  const auto original = bent({LensModel::kBrownConrady, k}, x, y);
  EXPECT_NEAR(original[0], x * radial + 2 * k[2] * x * y + k[3] * (r2 + 2 * x * x), 1e-12);
  EXPECT_NEAR(original[1], y * radial + 2 * k[3] * x * y + k[2] * (r2 + 2 * y * y), 1e-12);
  const double xr = x * radial, yr = y * radial;
  const auto moved = bent({LensModel::kBrownConradyTwo, k}, x, y);
  EXPECT_NEAR(moved[0], xr + 2 * k[2] * xr * yr + k[3] * (r2 + 2 * xr * xr), 1e-12);
  EXPECT_NEAR(moved[1], yr + 2 * k[3] * xr * yr + k[2] * (r2 + 2 * yr * yr), 1e-12);
  EXPECT_EQ(bent({LensModel::kPinhole, k}, x, y)[0], x);
}

TEST(ColorCamera, AHeightmapTakesItsColoursFromIt) {
  const Pair pair;
  HeightmapSpec spec;
  spec.z_min_m = -0.5;
  spec.pixel_m = 0.05;
  std::vector<float> height_m(static_cast<std::size_t>(spec.rows() * spec.cols()));
  std::vector<std::uint8_t> color(3 * height_m.size());
  const RgbdFrame frame = pair.frame();
  ASSERT_TRUE(project_heightmap({&frame, 1}, spec, height_m, color).ok());
  int seen = 0;
  for (std::size_t cell = 0; cell < height_m.size(); ++cell) {
    if (height_m[cell] == 0) continue;
    ++seen;
    const double x = static_cast<double>(cell % static_cast<std::size_t>(spec.cols())) * 0.05 + 0.25;
    const double y = static_cast<double>(cell / static_cast<std::size_t>(spec.cols())) * 0.05 - 0.5;
    // Image right is +y. A cell is 2.25 colour pixels wide; the point is anywhere in it.
    EXPECT_NEAR(color[3 * cell], 45.0 * (y + 0.025) + 39.5, 1.7);
    EXPECT_NEAR(color[3 * cell + 1], 45.0 * (x + 0.025 - 0.5) + 29.5, 1.7);
  }
  EXPECT_GT(seen, 100);
}

TEST(ColorCamera, APictureOfAnotherSizeOrAnImpossibleCameraIsRefused) {
  Pair pair;
  HeightmapSpec spec;
  const auto cells = static_cast<std::size_t>(spec.rows() * spec.cols());
  const auto refused = [&] {
    const RgbdFrame frame = pair.frame();
    return !check_heightmap({&frame, 1}, spec, cells, 3 * cells, 0).ok();
  };
  EXPECT_FALSE(refused());
  pair.camera.intrinsics.width = 32;
  EXPECT_TRUE(refused());
  pair = Pair();
  pair.camera.T_color_depth[5] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(refused());
  pair = Pair();
  pair.camera.lens.coefficients[0] = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(refused());
}

}  // namespace
}  // namespace cliport

#include "cliport/sensor_noise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "../core/random.hpp"

namespace cliport {
namespace {

constexpr int kWidth = 320, kHeight = 240, kPixels = kWidth * kHeight;

struct Picture {
  std::vector<float> depth_m = std::vector<float>(kPixels, 1.0f);
  std::vector<std::uint8_t> color = std::vector<std::uint8_t>(3 * kPixels, 128);
  long holes() const { return std::count(depth_m.begin(), depth_m.end(), 0.0f); }
  float& at(int u, int v) { return depth_m[static_cast<std::size_t>(v * kWidth + u)]; }
  void spoil(const SensorNoise& noise, std::uint64_t seed = 1) {
    ASSERT_EQ(add_sensor_noise(kWidth, kHeight, depth_m, color, noise, seed).message, "");
  }
};

// Left half at 1 m, right half at 1.5 m.
Picture step() {
  Picture picture;
  for (int v = 0; v < kHeight; ++v) {
    for (int u = kWidth / 2; u < kWidth; ++u) picture.at(u, v) = 1.5f;
  }
  return picture;
}

struct Spread {
  double mean, deviation;
};

template <typename T>
Spread spread_of(const std::vector<T>& samples) {
  double sum = 0.0, squares = 0.0;
  for (const T sample : samples) {
    sum += sample;
    squares += static_cast<double>(sample) * sample;
  }
  const double n = static_cast<double>(samples.size()), mean = sum / n;
  return {mean, std::sqrt(squares / n - mean * mean)};
}

TEST(SensorNoise, NoNoiseChangesNothing) {
  Picture picture = step();
  const Picture before = picture;
  picture.spoil({});
  EXPECT_EQ(picture.depth_m, before.depth_m);
  EXPECT_EQ(picture.color, before.color);
}

TEST(SensorNoise, DepthErrorGrowsWithTheSquareOfTheDistance) {
  for (const float distance_m : {0.5f, 1.0f, 2.0f}) {
    Picture picture;
    std::fill(picture.depth_m.begin(), picture.depth_m.end(), distance_m);
    picture.spoil({.depth_sigma_m = 0.003});
    const Spread spread = spread_of(picture.depth_m);
    const double expected = 0.003 * distance_m * distance_m;
    EXPECT_NEAR(spread.mean, distance_m, 0.02 * expected);
    EXPECT_NEAR(spread.deviation, expected, 0.02 * expected);
  }
}

TEST(SensorNoise, ColourErrorHasTheGivenDeviationAndStaysWithinAByte) {
  Picture picture;
  picture.spoil({.color_sigma = 5.0});
  const Spread spread = spread_of(picture.color);
  EXPECT_NEAR(spread.mean, 128.0, 0.1);
  EXPECT_NEAR(spread.deviation, 5.0, 0.1);
  Picture bright;
  std::fill(bright.color.begin(), bright.color.end(), 255);
  bright.spoil({.color_sigma = 5.0});
  EXPECT_GT(*std::min_element(bright.color.begin(), bright.color.end()), 230);
}

TEST(SensorNoise, HolesOpenOnBothSidesOfADepthEdgeAndNowhereElse) {
  Picture picture = step();
  picture.spoil({.edge_hole_probability = 0.5});
  int left = 0, right = 0;
  for (int v = 0; v < kHeight; ++v) {
    for (int u = 0; u < kWidth; ++u) {
      if (picture.at(u, v) != 0.0f) continue;
      ASSERT_GE(u, kWidth / 2 - 2);
      ASSERT_LE(u, kWidth / 2 + 1);
      (u < kWidth / 2 ? left : right) += 1;
    }
  }
  // Two pixels on each side, half of them; the holes come in clumps, hence the tolerance.
  EXPECT_NEAR(left, kHeight, 70);
  EXPECT_NEAR(right, kHeight, 70);
}

TEST(SensorNoise, ProbabilityOneLeavesNoDepthBesideAnEdge) {
  Picture picture = step();
  picture.spoil({.edge_hole_probability = 1.0});
  EXPECT_EQ(picture.holes(), 4 * kHeight);
}

TEST(SensorNoise, ASurfaceSeenAtASlantKeepsItsDepthAndAGrazingOneLosesIt) {
  // depth = 1 / (1 - slope * v): a plane; its tangent to the optical axis is the relative change over a focal length.
  const auto holes_at = [](double tangent) {
    Picture picture;
    for (int v = 0; v < kHeight; ++v) {
      for (int u = 0; u < kWidth; ++u)
        picture.at(u, v) = static_cast<float>(std::exp(tangent * v / (0.75 * kWidth)) * 0.2);
    }
    picture.spoil({.edge_hole_probability = 1.0});
    return picture.holes();
  };
  EXPECT_EQ(holes_at(std::tan(60 * M_PI / 180)), 0);
  EXPECT_GT(holes_at(std::tan(84 * M_PI / 180)), kPixels / 2);
}

TEST(SensorNoise, BlobsAreSmallAndAsFrequentAsAsked) {
  Picture picture;
  picture.spoil({.blob_hole_probability = 1e-3});
  const double blobs = 1e-3 * kPixels, pixels_per_blob = static_cast<double>(picture.holes()) / blobs;
  EXPECT_GT(pixels_per_blob, 20);  // between an ellipse of 2 x 2 and one of 6 x 6 pixels from middle to rim
  EXPECT_LT(pixels_per_blob, 80);
}

TEST(SensorNoise, HolesStayHolesUnderDepthNoise) {
  Picture picture;
  for (int u = 0; u < kWidth; ++u) picture.at(u, 17) = 0.0f;
  picture.spoil({.depth_sigma_m = 0.01});
  EXPECT_EQ(picture.holes(), kWidth);
}

TEST(SensorNoise, TheSameSeedGivesTheSamePictureAndAnotherSeedAnother) {
  const SensorNoise noise{0.002, 2.0, 0.5, 1e-4};
  Picture first = step(), again = step(), other = step();
  first.spoil(noise, 42);
  again.spoil(noise, 42);
  other.spoil(noise, 43);
  EXPECT_EQ(first.depth_m, again.depth_m);
  EXPECT_EQ(first.color, again.color);
  EXPECT_NE(first.depth_m, other.depth_m);
  EXPECT_NE(first.color, other.color);
}

TEST(SensorNoise, AnyDepthIsBorneAlsoOneThatIsNotFinite) {
  Random random(3);
  const float odd[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -1.0f, 3e38f};
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 50}, {50, 1}, {7, 5}}) {
    std::vector<float> depth_m(static_cast<std::size_t>(width * height));
    for (float& depth : depth_m) depth = odd[random.bits() % 4];
    std::vector<std::uint8_t> color(3 * depth_m.size(), 1);
    EXPECT_TRUE(add_sensor_noise(width, height, depth_m, color, {0.01, 300.0, 0.5, 0.5}, 1).ok());
  }
}

TEST(SensorNoise, WrongSizesAndNumbersAreRefused) {
  Picture picture;
  const std::span<float> depth_m = picture.depth_m;
  const std::span<std::uint8_t> color = picture.color;
  EXPECT_FALSE(add_sensor_noise(kWidth, kHeight, depth_m.first(5), color, {}, 1).ok());
  EXPECT_FALSE(add_sensor_noise(kWidth, kHeight, depth_m, color.first(5), {}, 1).ok());
  EXPECT_FALSE(add_sensor_noise(0, kHeight, {}, {}, {}, 1).ok());
  EXPECT_FALSE(add_sensor_noise(kWidth, kHeight, depth_m, color, {.depth_sigma_m = -0.1}, 1).ok());
  EXPECT_FALSE(add_sensor_noise(kWidth, kHeight, depth_m, color, {.color_sigma = std::nan("")}, 1).ok());
}

TEST(Random, NormalNumbersHaveMeanZeroAndVarianceOne) {
  Random random(9);
  std::vector<float> samples(200000);
  for (float& sample : samples) sample = random.normal();
  EXPECT_NEAR(spread_of(samples).mean, 0.0, 0.01);
  EXPECT_NEAR(spread_of(samples).deviation, 1.0, 0.01);
}

}  // namespace
}  // namespace cliport

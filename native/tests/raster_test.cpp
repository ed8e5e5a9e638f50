#include "cliport/raster.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "../core/random.hpp"
#include "../core/vector3.hpp"

namespace cliport {
namespace {

constexpr Transform kIdentity{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
constexpr std::array<double, 3> kBackground{1.0, 0.0, 0.2};
const Light kFlat{{0, 0, 1}, 1.0, false};  // every surface shows its albedo

Transform at(double x, double y, double z) { return {1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z, 0, 0, 0, 1}; }

// Straight down from (x, y, z): image right is +y, image down is +x.
Transform down_from(double x, double y, double z) { return {0, 1, 0, x, 1, 0, 0, y, 0, 0, -1, z, 0, 0, 0, 1}; }

// From (x, 0, z), looking along +x and down by an angle; image right is -y.
Transform tilted_from(double x, double z, double down_rad) {
  const double c = std::cos(down_rad), s = std::sin(down_rad);
  return {0, -s, c, x, -1, 0, 0, 0, 0, -c, -s, z, 0, 0, 0, 1};
}

void add_quad(Mesh& mesh, Vector3 a, Vector3 b, Vector3 c, Vector3 d, std::array<float, 3> rgb) {
  for (const Vector3& p : {a, b, c, a, c, d}) {
    for (const double coordinate : {p.x, p.y, p.z}) mesh.positions_m.push_back(static_cast<float>(coordinate));
  }
  for (int triangle = 0; triangle < 2; ++triangle) mesh.color_rgb.insert(mesh.color_rgb.end(), rgb.begin(), rgb.end());
}

Mesh floor_of(double half_m, std::array<float, 3> rgb = {0.5f, 0.5f, 0.5f}, std::uint8_t label = 0) {
  Mesh mesh;
  mesh.label = label;
  add_quad(mesh, {-half_m, -half_m, 0}, {half_m, -half_m, 0}, {half_m, half_m, 0}, {-half_m, half_m, 0}, rgb);
  return mesh;
}

Mesh box_of(double half_m, std::array<float, 3> rgb, std::uint8_t label) {
  const double h = half_m;
  Mesh mesh;
  mesh.label = label;
  add_quad(mesh, {-h, -h, -h}, {h, -h, -h}, {h, h, -h}, {-h, h, -h}, rgb);
  add_quad(mesh, {-h, -h, h}, {h, -h, h}, {h, h, h}, {-h, h, h}, rgb);
  add_quad(mesh, {-h, -h, -h}, {h, -h, -h}, {h, -h, h}, {-h, -h, h}, rgb);
  add_quad(mesh, {-h, h, -h}, {h, h, -h}, {h, h, h}, {-h, h, h}, rgb);
  add_quad(mesh, {-h, -h, -h}, {-h, h, -h}, {-h, h, h}, {-h, -h, h}, rgb);
  add_quad(mesh, {h, -h, -h}, {h, h, -h}, {h, h, h}, {h, -h, h}, rgb);
  return mesh;
}

View view_of(const Transform& T_base_camera, int width = 160, int height = 120, double focal = 120.0) {
  return {{width, height, focal, focal, (width - 1) / 2.0, (height - 1) / 2.0}, T_base_camera};
}

// A picture with its memory, filled with what no render writes.
struct Picture {
  explicit Picture(const View& view)
      : width(static_cast<std::size_t>(view.intrinsics.width)),
        color(3 * view.intrinsics.pixels(), 77),
        depth_m(view.intrinsics.pixels(), -5.0f),
        labels(view.intrinsics.pixels(), 77) {}
  RenderTarget target() { return {color, depth_m, labels}; }
  std::size_t pixel(int u, int v) const { return static_cast<std::size_t>(v) * width + static_cast<std::size_t>(u); }
  std::array<int, 3> rgb(int u, int v) const {
    const std::size_t i = 3 * pixel(u, v);
    return {color[i], color[i + 1], color[i + 2]};
  }
  long labelled(int label) const { return std::count(labels.begin(), labels.end(), label); }

  std::size_t width;
  std::vector<std::uint8_t> color;
  std::vector<float> depth_m;
  std::vector<std::uint8_t> labels;
};

Picture render(std::vector<Mesh> meshes, const std::vector<Transform>& poses, const View& view,
               const Light& light = kFlat) {
  EXPECT_EQ(Rasterizer::check(meshes).message, "");
  const Rasterizer rasterizer(std::move(meshes));
  Picture picture(view);
  EXPECT_EQ(rasterizer.render(poses, std::array{view}, std::array{picture.target()}, light, kBackground).message, "");
  return picture;
}

// Depth at which the ray of a pixel meets the plane z = 0 of the base frame; negative where it does not.
double depth_of_floor(const View& view, int u, int v) {
  const Transform& T = view.T_base_camera;
  const double x = (u - view.intrinsics.cx) / view.intrinsics.fx, y = (v - view.intrinsics.cy) / view.intrinsics.fy;
  return -T[11] / (T[8] * x + T[9] * y + T[10]);
}

TEST(Raster, AnEmptySceneIsBackgroundWithoutDepthOrLabel) {
  const Picture picture = render({}, {}, view_of(down_from(0, 0, 1)));
  EXPECT_EQ(picture.rgb(3, 5), (std::array{255, 0, 51}));
  EXPECT_EQ(std::count(picture.depth_m.begin(), picture.depth_m.end(), 0.0f), 160 * 120);
  EXPECT_EQ(picture.labelled(0), 160 * 120);
}

TEST(Raster, DepthOfAPlaneEqualsItsClosedFormInEveryPixel) {
  const View views[] = {view_of(tilted_from(-0.6, 0.5, 0.5)), view_of(tilted_from(-0.3, 0.05, 0.2)),
                        view_of(down_from(0.1, 0.2, 0.9)), view_of(tilted_from(0.0, 0.011, 1.5))};
  for (const View& view : views) {
    const Picture picture = render({floor_of(500.0)}, {kIdentity}, view);
    for (int v = 0; v < 120; ++v) {
      for (int u = 0; u < 160; ++u) {
        const double expected = depth_of_floor(view, u, v);
        const float depth = picture.depth_m[picture.pixel(u, v)];
        if (expected <= 0.0 || expected > 300.0) continue;  // above the horizon, or beyond the edge
        ASSERT_NEAR(depth, expected, 3e-6 * expected) << u << ", " << v;
      }
    }
  }
}

TEST(Raster, ATableThatReachesBehindTheCameraIsCutAtTheNearPlaneOnly) {
  const View view = view_of(tilted_from(0.0, 0.05, 0.9), 200, 200, 60.0);
  const Picture picture = render({floor_of(3.0)}, {kIdentity}, view);
  long seen = 0;
  for (int v = 0; v < 200; ++v) {
    for (int u = 0; u < 200; ++u) {
      const double expected = depth_of_floor(view, u, v);
      const bool visible = expected > kNearPlaneM * 1.001 && expected < 1.0;
      if (visible) {
        ASSERT_NEAR(picture.depth_m[picture.pixel(u, v)], expected, 1e-5 * expected) << u << ", " << v;
      }
      seen += visible;
    }
  }
  EXPECT_GT(seen, 20000);
}

TEST(Raster, SurfacesNearerThanTheNearPlaneAreNotSeen) {
  const View view = view_of(down_from(0, 0, 0.0099));
  EXPECT_EQ(render({floor_of(1.0, {1, 1, 1}, 4)}, {kIdentity}, view).labelled(4), 0);
  const View farther = view_of(down_from(0, 0, 0.0101));
  EXPECT_EQ(render({floor_of(1.0, {1, 1, 1}, 4)}, {kIdentity}, farther).labelled(4), 160 * 120);
}

TEST(Raster, ABoxCoversTheSquareThatItsTopFaceProjectsTo) {
  // Top face 0.2 m wide at 1 m distance, focal length 120 px: 24 px wide round the middle at 79.5, 59.5.
  const Picture picture =
      render({floor_of(5.0), box_of(0.1, {0, 1, 0}, 9)}, {kIdentity, at(0, 0, 0.1)}, view_of(down_from(0, 0, 1.2)));
  EXPECT_EQ(picture.labelled(9), 24 * 24);
  for (int v = 0; v < 120; ++v) {
    for (int u = 0; u < 160; ++u) {
      const bool box = u >= 68 && u <= 91 && v >= 48 && v <= 71;
      ASSERT_EQ(picture.labels[picture.pixel(u, v)], box ? 9 : 0) << u << ", " << v;
      ASSERT_NEAR(picture.depth_m[picture.pixel(u, v)], box ? 1.0 : 1.2, 2e-6);
      ASSERT_EQ(picture.rgb(u, v), box ? (std::array{0, 255, 0}) : (std::array{128, 128, 128}));
    }
  }
}

TEST(Raster, TheNearerSurfaceWinsWhateverTheOrderOfMeshes) {
  const View view = view_of(down_from(0, 0, 1));
  for (const int near_label : {1, 2}) {
    const Picture picture = render({floor_of(1.0, {1, 0, 0}, 1), floor_of(1.0, {0, 0, 1}, 2)},
                                   {at(0, 0, near_label == 1 ? 0.1 : 0), at(0, 0, near_label == 2 ? 0.1 : 0)}, view);
    EXPECT_EQ(picture.labelled(near_label), 160 * 120);
  }
}

TEST(Raster, AKnownPointAppearsWhereThePinholeModelPutsIt) {
  // A speck of 1 mm at (0.3, -0.2, 0.1), seen by the published front camera.
  View view;
  view.intrinsics = {640, 480, 450, 450, 320, 240};
  const double h = std::sqrt(0.5);
  view.T_base_camera = {0, h, -h, 1, 1, 0, 0, 0, 0, -h, -h, 0.75, 0, 0, 0, 1};
  const Picture picture = render({box_of(0.002, {1, 1, 1}, 5)}, {at(0.3, -0.2, 0.1)}, view);
  const Vector3 p = transform_point(inverse_of(view.T_base_camera), {0.3, -0.2, 0.1});
  const int u = static_cast<int>(std::lround(450 * p.x / p.z + 320));
  const int v = static_cast<int>(std::lround(450 * p.y / p.z + 240));
  EXPECT_EQ(picture.labels[picture.pixel(u, v)], 5);
  EXPECT_NEAR(picture.depth_m[picture.pixel(u, v)], p.z, 0.004);
  EXPECT_GT(picture.labelled(5), 0);
  EXPECT_LT(picture.labelled(5), 16);
}

TEST(Raster, NoGapOpensBetweenTrianglesOfAClosedSurface) {
  // A fan of slivers round a point that lies on no pixel: each pixel of the disc must be hit.
  Mesh fan;
  fan.label = 3;
  constexpr int kSlices = 997;
  for (int i = 0; i < kSlices; ++i) {
    for (const double turn : {-1.0, static_cast<double>(i), static_cast<double>(i + 1)}) {
      const double angle = 2.0 * M_PI * turn / kSlices, radius = turn < 0 ? 0.0 : 0.45;
      for (const double c : {0.0123 + radius * std::cos(angle), -0.0071 + radius * std::sin(angle), 0.0}) {
        fan.positions_m.push_back(static_cast<float>(c));
      }
    }
    fan.color_rgb.insert(fan.color_rgb.end(), {1, 1, 1});
  }
  const View view = view_of(down_from(0, 0, 1));
  const Picture picture = render({fan}, {kIdentity}, view);
  for (int v = 0; v < 120; ++v) {
    for (int u = 0; u < 160; ++u) {
      const double x = (v - 59.5) / 120.0 - 0.0123, y = (u - 79.5) / 120.0 + 0.0071;
      if (std::hypot(x, y) < 0.44) {
        ASSERT_EQ(picture.labels[picture.pixel(u, v)], 3) << u << ", " << v;
      }
    }
  }
}

TEST(Raster, LambertsCosineAndAmbientShareGiveTheShade) {
  const Light light{{0.0, 3.0, 4.0}, 0.25, false};  // cosine with +z: 0.8
  const Picture picture = render({floor_of(1.0, {1, 0.5, 0})}, {kIdentity}, view_of(down_from(0, 0, 1)), light);
  const int full = static_cast<int>(std::lround(255 * (0.25 + 0.75 * 0.8)));
  const int half = static_cast<int>(std::lround(255 * 0.5 * (0.25 + 0.75 * 0.8)));
  EXPECT_EQ(picture.rgb(20, 20), (std::array{full, half, 0}));
}

TEST(Raster, ASheetIsSeenFromBothSidesAndOnlyTheLitSideIsBright) {
  const Light light{{0, 0, 1}, 0.2, true};
  const View from_below{{160, 120, 120, 120, 79.5, 59.5}, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, -1, 0, 0, 0, 1}};
  const Picture above = render({floor_of(1.0, {1, 1, 1}, 6)}, {kIdentity}, view_of(down_from(0, 0, 1)), light);
  const Picture below = render({floor_of(1.0, {1, 1, 1}, 6)}, {kIdentity}, from_below, light);
  EXPECT_EQ(above.labelled(6), 160 * 120);
  EXPECT_EQ(below.labelled(6), 160 * 120);
  EXPECT_EQ(above.rgb(80, 60), (std::array{255, 255, 255}));
  EXPECT_EQ(below.rgb(80, 60), (std::array{51, 51, 51}));
}

TEST(Raster, AShadowFallsWhereTheLightIsBlockedAndNowhereElse) {
  // Light from (1, 0, 1): a plate 0.2 m square at height 0.1 m shades the floor 0.1 m towards -x.
  const Light light{{1, 0, 1}, 0.4, true};
  const View view = view_of(down_from(0.5, 0, 0.95), 320, 240, 200.0);
  const Picture lit = render({floor_of(2.0)}, {kIdentity}, view, light);
  Mesh plate = floor_of(0.1, {1, 1, 1}, 8);
  const Picture picture = render({floor_of(2.0), plate}, {kIdentity, at(0.5, 0.1, 0.1)}, view, light);
  const int shaded = static_cast<int>(std::lround(127.5 * 0.4));
  for (int v = 0; v < 240; ++v) {
    for (int u = 0; u < 320; ++u) {
      if (picture.labels[picture.pixel(u, v)] == 8) continue;
      const double x = 0.5 + 0.95 * (v - 119.5) / 200.0, y = 0.95 * (u - 159.5) / 200.0;
      const double inside = 0.1 - std::max(std::abs(x - 0.4), std::abs(y - 0.1));  // from the shadow's edge inwards
      if (inside > 0.004) {
        ASSERT_EQ(picture.rgb(u, v)[0], shaded) << x << ", " << y;
      }
      if (inside < -0.004) {
        ASSERT_EQ(picture.rgb(u, v), lit.rgb(u, v)) << x << ", " << y;
      }
    }
  }
}

TEST(Raster, WithoutShadowsNothingIsShaded) {
  const Light light{{1, 0, 1}, 0.4, false};
  const View view = view_of(down_from(0.5, 0, 0.95), 320, 240, 200.0);
  Mesh plate = floor_of(0.1, {1, 1, 1}, 8);
  const Picture picture = render({floor_of(2.0), plate}, {kIdentity, at(0.5, 0.1, 0.1)}, view, light);
  const std::array<int, 3> floor = picture.rgb(0, 0);
  for (std::size_t i = 0; i < picture.labels.size(); ++i) {
    if (picture.labels[i] == 0) {
      ASSERT_EQ(picture.color[3 * i], floor[0]);
    }
  }
}

TEST(Raster, LitSurfacesDoNotShadeThemselves) {
  // Every face of a box that faces the light is evenly lit, even where the light grazes it.
  for (const double elevation_rad : {1.5, 1.0, 0.6, 0.35, 0.2}) {
    for (const double azimuth_rad : {0.1, 1.3, 2.9, 4.0}) {
      const Light light{{std::cos(elevation_rad) * std::cos(azimuth_rad),
                         std::cos(elevation_rad) * std::sin(azimuth_rad), std::sin(elevation_rad)},
                        0.3,
                        true};
      const View view = view_of(down_from(0.5, 0, 0.8), 320, 240, 200.0);
      const Picture floor = render({floor_of(2.0)}, {kIdentity}, view, light);
      for (int v = 0; v < 240; ++v) {
        for (int u = 0; u < 320; ++u) ASSERT_EQ(floor.rgb(u, v), floor.rgb(0, 0)) << elevation_rad;
      }
      const Picture box = render({box_of(0.1, {1, 1, 1}, 2)}, {at(0.5, 0, 0.1)}, view, light);
      const std::array<int, 3> top = box.rgb(160, 120);
      EXPECT_EQ(top[0], static_cast<int>(std::lround(255 * (0.3 + 0.7 * std::sin(elevation_rad)))));
      for (int v = 90; v < 150; ++v) {
        for (int u = 130; u < 190; ++u) ASSERT_EQ(box.rgb(u, v), top) << elevation_rad;
      }
    }
  }
}

TEST(Raster, TheSameInputGivesTheSamePixelsAlsoFromSeveralThreads) {
  const Rasterizer rasterizer({floor_of(2.0), box_of(0.05, {1, 0, 0}, 1), box_of(0.07, {0, 0, 1}, 2)});
  const std::vector<Transform> poses{kIdentity, at(0.4, 0, 0.05), at(0.55, 0.1, 0.07)};
  const View view = view_of(tilted_from(-0.1, 0.6, 0.8));
  const Light light{{0.4, 0.2, 1}, 0.5, true};
  std::vector<Picture> pictures(4, Picture(view));
  std::vector<std::thread> threads;
  for (Picture& picture : pictures) {
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round) {
        (void)rasterizer.render(poses, std::array{view}, std::array{picture.target()}, light, kBackground);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(pictures[0].labelled(1), 0);
  for (const Picture& picture : pictures) {
    EXPECT_EQ(picture.color, pictures[0].color);
    EXPECT_EQ(picture.depth_m, pictures[0].depth_m);
    EXPECT_EQ(picture.labels, pictures[0].labels);
  }
}

TEST(Raster, RandomScenesStayInsideTheirPicturesAndWriteEveryPixel) {
  Random random(11);
  const auto upto = [&random](int n) { return static_cast<int>(random.uniform() * n); };
  for (int round = 0; round < 150; ++round) {
    Mesh mesh;
    mesh.label = 1;
    const float scales[] = {1e-6f, 0.1f, 1.0f, 50.0f, 1e6f, 1e30f};
    for (int triangle = 0; triangle < 30; ++triangle) {
      const float scale = scales[upto(6)];
      for (int i = 0; i < 9; ++i) mesh.positions_m.push_back(upto(8) == 0 ? 0.0f : scale * random.normal());
      mesh.color_rgb.insert(mesh.color_rgb.end(), {random.normal(), 1.0f, 0.5f});
    }
    const View view = view_of(tilted_from(random.normal(), random.normal(), random.normal()), 1 + upto(70),
                              1 + upto(50), 1.0 + 300.0 * random.uniform());
    // Exactly as large as the picture, so that the address sanitizer sees a write beside it.
    const Picture picture = render({mesh}, {at(0, 0, 0.1)}, view, {{random.normal(), random.normal(), 1}, 0.3, true});
    EXPECT_EQ(picture.labelled(77), 0);
    EXPECT_EQ(std::count(picture.depth_m.begin(), picture.depth_m.end(), -5.0f), 0);
  }
}

TEST(Raster, WhatCannotBeRenderedIsRefusedByNameAndNothingIsWritten) {
  const Rasterizer rasterizer({floor_of(1.0)});
  const View view = view_of(down_from(0, 0, 1));
  Picture picture(view);
  const auto message = [&](const std::vector<Transform>& poses, const View& from, const RenderTarget& target,
                           const Light& light) {
    return rasterizer.render(poses, std::array{from}, std::array{target}, light, kBackground).message;
  };
  EXPECT_EQ(message({}, view, picture.target(), kFlat), "Expected 16 elements for T_base_object but received 0");
  RenderTarget small = picture.target();
  small.depth_m = small.depth_m.first(7);
  EXPECT_EQ(message({kIdentity}, view, small, kFlat), "Expected 19200 elements for targets[0].depth but received 7");
  Transform broken = kIdentity;
  broken[3] = std::numeric_limits<double>::infinity();
  EXPECT_NE(message({broken}, view, picture.target(), kFlat), "");
  EXPECT_NE(message({kIdentity}, view, picture.target(), {{0, 0, 0}, 0.5, true}), "");
  EXPECT_NE(message({kIdentity}, view, picture.target(), {{0, 0, 1}, 1.5, true}), "");
  EXPECT_EQ(std::count(picture.color.begin(), picture.color.end(), 77), 3 * 19200);

  Mesh torn = floor_of(1.0);
  torn.positions_m.pop_back();
  EXPECT_FALSE(Rasterizer::check(std::array{torn}).ok());
  Mesh colorless = floor_of(1.0);
  colorless.color_rgb.pop_back();
  EXPECT_EQ(Rasterizer::check(std::array{colorless}).message,
            "Expected 6 elements for instances[0].color but received 5");
  Mesh broken_mesh = floor_of(1.0);
  broken_mesh.positions_m[4] = std::nanf("");
  EXPECT_FALSE(Rasterizer::check(std::array{broken_mesh}).ok());
}

}  // namespace
}  // namespace cliport

// What a thread of a GPU does with its pixel, on the processor: the same points in the same cells as the exact mode
// has.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "../backends/cuda/pixels.hpp"
#include "../core/heightmap_projection.hpp"
#include "heightmap_rig.hpp"

namespace cliport {
namespace {

// Maps of the processor's exact mode and of the device's function, one pixel after the other, the last pixel first.
void expect_same(const RgbdFrame& frame, const HeightmapSpec& spec, int round) {
  const std::shared_ptr<const LensRays> rays = rays_of(frame.intrinsics, frame.lens);
  const Projection projection(frame, spec, rays.get());
  std::vector<Best> expected(projection.cells() + 1, 0), found(projection.cells() + 1, 0);
  heightmap_kernels().front().exact(projection, frame, 0, frame.intrinsics.height, expected.data());
  const cuda::Pixels pixels{frame.depth_raw.empty() ? frame.depth_m.data() : nullptr,
                            frame.depth_raw.empty() ? nullptr : frame.depth_raw.data(),
                            frame.depth_scale_m,
                            rays ? rays->x.data() : nullptr,
                            rays ? rays->y.data() : nullptr,
                            static_cast<unsigned>(frame.intrinsics.width),
                            static_cast<unsigned>(frame.intrinsics.pixels())};
  for (unsigned pixel = pixels.count; pixel-- > 0;) {
    const PlacedPoint placed = cuda::place_pixel(projection, pixels, pixel);
    Best& best = found[static_cast<std::size_t>(placed.cell)];
    best = std::max(best, best_of(placed.z, pixel));
  }
  expected.pop_back();  // what lies outside
  found.pop_back();
  ASSERT_EQ(found, expected) << "round " << round;
}

TEST(CudaPixels, EqualExactModeOnRandomFrames) {
  Random random(13);
  HeightmapSpec spec;
  spec.z_min_m = -0.3;
  for (int round = 0; round < 30; ++round) {
    for (const Shot& shot : random_shots(random)) expect_same(shot.frame(), spec, round);
  }
}

TEST(CudaPixels, EqualExactModeBehindALensWithDepthInCounts) {
  Random random(14);
  HeightmapSpec spec;
  spec.z_min_m = -0.3;
  for (int round = 0; round < 5; ++round) {
    Shot shot(320, 24, 1.0f);
    shot.intrinsics.fx = shot.intrinsics.fy = 200 + 200 * random.uniform();
    std::vector<std::uint16_t> counts(shot.depth_m.size());
    for (std::uint16_t& count : counts) count = static_cast<std::uint16_t>(random.uniform() * 12000);
    RgbdFrame frame = shot.frame();
    frame.depth_m = {};
    frame.depth_raw = counts;
    frame.depth_scale_m = 1e-4f;
    frame.lens = {LensModel::kBrownConrady, {0.1 * random.normal(), 0.02, 0.001, -0.001, 0.0}};
    expect_same(frame, spec, round);
  }
}

}  // namespace
}  // namespace cliport

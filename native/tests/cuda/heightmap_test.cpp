// The same bits on the device as in exact mode on the processor; skipped where there is no device. The stand-in is one.
#include "cuda/heightmap.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "../../core/random.hpp"
#include "../heightmap_rig.hpp"

namespace cliport {
namespace {

class CudaHeightmap : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = cuda::why_no_device(); !reason.empty()) GTEST_SKIP() << reason;
  }

  // The device's map of the frames, and the processor's.
  static void expect_same(cuda::HeightmapProjector& projector, const std::vector<RgbdFrame>& frames,
                          const HeightmapSpec& spec, const std::string& what) {
    Map device(spec), exact(spec);
    ASSERT_TRUE(projector.project(frames, spec, device.height_m, device.color, device.labels).ok()) << what;
    ASSERT_TRUE(exact.project(frames).ok()) << what;
    ASSERT_EQ(device.height_m, exact.height_m) << what;
    ASSERT_EQ(device.color, exact.color) << what;
    ASSERT_EQ(device.labels, exact.labels) << what;
  }
};

TEST_F(CudaHeightmap, EqualsExactModeOnRandomFrames) {
  cuda::HeightmapProjector projector;  // one for all, so that it meets maps and frames of many sizes
  Random random(11);
  for (int round = 0; round < 60; ++round) {
    const std::vector<Shot> shots = random_shots(random);
    const std::vector<RgbdFrame> frames = frames_of(shots);
    HeightmapSpec spec;
    spec.z_min_m = -0.3;
    spec.pixel_m = 0.002 + 0.05 * random.uniform();
    expect_same(projector, frames, spec, "round " + std::to_string(round));
  }
}

TEST_F(CudaHeightmap, EqualsExactModeBehindALensWithDepthInCountsAndAnotherColorCamera) {
  cuda::HeightmapProjector projector;
  Random random(12);
  for (int round = 0; round < 20; ++round) {
    Shot shot(640, 48, 1.0f);
    shot.intrinsics.fx = shot.intrinsics.fy = 400 + 200 * random.uniform();
    std::vector<std::uint16_t> counts(shot.depth_m.size());
    for (std::uint16_t& count : counts) count = static_cast<std::uint16_t>(random.uniform() * 12000);
    for (std::uint8_t& channel : shot.color) channel = static_cast<std::uint8_t>(random.uniform() * 256);
    RgbdFrame frame = shot.frame();
    frame.depth_m = {};
    frame.depth_raw = counts;
    frame.depth_scale_m = 1e-4f;
    frame.lens = {LensModel::kBrownConrady, {0.1 * random.normal(), 0.02, 0.001, -0.001, 0.0}};
    frame.color_camera = ColorCamera{shot.intrinsics, {1, 0, 0, 0.015, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}, frame.lens};
    HeightmapSpec spec;
    spec.z_min_m = -0.3;
    expect_same(projector, {frame, shot.frame()}, spec, "round " + std::to_string(round));
  }
}

TEST_F(CudaHeightmap, RefusesWhatTheProcessorRefuses) {
  cuda::HeightmapProjector projector;
  const Shot shot(4, 4, 1.0f);
  const std::array frames{shot.frame()};
  Map map({});
  map.color.pop_back();
  EXPECT_FALSE(projector.project(frames, map.spec, map.height_m, map.color, map.labels).ok());
  EXPECT_EQ(map.height_m.front(), -9.0f);
}

}  // namespace
}  // namespace cliport

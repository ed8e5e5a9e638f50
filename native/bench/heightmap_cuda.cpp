// cliport-bench-heightmap-cuda: one JSON line. Three cameras of 640 x 480, as in the simulated cell, on the processor
// and on the first CUDA device by turns; copies to and from the device included. Exits with 1 where a map differs, 3
// without a device.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "../core/random.hpp"
#include "cliport/heightmap.hpp"
#include "cuda/heightmap.hpp"

namespace {

using namespace cliport;

constexpr int kRepeats = 200, kWarmUps = 10;

// Looks straight down on the table from 0.8 m, a block in every hundred pixels.
struct Camera {
  Intrinsics intrinsics{640, 480, 450.0, 450.0, 319.5, 239.5};
  Transform T_base_camera{0, 1, 0, 0.5, 1, 0, 0, 0, 0, 0, -1, 0.8, 0, 0, 0, 1};
  std::vector<float> depth_m = std::vector<float>(intrinsics.pixels());
  std::vector<std::uint8_t> color = std::vector<std::uint8_t>(3 * intrinsics.pixels());

  Camera(double y_m, Random& random) {
    T_base_camera[7] = y_m;
    for (float& depth : depth_m) depth = random.uniform() < 0.01 ? 0.76f : 0.8f - 0.001f * float(random.uniform());
    for (std::uint8_t& channel : color) channel = static_cast<std::uint8_t>(256 * random.uniform());
  }
  RgbdFrame frame() const { return {intrinsics, T_base_camera, depth_m, color, {}}; }
};

struct Map {
  std::vector<float> height_m;
  std::vector<std::uint8_t> color;
  explicit Map(std::size_t cells) : height_m(cells), color(3 * cells) {}
  bool operator==(const Map&) const = default;
};

// Milliseconds of each repeat but the warm-ups.
class Times {
 public:
  void measure(int repeat, const std::function<Status()>& project) {
    const auto start = std::chrono::steady_clock::now();
    const Status status = project();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    if (!status.ok()) throw std::runtime_error(status.message);
    if (repeat >= 0) ms_.push_back(took.count());
  }
  double quantile(double share) {
    std::sort(ms_.begin(), ms_.end());
    return ms_[static_cast<std::size_t>(share * static_cast<double>(ms_.size() - 1))];
  }

 private:
  std::vector<double> ms_;
};

int run() {
  Random random(1);
  const std::vector<Camera> cameras{{-0.25, random}, {0.0, random}, {0.25, random}};
  std::vector<RgbdFrame> frames;
  for (const Camera& camera : cameras) frames.push_back(camera.frame());
  const HeightmapSpec spec;
  const std::size_t cells = static_cast<std::size_t>(spec.rows()) * static_cast<std::size_t>(spec.cols());
  Map exact(cells), device(cells);
  cuda::HeightmapProjector projector;
  Times on_processor, on_device;
  int differ = 0;
  for (int repeat = -kWarmUps; repeat < kRepeats; ++repeat) {
    on_processor.measure(repeat, [&] { return project_heightmap(frames, spec, exact.height_m, exact.color); });
    on_device.measure(repeat, [&] { return projector.project(frames, spec, device.height_m, device.color); });
    differ += device != exact;
  }
  std::printf(
      "{\"exact_1t\":{\"p50_ms\":%.3f,\"p99_ms\":%.3f},\"cuda\":{\"p50_ms\":%.3f,\"p99_ms\":%.3f},\"repeats\":%d,"
      "\"maps_differ\":%d}\n",
      on_processor.quantile(0.5), on_processor.quantile(0.99), on_device.quantile(0.5), on_device.quantile(0.99),
      kRepeats, differ);
  return differ == 0 ? 0 : 1;
}

}  // namespace

int main() {
  if (const std::string reason = cuda::why_no_device(); !reason.empty()) {
    std::fprintf(stderr, "cliport-bench-heightmap-cuda: %s\n", reason.c_str());
    return 3;
  }
  try {
    return run();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "cliport-bench-heightmap-cuda: %s\n", failure.what());
    return 1;
  }
}

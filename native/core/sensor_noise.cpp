#include "cliport/sensor_noise.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "random.hpp"

namespace cliport {
namespace {

constexpr float kGrazingTangent = 5.67f;      // tan(80 degrees)
constexpr float kFocalLengthOfWidth = 0.75f;  // 65 to 70 degrees across
constexpr int kEdgeReach = 2;                 // pixels beside an edge that suffer from it
constexpr int kClump = 2;                     // holes beside edges come in squares of so many pixels

// Change of depth from one pixel to the next which no surface has, only an edge: 1 cm, and more farther away, where a
// pixel spans more.
bool is_edge(float a, float b) { return std::abs(a - b) > 0.005f + 0.012f * std::min(a, b); }

class Frame {
 public:
  Frame(int width, int height, std::span<float> depth_m) : width_(width), height_(height), depth_m_(depth_m) {}

  // Pixels beside a depth edge or on a grazing surface.
  std::vector<std::uint8_t> doubtful() const {
    std::vector<std::uint8_t> mask(depth_m_.size(), 0);
    const float grazing = kGrazingTangent / (kFocalLengthOfWidth * static_cast<float>(width_));
    for (int v = 0; v < height_; ++v) {
      for (int u = 0; u < width_; ++u) {
        const float here = depth_m_[at(u, v)];
        const float right = u + 1 < width_ ? depth_m_[at(u + 1, v)] : here;
        const float below = v + 1 < height_ ? depth_m_[at(u, v + 1)] : here;
        if (is_edge(here, right)) mark(mask, u - kEdgeReach + 1, u + kEdgeReach, v, v);
        if (is_edge(here, below)) mark(mask, u, u, v - kEdgeReach + 1, v + kEdgeReach);
        const float steepest = std::max(std::abs(right - here), std::abs(below - here));
        if (steepest > grazing * here) mask[at(u, v)] = 1;
      }
    }
    return mask;
  }

  void drill_edges(double probability, Random& random) {
    if (probability <= 0.0) return;
    const std::vector<std::uint8_t> mask = doubtful();
    std::vector<std::uint8_t> drilled(static_cast<std::size_t>(width_ / kClump + 1));
    for (int v = 0; v < height_; ++v) {
      if (v % kClump == 0) {
        for (std::uint8_t& clump : drilled) clump = random.uniform() < probability;
      }
      for (int u = 0; u < width_; ++u) {
        if (mask[at(u, v)] != 0 && drilled[static_cast<std::size_t>(u / kClump)] != 0) depth_m_[at(u, v)] = 0.0f;
      }
    }
  }

  void drill_blobs(double probability, Random& random) {
    if (probability <= 0.0) return;
    for (int v = 0; v < height_; ++v) {
      for (int u = 0; u < width_; ++u) {
        if (random.uniform() < probability) drill_ellipse(u, v, random);
      }
    }
  }

 private:
  std::size_t at(int u, int v) const {
    return static_cast<std::size_t>(v) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(u);
  }

  void mark(std::vector<std::uint8_t>& mask, int left, int right, int top, int bottom) const {
    for (int v = std::max(top, 0); v <= std::min(bottom, height_ - 1); ++v) {
      for (int u = std::max(left, 0); u <= std::min(right, width_ - 1); ++u) mask[at(u, v)] = 1;
    }
  }

  // 2 to 6 pixels from the middle to the rim, each way.
  void drill_ellipse(int u, int v, Random& random) {
    const double across = 2.0 + 4.0 * random.uniform(), down = 2.0 + 4.0 * random.uniform();
    const int reach_u = static_cast<int>(across), reach_v = static_cast<int>(down);
    for (int y = std::max(v - reach_v, 0); y <= std::min(v + reach_v, height_ - 1); ++y) {
      for (int x = std::max(u - reach_u, 0); x <= std::min(u + reach_u, width_ - 1); ++x) {
        const double dx = (x - u) / across, dy = (y - v) / down;
        if (dx * dx + dy * dy <= 1.0) depth_m_[at(x, y)] = 0.0f;
      }
    }
  }

  int width_, height_;
  std::span<float> depth_m_;
};

void blur_depth(std::span<float> depth_m, float sigma_m, Random& random) {
  if (sigma_m == 0.0f) return;
  for (float& depth : depth_m) {
    const float error = sigma_m * depth * depth * random.normal();
    depth = std::max(depth + error, 0.0f);
  }
}

void blur_color(std::span<std::uint8_t> color, float sigma, Random& random) {
  if (sigma == 0.0f) return;
  for (std::uint8_t& channel : color) {
    const float noisy = static_cast<float>(channel) + sigma * random.normal();
    channel = static_cast<std::uint8_t>(std::clamp(noisy, 0.0f, 255.0f) + 0.5f);
  }
}

Status check(int width, int height, std::size_t depths, std::size_t colors, const SensorNoise& noise) {
  if (width <= 0 || height <= 0) {
    return invalid_argument("Expected a positive size but received " + std::to_string(width) + " x " +
                            std::to_string(height));
  }
  const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  if (depths != pixels || colors != 3 * pixels) {
    return invalid_argument("Expected " + std::to_string(pixels) +
                            " depths and three times as many colours but received " + std::to_string(depths) + " and " +
                            std::to_string(colors));
  }
  for (const double number :
       {noise.depth_sigma_m, noise.color_sigma, noise.edge_hole_probability, noise.blob_hole_probability}) {
    if (!std::isfinite(number) || number < 0.0) {
      return invalid_argument("Expected finite numbers of at least 0 for noise but received " + std::to_string(number));
    }
  }
  return {};
}

}  // namespace

Status add_sensor_noise(int width, int height, std::span<float> depth_m, std::span<std::uint8_t> color,
                        const SensorNoise& noise, std::uint64_t seed) {
  if (Status status = check(width, height, depth_m.size(), color.size(), noise); !status.ok()) return status;
  Random random(seed);
  Frame frame(width, height, depth_m);
  frame.drill_edges(noise.edge_hole_probability, random);
  frame.drill_blobs(noise.blob_hole_probability, random);
  blur_depth(depth_m, static_cast<float>(noise.depth_sigma_m), random);
  blur_color(color, static_cast<float>(noise.color_sigma), random);
  return {};
}

}  // namespace cliport

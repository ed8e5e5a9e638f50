#include "lens.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <utility>

namespace cliport {
namespace {

constexpr std::size_t kKeptCameras = 16;

bool bends(const Lens& lens) {
  return lens.model != LensModel::kPinhole &&
         std::any_of(lens.coefficients.begin(), lens.coefficients.end(), [](double k) { return k != 0.0; });
}

struct Key {
  std::array<double, 6> intrinsics;
  LensModel model;
  std::array<double, 5> coefficients;
  bool operator==(const Key&) const = default;
};

std::shared_ptr<const LensRays> make_rays(const Intrinsics& k, const Lens& lens) {
  auto rays = std::make_shared<LensRays>();
  rays->x.reserve(k.pixels());
  rays->y.reserve(k.pixels());
  for (int v = 0; v < k.height; ++v) {
    for (int u = 0; u < k.width; ++u) {
      const auto [x, y] = unbent(lens, (u - k.cx) / k.fx, (v - k.cy) / k.fy);
      rays->x.push_back(static_cast<float>(x));
      rays->y.push_back(static_cast<float>(y));
      if (std::isnan(x)) continue;
      rays->most_x = std::max(rays->most_x, std::abs(rays->x.back()));
      rays->most_y = std::max(rays->most_y, std::abs(rays->y.back()));
    }
  }
  return rays;
}

}  // namespace

std::array<double, 2> unbent(const Lens& lens, double x, double y) {
  constexpr double kStep = 1e-6, kClose = 1e-12;
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  double a = x, b = y;
  for (int iteration = 0; iteration < 30; ++iteration) {
    const auto [at_x, at_y] = bent(lens, a, b);
    const auto [east_x, east_y] = bent(lens, a + kStep, b);
    const auto [south_x, south_y] = bent(lens, a, b + kStep);
    const double xa = (east_x - at_x) / kStep, ya = (east_y - at_y) / kStep;
    const double xb = (south_x - at_x) / kStep, yb = (south_y - at_y) / kStep;
    const double determinant = xa * yb - xb * ya;
    if (!(determinant > 0.0)) break;  // beyond the fold, where the model turns the picture inside out
    const double rest_x = x - at_x, rest_y = y - at_y;
    if (std::abs(rest_x) + std::abs(rest_y) < kClose) return {a, b};
    a += (yb * rest_x - xb * rest_y) / determinant;
    b += (xa * rest_y - ya * rest_x) / determinant;
  }
  return {kNaN, kNaN};
}

std::shared_ptr<const LensRays> rays_of(const Intrinsics& intrinsics, const Lens& lens) {
  if (!bends(lens)) return nullptr;
  static std::mutex mutex;
  static std::vector<std::pair<Key, std::shared_ptr<const LensRays>>> kept;  // the latest last
  const auto& [width, height, fx, fy, cx, cy] = intrinsics;
  const Key key{
      {static_cast<double>(width), static_cast<double>(height), fx, fy, cx, cy}, lens.model, lens.coefficients};
  const std::lock_guard lock(mutex);
  if (const auto found =
          std::find_if(kept.begin(), kept.end(), [&key](const auto& entry) { return entry.first == key; });
      found != kept.end()) {
    std::rotate(found, found + 1, kept.end());
  } else {
    if (kept.size() == kKeptCameras) kept.erase(kept.begin());
    kept.emplace_back(key, make_rays(intrinsics, lens));
  }
  return kept.back().second;
}

}  // namespace cliport

// Lens distortion: where a lens lets a point appear, and along which ray a pixel looks.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "cliport/frame.hpp"

namespace cliport {

/// Where the lens lets a point at (x, y, 1) appear, in the same plane.
inline std::array<double, 2> bent(const Lens& lens, double x, double y) {
  if (lens.model == LensModel::kPinhole) return {x, y};
  const auto& [k1, k2, p1, p2, k3] = lens.coefficients;
  const double r2 = x * x + y * y;
  const double radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3));
  const double xr = x * radial, yr = y * radial;
  const double xt = lens.model == LensModel::kBrownConrady ? x : xr;
  const double yt = lens.model == LensModel::kBrownConrady ? y : yr;
  return {xr + 2.0 * p1 * xt * yt + p2 * (r2 + 2.0 * xt * xt), yr + 2.0 * p2 * xt * yt + p1 * (r2 + 2.0 * yt * yt)};
}

/// Directions (x, y, 1) of the rays of a camera's pixels, row-major. NaN where the lens model lets no point appear.
struct LensRays {
  std::vector<float> x, y;
  float most_x = 0, most_y = 0;  ///< largest absolute values
};

/// The inverse of `bent` at (x, y), by Newton's method; NaN where there is none near, as beyond the fold of a model.
std::array<double, 2> unbent(const Lens& lens, double x, double y);

/// Rays of a camera with a distorting lens; null for one without (a pinhole, or coefficients that are all zero).
///
/// The rays of the last few cameras are kept: a camera costs tens of milliseconds once, then a comparison. Any thread.
std::shared_ptr<const LensRays> rays_of(const Intrinsics& intrinsics, const Lens& lens);

}  // namespace cliport

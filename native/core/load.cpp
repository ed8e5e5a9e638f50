#include "cliport/load.hpp"

namespace cliport {
namespace {

/// Adds to `out` the inertia of `load` about a point that lies `d` from its centre.
void add_about(const Load& load, const std::array<double, 3>& d, std::array<double, 9>& out) {
  const double squared = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      out[3 * i + j] += load.inertia_kgm2[3 * i + j] + load.mass_kg * ((i == j ? squared : 0.0) - d[i] * d[j]);
    }
  }
}

}  // namespace

Load together(const Load& a, const Load& b) {
  Load sum;
  sum.mass_kg = a.mass_kg + b.mass_kg;
  if (!(sum.mass_kg > 0.0)) return {};
  std::array<double, 3> from_a;
  std::array<double, 3> from_b;
  for (std::size_t i = 0; i < 3; ++i) {
    sum.F_x_center_m[i] = (a.mass_kg * a.F_x_center_m[i] + b.mass_kg * b.F_x_center_m[i]) / sum.mass_kg;
    from_a[i] = sum.F_x_center_m[i] - a.F_x_center_m[i];
    from_b[i] = sum.F_x_center_m[i] - b.F_x_center_m[i];
  }
  add_about(a, from_a, sum.inertia_kgm2);
  add_about(b, from_b, sum.inertia_kgm2);
  return sum;
}

}  // namespace cliport

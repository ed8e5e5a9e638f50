#include "cliport/transform.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace cliport {

std::array<double, 4> quaternion_of(const Transform& T) {
  // Four times the square of each component, less 1, from the diagonal.
  const std::array<double, 4> squares{T[0] - T[5] - T[10], T[5] - T[0] - T[10], T[10] - T[0] - T[5],
                                      T[0] + T[5] + T[10]};
  const auto largest = static_cast<std::size_t>(std::max_element(squares.begin(), squares.end()) - squares.begin());
  const double twice = std::sqrt(std::max(0.0, 1.0 + squares[largest]));
  const double x_y = T[1] + T[4], x_z = T[2] + T[8], y_z = T[6] + T[9];
  const double x_w = T[9] - T[6], y_w = T[2] - T[8], z_w = T[4] - T[1];
  std::array<double, 4> q{};
  switch (largest) {
    case 0:
      q = {twice * twice, x_y, x_z, x_w};
      break;
    case 1:
      q = {x_y, twice * twice, y_z, y_w};
      break;
    case 2:
      q = {x_z, y_z, twice * twice, z_w};
      break;
    default:
      q = {x_w, y_w, z_w, twice * twice};
  }
  for (double& component : q) component *= (q[3] < 0.0 ? -0.5 : 0.5) / twice;
  return q;
}

}  // namespace cliport

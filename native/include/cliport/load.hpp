// What an arm carries, as its own controller must know it.
#pragma once

#include <array>

namespace cliport {

/// What hangs on the flange, as the arm must know it to carry it: FCI's setLoad.
struct Load {
  double mass_kg = 0.0;
  std::array<double, 3> F_x_center_m{};  ///< centre of mass in the flange's frame
  std::array<double, 9> inertia_kgm2{};  ///< about that centre, row-major, flange's axes

  friend bool operator==(const Load&, const Load&) = default;
};

/// Both loads rigidly together (parallel axis theorem).
Load together(const Load& a, const Load& b);

}  // namespace cliport

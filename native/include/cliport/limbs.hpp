// The volume of the arm, for what must not meet it or be hidden by it.
#pragma once

#include <array>

#include "cliport/kinematics.hpp"

namespace cliport {

/// The line between two points of the arm [m, base frame], and all that lies nearer to it than its radius.
struct Limb {
  std::array<double, 3> a{}, b{};
  double radius_m = 0.0;
};

/// From the shoulder to the tip. Radii are half the width of Franka's links, rounded up.
/// @param tool_radius_m of the tool and what it holds
std::array<Limb, 6> limbs_of(const Joints& q_rad, const Tool& tool, double tool_radius_m);

}  // namespace cliport

// The one representation of a rigid transform in native code.
#pragma once

#include <array>

namespace cliport {

/// 4x4 row-major homogeneous transform, metres. T_base_camera maps camera coordinates to base.
using Transform = std::array<double, 16>;

/// Its rotation as a unit quaternion x, y, z, w (Shepperd 1978: the largest component first), with w >= 0.
std::array<double, 4> quaternion_of(const Transform& T);

}  // namespace cliport

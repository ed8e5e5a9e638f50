// The one representation of a rigid transform in native code.
#pragma once

#include <array>

namespace cliport {

/// 4x4 row-major homogeneous transform, metres. T_base_camera maps camera coordinates to base.
using Transform = std::array<double, 16>;

}  // namespace cliport

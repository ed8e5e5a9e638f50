// Which part of the workspace the directional light reaches.
#pragma once

#include <vector>

#include "vector3.hpp"

namespace cliport {

/// A surface's plane as the light sees it: how much nearer to the light it gets a texel along the map's axes.
struct ShadowSlope {
  float per_column = 0.0f;
  float per_row = 0.0f;
};

/// Orthographic depth map seen from a directional light.
class ShadowMap {
 public:
  /// Turns the light to `direction` (unit length, towards the light) and forgets all casters.
  void reset(Vector3 direction);
  /// A triangle that casts shadow, base frame.
  void add(Vector3 a, Vector3 b, Vector3 c);

  /// Maps base coordinates to column, row and metres towards the light; row-major 3x4.
  const std::array<double, 12>& M_light_base() const { return M_light_base_; }
  /// Slope of a plane with this unit normal.
  ShadowSlope slope_of(Vector3 normal) const;
  /// Share of the light that reaches a point, 0..1, from the four texels round it; 1 outside the map.
  ///
  /// Each texel is compared with the receiver's plane at that very texel ("receiver plane depth bias", Isidoro,
  /// GDC 2006), so that a slanted surface does not shade itself and the constant bias can be small.
  float light_at(float column, float row, float toward_light_m, ShadowSlope slope) const;

 private:
  Vector3 to_light(Vector3 p) const;

  std::vector<float> nearness_;
  std::array<double, 12> M_light_base_{};
  Vector3 column_axis_, row_axis_, direction_;
  double m_per_column_ = 1.0, m_per_row_ = 1.0;
};

}  // namespace cliport

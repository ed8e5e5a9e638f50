#include "raster_shadow.hpp"

#include <algorithm>
#include <cfloat>
#include <limits>

#include "raster_fill.hpp"

namespace cliport {
namespace {

constexpr int kSize = 1024;
constexpr double kBoxM[3][2] = {{0.0, 1.0}, {-0.75, 0.75}, {-0.1, 0.5}};

// Covers what the receiver's plane does not know: that curved surfaces are faceted, and that touching surfaces overlap.
constexpr float kBiasM = 0.0008f;
// A surface which the light grazes has next to no direct light to lose; its slope has no bound.
constexpr double kMaxSlope = 8.0;

Vector3 unit(Vector3 a) { return a * (1.0 / length(a)); }

}  // namespace

void ShadowMap::reset(Vector3 direction) {
  nearness_.assign(static_cast<std::size_t>(kSize) * kSize, -FLT_MAX);
  direction_ = direction;
  // Any two axes across the light; +y of the base gives rows along the table unless the light comes along it.
  const Vector3 across = std::abs(direction.y) < 0.9 ? Vector3{0.0, 1.0, 0.0} : Vector3{1.0, 0.0, 0.0};
  column_axis_ = unit(cross(across, direction));
  row_axis_ = cross(direction, column_axis_);

  double column_min = std::numeric_limits<double>::max(), row_min = column_min;
  double column_max = -column_min, row_max = -row_min;
  for (int corner = 0; corner < 8; ++corner) {
    const Vector3 p{kBoxM[0][corner & 1], kBoxM[1][corner >> 1 & 1], kBoxM[2][corner >> 2 & 1]};
    column_min = std::min(column_min, dot(p, column_axis_));
    column_max = std::max(column_max, dot(p, column_axis_));
    row_min = std::min(row_min, dot(p, row_axis_));
    row_max = std::max(row_max, dot(p, row_axis_));
  }
  m_per_column_ = (column_max - column_min) / (kSize - 1);
  m_per_row_ = (row_max - row_min) / (kSize - 1);
  const Vector3 c = column_axis_ * (1.0 / m_per_column_), r = row_axis_ * (1.0 / m_per_row_);
  M_light_base_ = {c.x,         c.y,         c.z,         -column_min / m_per_column_,
                   r.x,         r.y,         r.z,         -row_min / m_per_row_,
                   direction.x, direction.y, direction.z, 0.0};
}

Vector3 ShadowMap::to_light(Vector3 p) const {
  const std::array<double, 12>& M = M_light_base_;
  return {M[0] * p.x + M[1] * p.y + M[2] * p.z + M[3], M[4] * p.x + M[5] * p.y + M[6] * p.z + M[7],
          M[8] * p.x + M[9] * p.y + M[10] * p.z + M[11]};
}

void ShadowMap::add(Vector3 a, Vector3 b, Vector3 c) {
  const Vector3 la = to_light(a), lb = to_light(b), lc = to_light(c);
  fill_triangle({la.x, la.y, la.z}, {lb.x, lb.y, lb.z}, {lc.x, lc.y, lc.z}, 0,
                {kSize, kSize, nearness_.data(), nullptr});
}

ShadowSlope ShadowMap::slope_of(Vector3 normal) const {
  const double cosine = dot(normal, direction_);
  const auto slope = [cosine](double along, double m_per_texel) {
    const double toward_light = std::abs(cosine) > 1e-6 ? -along / cosine : 0.0;
    return static_cast<float>(std::clamp(toward_light, -kMaxSlope, kMaxSlope) * m_per_texel);
  };
  return {slope(dot(normal, column_axis_), m_per_column_), slope(dot(normal, row_axis_), m_per_row_)};
}

float ShadowMap::light_at(float column, float row, float toward_light_m, ShadowSlope slope) const {
  if (!(column >= 0.0f && column < kSize - 1.0f && row >= 0.0f && row < kSize - 1.0f)) return 1.0f;
  const int left = static_cast<int>(column), top = static_cast<int>(row);
  const float right_share = column - static_cast<float>(left), lower_share = row - static_cast<float>(top);
  const float receiver = toward_light_m + kBiasM - right_share * slope.per_column - lower_share * slope.per_row;
  const float* texel = nearness_.data() + static_cast<std::size_t>(top) * kSize + left;
  const float upper_left = texel[0] <= receiver ? 1.0f : 0.0f;
  const float upper_right = texel[1] <= receiver + slope.per_column ? 1.0f : 0.0f;
  const float lower_left = texel[kSize] <= receiver + slope.per_row ? 1.0f : 0.0f;
  const float lower_right = texel[kSize + 1] <= receiver + slope.per_column + slope.per_row ? 1.0f : 0.0f;
  const float upper = upper_left + right_share * (upper_right - upper_left);
  const float lower = lower_left + right_share * (lower_right - lower_left);
  return upper + lower_share * (lower - upper);
}

}  // namespace cliport

#include "raster_fill.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace cliport {
namespace {

// An edge from its upper end downwards. Ends are ordered by y, then x, so that both triangles of a shared edge compute
// the very same crossing with each row.
struct Edge {
  Edge(const ScreenCorner& upper, const ScreenCorner& lower) : top(upper) {
    const double dy = lower.y - upper.y;
    const double per_row = dy > 0.0 ? 1.0 / dy : 0.0;
    x_per_row = (lower.x - upper.x) * per_row;
    nearness_per_row = (lower.nearness - upper.nearness) * per_row;
  }
  double x_at(double y) const { return top.x + (y - top.y) * x_per_row; }
  double nearness_at(double y) const { return top.nearness + (y - top.y) * nearness_per_row; }

  ScreenCorner top;
  double x_per_row, nearness_per_row;
};

bool above(const ScreenCorner& a, const ScreenCorner& b) { return a.y < b.y || (a.y == b.y && a.x < b.x); }

// First and last sample of an interval on 0..size-1; empty (first > last) where it holds none. Ordered so that a NaN
// gives an interval inside the buffer.
struct Samples {
  Samples(double low, double high, int size)
      : first(static_cast<int>(std::min(std::max(0.0, std::ceil(low)), static_cast<double>(size)))),
        last(static_cast<int>(std::max(std::min(size - 1.0, std::floor(high)), -1.0))) {}
  int first, last;
};

void fill_span(float nearness, float per_pixel, int count, std::int32_t face, float* __restrict held,
               std::int32_t* __restrict faces) {
  for (int i = 0; i < count; ++i) {
    const float candidate = nearness + per_pixel * static_cast<float>(i);
    const bool nearer = candidate > held[i];
    held[i] = nearer ? candidate : held[i];
    faces[i] = nearer ? face : faces[i];
  }
}

void fill_span(float nearness, float per_pixel, int count, float* __restrict held) {
  for (int i = 0; i < count; ++i) {
    const float candidate = nearness + per_pixel * static_cast<float>(i);
    held[i] = candidate > held[i] ? candidate : held[i];
  }
}

}  // namespace

void fill_triangle(const ScreenCorner& a, const ScreenCorner& b, const ScreenCorner& c, std::int32_t face,
                   const NearestBuffer& buffer) {
  const ScreenCorner *top = &a, *middle = &b, *bottom = &c;
  if (above(*middle, *top)) std::swap(top, middle);
  if (above(*bottom, *middle)) std::swap(middle, bottom);
  if (above(*middle, *top)) std::swap(top, middle);

  const Samples rows(top->y, bottom->y, buffer.height);
  const Edge whole(*top, *bottom), upper(*top, *middle), lower(*middle, *bottom);
  for (int row = rows.first; row <= rows.last; ++row) {
    const double y = row;
    const Edge& half = y < middle->y ? upper : lower;
    double left = whole.x_at(y), right = half.x_at(y);
    double left_nearness = whole.nearness_at(y), right_nearness = half.nearness_at(y);
    if (right < left) {
      std::swap(left, right);
      std::swap(left_nearness, right_nearness);
    }
    const Samples columns(left, right, buffer.width);
    const int count = columns.last - columns.first + 1;
    if (count <= 0) continue;
    const double per_pixel = right > left ? (right_nearness - left_nearness) / (right - left) : 0.0;
    const float first = static_cast<float>(left_nearness + (columns.first - left) * per_pixel);
    const std::size_t at = static_cast<std::size_t>(row) * static_cast<std::size_t>(buffer.width) +
                           static_cast<std::size_t>(columns.first);
    if (buffer.face != nullptr) {
      fill_span(first, static_cast<float>(per_pixel), count, face, buffer.nearness + at, buffer.face + at);
    } else {
      fill_span(first, static_cast<float>(per_pixel), count, buffer.nearness + at);
    }
  }
}

}  // namespace cliport

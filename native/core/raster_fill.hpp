// Fills one triangle on a picture, nearest surface first.
#pragma once

#include <cstdint>

namespace cliport {

/// A corner on the picture: pixel coordinates, and a nearness which is linear on the picture (1/depth under
/// perspective) and larger for what is nearer.
struct ScreenCorner {
  double x, y, nearness;
};

/// Where pixels keep the nearest surface so far. A pixel's sample lies at its integer coordinates.
struct NearestBuffer {
  int width, height;
  float* nearness;     ///< height x width
  std::int32_t* face;  ///< height x width, or null when only nearness is wanted
};

/// Writes nearness and `face` to every pixel whose sample lies in the triangle, edges included, and is nearer than what
/// was there. Triangles that share an edge leave no gap. Never writes outside the buffer, whatever the corners are.
void fill_triangle(const ScreenCorner& a, const ScreenCorner& b, const ScreenCorner& c, std::int32_t face,
                   const NearestBuffer& buffer);

}  // namespace cliport

// The kernel's pixels one after the other, the last one first.
#include "cuda/kernel.hpp"

namespace cliport::cuda {

cudaError_t place_pixels(const Projection& projection, const Pixels& pixels, unsigned long long* best, cudaStream_t) {
  for (unsigned pixel = pixels.count; pixel-- > 0;) {
    const PlacedPoint placed = place_pixel(projection, pixels, pixel);
    if (placed.cell == projection.rows * projection.cols) continue;
    if (best[placed.cell] < best_of(placed.z, pixel)) best[placed.cell] = best_of(placed.z, pixel);
  }
  return cudaSuccess;
}

}  // namespace cliport::cuda

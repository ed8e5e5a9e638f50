// One thread a pixel. Compiled without fused multiply-adds, with IEEE division and denormals: the arithmetic of
// native/core/heightmap_point.hpp then has the same bits as on a processor. Which thread comes first does not matter:
// the largest of a cell's points is the same in any order.
#include "cuda/kernel.hpp"

namespace cliport::cuda {
namespace {

constexpr unsigned kThreads = 256;  // of a block

__global__ void place(const Projection projection, const Pixels pixels, unsigned long long* best) {
  const unsigned pixel = blockIdx.x * kThreads + threadIdx.x;
  if (pixel >= pixels.count) return;
  const PlacedPoint placed = place_pixel(projection, pixels, pixel);
  if (placed.cell == projection.rows * projection.cols) return;
  const unsigned long long point = best_of(placed.z, pixel);
  // Most points lie below what is there already: a plain read, even of an old value, spares their atomic.
  if (best[placed.cell] < point) atomicMax(best + placed.cell, point);
}

}  // namespace

cudaError_t place_pixels(const Projection& projection, const Pixels& pixels, unsigned long long* best,
                         cudaStream_t stream) {
  place<<<(pixels.count + kThreads - 1) / kThreads, kThreads, 0, stream>>>(projection, pixels, best);
  return cudaGetLastError();
}

}  // namespace cliport::cuda

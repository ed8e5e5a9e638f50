// The only part that nvcc compiles.
#pragma once

#include <cuda_runtime_api.h>

#include "cuda/pixels.hpp"

namespace cliport::cuda {

/// Raises each cell of `best` (rows x cols, in the device's memory) to the highest point that the pixels have in it;
/// done when the stream has come so far.
cudaError_t place_pixels(const Projection& projection, const Pixels& pixels, unsigned long long* best,
                         cudaStream_t stream);

}  // namespace cliport::cuda

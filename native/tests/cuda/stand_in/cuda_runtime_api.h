// CUDA's calls that native/backends/cuda uses, on the processor's memory: a device that does everything at once.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>

using cudaError_t = int;
using cudaStream_t = void*;
enum { cudaSuccess = 0, cudaErrorMemoryAllocation = 2, cudaStreamNonBlocking = 1 };
enum { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2 };

inline const char* cudaGetErrorString(cudaError_t) { return "out of memory"; }
inline cudaError_t cudaGetDeviceCount(int* count) { return *count = 1, cudaSuccess; }
inline cudaError_t cudaSetDevice(int) { return cudaSuccess; }
inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) { return *stream = nullptr, cudaSuccess; }
inline cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
inline cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }

// As a device's, it begins with anything but zeros.
inline cudaError_t cudaMalloc(void** place, std::size_t bytes) {
  *place = std::malloc(bytes);
  if (*place == nullptr) return cudaErrorMemoryAllocation;
  std::memset(*place, 0xab, bytes);
  return cudaSuccess;
}
inline cudaError_t cudaMallocHost(void** place, std::size_t bytes) { return cudaMalloc(place, bytes); }
inline cudaError_t cudaFree(void* place) { return std::free(place), cudaSuccess; }
inline cudaError_t cudaFreeHost(void* place) { return cudaFree(place); }
inline cudaError_t cudaMemsetAsync(void* place, int value, std::size_t bytes, cudaStream_t) {
  if (bytes > 0) std::memset(place, value, bytes);
  return cudaSuccess;
}
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, int, cudaStream_t) {
  if (bytes > 0) std::memcpy(to, from, bytes);
  return cudaSuccess;
}

#include "cuda/heightmap.hpp"

#include <cuda_runtime_api.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "../../core/heightmap_projection.hpp"
#include "cuda/kernel.hpp"

namespace cliport::cuda {
namespace {

void check(cudaError_t error, const char* what) {
  if (error != cudaSuccess) {
    throw std::runtime_error(std::string("CUDA could not ") + what + ": " + cudaGetErrorString(error));
  }
}

// Memory of the device, or of the processor where the device reads and writes it fastest; grows, never shrinks.
template <typename Number, bool kOnDevice = true>
class Memory {
 public:
  Memory() = default;
  Memory(Memory&& other) noexcept : numbers_(std::exchange(other.numbers_, nullptr)), size_(other.size_) {}
  Memory& operator=(Memory&&) = delete;
  ~Memory() { release(); }

  Number* of_size(std::size_t size) {
    if (size > size_) {
      release();
      void** place = reinterpret_cast<void**>(&numbers_);
      const std::size_t bytes = size * sizeof(Number);
      check(kOnDevice ? cudaMalloc(place, bytes) : cudaMallocHost(place, bytes), "get memory");
      size_ = size;
    }
    return numbers_;
  }

 private:
  void release() {
    if (numbers_ != nullptr) static_cast<void>(kOnDevice ? cudaFree(numbers_) : cudaFreeHost(numbers_));
    numbers_ = nullptr;
    size_ = 0;
  }
  Number* numbers_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace

class HeightmapProjector::Device {
 public:
  Device() {
    check(cudaSetDevice(0), "use its first device");
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "make a stream");
  }
  ~Device() { static_cast<void>(cudaStreamDestroy(stream_)); }

  Status project(std::span<const RgbdFrame> frames, const HeightmapSpec& spec, const FusedMap& out) {
    check(cudaSetDevice(0), "use its first device");  // of this thread
    const std::size_t cells = out.height_m.size(), places = cells * frames.size();
    if (cameras_.size() < frames.size()) cameras_.resize(frames.size());
    unsigned long long* best = best_.of_size(places);
    Best* found = found_.of_size(places);
    check(cudaMemsetAsync(best, 0, places * sizeof(Best), stream_), "clear a map");
    std::vector<Sight> sights;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      place(frames[i], spec, cameras_[i], best + i * cells);
      sights.push_back({&frames[i], cameras_[i].rays.get()});
      sights.back().maps[0] = found + i * cells;
    }
    check(cudaMemcpyAsync(found, best, places * sizeof(Best), cudaMemcpyDeviceToHost, stream_), "read a map");
    check(cudaStreamSynchronize(stream_), "make a heightmap");
    heightmap_kernels().front().fuse(sights, 0, cells, out);
    return {};
  }

 private:
  // What is kept of a frame's camera until the next frame.
  struct Camera {
    Memory<float> depth_m, ray_x, ray_y;
    Memory<std::uint16_t> depth_raw;
    std::shared_ptr<const LensRays> rays;  // those that lie in the device's memory
  };

  template <typename Number>
  const Number* copied(Memory<Number>& memory, std::span<const Number> numbers) {
    if (numbers.empty()) return nullptr;
    Number* place = memory.of_size(numbers.size());
    check(cudaMemcpyAsync(place, numbers.data(), numbers.size_bytes(), cudaMemcpyHostToDevice, stream_),
          "copy a frame");
    return place;
  }

  // Copies what lies there from the frame before only where it has changed.
  const float* rays_of_axis(Memory<float>& memory, const std::vector<float>& numbers, bool changed) {
    return changed ? copied(memory, std::span<const float>(numbers)) : memory.of_size(numbers.size());
  }

  void place(const RgbdFrame& frame, const HeightmapSpec& spec, Camera& camera, unsigned long long* best) {
    const std::shared_ptr<const LensRays> rays = rays_of(frame.intrinsics, frame.lens);
    const bool changed = rays != camera.rays;
    Pixels pixels{};
    pixels.depth_m = copied(camera.depth_m, frame.depth_m);
    pixels.depth_raw = copied(camera.depth_raw, frame.depth_raw);
    pixels.depth_scale_m = frame.depth_scale_m;
    if (rays) {
      pixels.ray_x = rays_of_axis(camera.ray_x, rays->x, changed);
      pixels.ray_y = rays_of_axis(camera.ray_y, rays->y, changed);
    }
    camera.rays = rays;
    pixels.width = static_cast<unsigned>(frame.intrinsics.width);
    pixels.count = static_cast<unsigned>(frame.intrinsics.pixels());
    check(place_pixels(Projection(frame, spec, rays.get()), pixels, best, stream_), "start its kernel");
  }

  cudaStream_t stream_ = nullptr;
  std::vector<Camera> cameras_;
  Memory<unsigned long long> best_;
  Memory<Best, false> found_;
};

std::string why_no_device() {
  int devices = 0;
  const cudaError_t error = cudaGetDeviceCount(&devices);
  if (error != cudaSuccess) return cudaGetErrorString(error);
  return devices == 0 ? "no CUDA device" : "";
}

HeightmapProjector::HeightmapProjector() : device_(std::make_unique<Device>()) {}
HeightmapProjector::~HeightmapProjector() = default;

Status HeightmapProjector::project(std::span<const RgbdFrame> frames, const HeightmapSpec& spec,
                                   std::span<float> height_m, std::span<std::uint8_t> color,
                                   std::span<std::uint8_t> labels) {
  if (Status status = check_heightmap(frames, spec, height_m.size(), color.size(), labels.size()); !status.ok()) {
    return status;
  }
  return device_->project(frames, spec, {static_cast<float>(spec.z_min_m), height_m, color, labels});
}

}  // namespace cliport::cuda

// The heightmap's points placed on an NVIDIA GPU. Built where nvcc is found (docs/gpu.md).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "cliport/heightmap.hpp"

namespace cliport::cuda {

/// Why no CUDA device can be used here, in CUDA's words; empty where the first one can.
std::string why_no_device();

/// Makes heightmaps on the first CUDA device, whose memory it keeps for the next one.
///
/// The device places each pixel's point in its cell, and the highest stays; the cells' colours and labels are looked up
/// and fused on the processor, so that no colour picture crosses the bus. Results equal those of
/// `project_heightmap` in exact mode bit for bit. One thread at a time.
class HeightmapProjector {
 public:
  /// @throws std::runtime_error with CUDA's words where no device can be used
  HeightmapProjector();
  ~HeightmapProjector();
  HeightmapProjector(const HeightmapProjector&) = delete;
  HeightmapProjector& operator=(const HeightmapProjector&) = delete;

  /// As `project_heightmap`. @throws std::runtime_error with CUDA's words when the device fails
  Status project(std::span<const RgbdFrame> frames, const HeightmapSpec& spec, std::span<float> height_m,
                 std::span<std::uint8_t> color, std::span<std::uint8_t> labels = {});

 private:
  class Device;
  std::unique_ptr<Device> device_;
};

}  // namespace cliport::cuda

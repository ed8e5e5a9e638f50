// A camera without hardware: the library's software device, fed by the caller. Everything behind the sensor (syncer,
// filters, alignment, recording, this package's delivery) is the same as for a real camera.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "devices.hpp"

namespace realsense {

struct SoftwareStream {
  int width = 0, height = 0, fps = 0, format = 0, bytes_per_pixel = 0;
  abi::Intrinsics intrinsics{};
};

struct SoftwareOptions {
  std::string serial, name;
  std::optional<SoftwareStream> depth, color;
  abi::Extrinsics depth_to_color{};
  float depth_units_m = 0.001f;
};

struct InjectedFrame {
  int number = 0;
  double timestamp_ms = 0;
  int domain = 0;
  const void* depth = nullptr;  ///< null: no depth frame this time
  const void* color = nullptr;
  std::size_t depth_bytes = 0, color_bytes = 0;
};

class SoftwareDevice : public std::enable_shared_from_this<SoftwareDevice> {
 public:
  /// @throws Failure FEATURE_MISSING, INPUT_INVALID (serial number taken)
  static std::shared_ptr<SoftwareDevice> create(const SoftwareOptions& options);
  ~SoftwareDevice();

  /// Copies the pixels and hands them to the sensors that stream. Does nothing while unplugged.
  void inject(const InjectedFrame& frame);
  /// From here on the camera is listed and can be opened; listeners hear of it.
  void plug();
  void unplug();
  bool plugged() const { return plugged_; }

  const std::string& serial() const { return options_.serial; }
  abi::Device* device() const { return device_; }
  DeviceInfo info() const;

  /// Pixel buffers that the library has not given back yet, of all software devices: the leak test's figure.
  static int buffers_alive();

 private:
  explicit SoftwareDevice(const SoftwareOptions& options);

  SoftwareOptions options_;
  abi::Device* device_ = nullptr;
  abi::Sensor *depth_sensor_ = nullptr, *color_sensor_ = nullptr;
  abi::StreamProfile *depth_profile_ = nullptr, *color_profile_ = nullptr;
  std::mutex inject_mutex_;
  std::atomic<bool> plugged_ = false;
  bool in_context_ = false;
};

/// The plugged software camera with this serial number, or the first one when it is empty; null when there is none.
std::shared_ptr<SoftwareDevice> find_software_device(const std::string& serial);
std::vector<DeviceInfo> list_software_devices();

/// Tells every listener, as the library does for a real camera.
void announce(const DevicesChanged& change);

}  // namespace realsense

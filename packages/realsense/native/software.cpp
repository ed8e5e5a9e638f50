#include "software.hpp"

#include <cstdlib>
#include <cstring>
#include <map>

namespace realsense {
namespace {

struct Registry {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<SoftwareDevice>> plugged;
};

Registry& registry() {
  static auto* const instance = new Registry;
  return *instance;
}

std::atomic<int> alive{0};

void give_back(void* pixels) {
  std::free(pixels);
  --alive;
}

void* copy_of(const void* pixels, std::size_t bytes) {
  void* copy = std::malloc(bytes);
  if (!copy) throw std::bad_alloc();
  std::memcpy(copy, pixels, bytes);
  ++alive;
  return copy;
}

abi::StreamProfile* add_stream(abi::Sensor* sensor, const SoftwareStream& stream, int type, int unique_id) {
  const auto add = REALSENSE_FEATURE(software_sensor_add_video_stream_ex);
  const abi::VideoStream video{type,
                               0,
                               unique_id,
                               stream.width,
                               stream.height,
                               stream.fps,
                               stream.bytes_per_pixel,
                               stream.format,
                               stream.intrinsics};
  return call(add, sensor, video, 1);
}

}  // namespace

std::shared_ptr<SoftwareDevice> SoftwareDevice::create(const SoftwareOptions& options) {
  return std::shared_ptr<SoftwareDevice>(new SoftwareDevice(options));
}

SoftwareDevice::SoftwareDevice(const SoftwareOptions& options) : options_(options) {
  const auto make = REALSENSE_FEATURE(create_software_device);
  const auto add_sensor = REALSENSE_FEATURE(software_device_add_sensor);
  const auto add_option = REALSENSE_FEATURE(software_sensor_add_read_only_option);
  const auto register_info = REALSENSE_FEATURE(software_device_register_info);
  device_ = call(make);
  call(register_info, device_, static_cast<int>(abi::kInfoSerial), options_.serial.c_str());
  call(register_info, device_, static_cast<int>(abi::kInfoName), options_.name.c_str());
  if (options_.depth) {
    depth_sensor_ = call(add_sensor, device_, "Stereo Module");
    depth_profile_ = add_stream(depth_sensor_, *options_.depth, abi::kStreamDepth, 1);
    call(add_option, depth_sensor_, static_cast<int>(abi::kOptionDepthUnits), options_.depth_units_m);
    call(add_option, depth_sensor_, static_cast<int>(abi::kOptionStereoBaseline), 50.0f);
  }
  if (options_.color) {
    color_sensor_ = call(add_sensor, device_, "RGB Camera");
    color_profile_ = add_stream(color_sensor_, *options_.color, abi::kStreamColor, 2);
  }
  if (depth_profile_ && color_profile_) {
    call(REALSENSE_FEATURE(register_extrinsics), static_cast<const abi::StreamProfile*>(depth_profile_),
         static_cast<const abi::StreamProfile*>(color_profile_), options_.depth_to_color);
  }
  call(REALSENSE_FEATURE(software_device_create_matcher), device_, static_cast<int>(abi::kMatcherDefault));
}

SoftwareDevice::~SoftwareDevice() {
  if (depth_sensor_) library().delete_sensor(depth_sensor_);
  if (color_sensor_) library().delete_sensor(color_sensor_);
  if (device_) library().delete_device(device_);
}

void SoftwareDevice::inject(const InjectedFrame& frame) {
  if (!plugged_) return;
  std::lock_guard lock(inject_mutex_);
  const auto on_frame = REALSENSE_FEATURE(software_sensor_on_video_frame);
  const auto set_metadata = REALSENSE_FEATURE(software_sensor_set_metadata);
  const auto send = [&](abi::Sensor* sensor, const abi::StreamProfile* profile, const SoftwareStream& stream,
                        const void* pixels, std::size_t bytes, float units_m) {
    const int stride = stream.width * stream.bytes_per_pixel;
    if (bytes != static_cast<std::size_t>(stride) * stream.height) {
      throw Failure("INPUT_INVALID", "Expected " + std::to_string(stride * stream.height) +
                                         " bytes of pixels but received " + std::to_string(bytes));
    }
    // In thousandths of a frame a second; without it the syncer of 2.56 and newer pairs nothing for the first second.
    call(set_metadata, sensor, static_cast<int>(abi::kMetadataActualFps), 1000LL * stream.fps);
    call(set_metadata, sensor, static_cast<int>(abi::kMetadataFrameCounter), static_cast<long long>(frame.number));
    call(on_frame, sensor,
         abi::SoftwareVideoFrame{copy_of(pixels, bytes), &give_back, stride, stream.bytes_per_pixel, frame.timestamp_ms,
                                 frame.domain, frame.number, profile, units_m});
  };
  if (frame.depth && depth_sensor_) {
    send(depth_sensor_, depth_profile_, *options_.depth, frame.depth, frame.depth_bytes, options_.depth_units_m);
  }
  if (frame.color && color_sensor_) {
    send(color_sensor_, color_profile_, *options_.color, frame.color, frame.color_bytes, 0);
  }
}

DeviceInfo SoftwareDevice::info() const {
  DeviceInfo info;
  info.serial = options_.serial;
  info.name = options_.name;
  info.software = true;
  return info;
}

void SoftwareDevice::plug() {
  abi::Context* context = shared_context();
  {
    Registry& r = registry();
    std::lock_guard lock(r.mutex);
    const auto [entry, inserted] = r.plugged.emplace(options_.serial, shared_from_this());
    if (!inserted) {
      if (entry->second.get() == this) return;
      throw Failure("INPUT_INVALID",
                    "A software camera with serial number " + options_.serial + " is plugged in already.");
    }
  }
  plugged_ = true;
  if (in_context_) {
    announce({{info()}, {}});
  } else {
    in_context_ = true;
    call(REALSENSE_FEATURE(context_add_software_device), context, device_);  // the library announces it
  }
}

// The library announces a software device's arrival but not its leaving (it keeps a weak reference), so we do.
void SoftwareDevice::unplug() {
  {
    Registry& r = registry();
    std::lock_guard lock(r.mutex);
    const auto entry = r.plugged.find(options_.serial);
    if (entry == r.plugged.end() || entry->second.get() != this) return;
    r.plugged.erase(entry);
  }
  plugged_ = false;
  announce({{}, {info()}});
}

int SoftwareDevice::buffers_alive() { return alive; }

std::shared_ptr<SoftwareDevice> find_software_device(const std::string& serial) {
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  if (serial.empty()) return r.plugged.empty() ? nullptr : r.plugged.begin()->second;
  const auto found = r.plugged.find(serial);
  return found == r.plugged.end() ? nullptr : found->second;
}

std::vector<DeviceInfo> list_software_devices() {
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  std::vector<DeviceInfo> infos;
  for (const auto& [serial, device] : r.plugged) infos.push_back(device->info());
  return infos;
}

}  // namespace realsense

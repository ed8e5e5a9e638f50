#include "devices.hpp"

#include <map>
#include <mutex>

#include "software.hpp"

namespace realsense {
namespace {

struct Listeners {
  std::mutex mutex;
  int next_id = 1;
  std::map<int, DevicesListener> by_id;
};

Listeners& listeners() {
  static auto* const instance = new Listeners;
  return *instance;
}

DeviceInfo info_of(const abi::Device* device) {
  return {device_info(device, abi::kInfoSerial),      device_info(device, abi::kInfoName),
          device_info(device, abi::kInfoFirmware),    device_info(device, abi::kInfoRecommendedFirmware),
          device_info(device, abi::kInfoPort),        device_info(device, abi::kInfoUsbType),
          device_info(device, abi::kInfoProductLine), false};
}

std::vector<DeviceInfo> infos_of(const abi::DeviceList* list) {
  std::vector<DeviceInfo> infos;
  const int count = attempt(library().get_device_count, list);
  for (int i = 0; i < count; ++i) {
    // A camera that another process holds, or that left a moment ago, cannot be made: it is not listed.
    if (abi::Device* device = attempt(library().create_device, list, i)) {
      infos.push_back(info_of(device));
      library().delete_device(device);
    }
  }
  return infos;
}

}  // namespace

std::string device_info(const abi::Device* device, int info) {
  if (!attempt(library().supports_device_info, device, info)) return "";
  const char* text = attempt(library().get_device_info, device, info);
  return text ? text : "";
}

std::vector<DeviceInfo> list_devices() {
  const abi::Context* context = shared_context();
  const auto list = own(call(library().query_devices, context), library().delete_device_list);
  std::vector<DeviceInfo> infos = infos_of(list.get());
  for (DeviceInfo& info : list_software_devices()) infos.push_back(std::move(info));
  return infos;
}

DevicePointer find_device(const std::string& serial) {
  if (const auto software = find_software_device(serial)) {
    return DevicePointer(software, software->device());  // shares ownership of the software device
  }
  const abi::Context* context = shared_context();
  const auto list = own(call(library().query_devices, context), library().delete_device_list);
  const int count = call(library().get_device_count, static_cast<const abi::DeviceList*>(list.get()));
  std::string present;
  for (int i = 0; i < count; ++i) {
    abi::Device* device = attempt(library().create_device, static_cast<const abi::DeviceList*>(list.get()), i);
    if (!device) continue;
    DevicePointer pointer(device, library().delete_device);
    const std::string found = device_info(device, abi::kInfoSerial);
    if (serial.empty() || found == serial) return pointer;
    present += (present.empty() ? "" : ", ") + found;
  }
  throw Failure("CAMERA_ABSENT",
                (serial.empty() ? std::string("No RealSense camera is connected")
                                : "No RealSense camera with serial number " + serial + " is connected") +
                    (present.empty() ? "" : "; connected: " + present) +
                    ". Check the cable (USB 3), the power, and that no other program holds the camera.");
}

void hardware_reset(const std::string& serial) {
  const auto reset = REALSENSE_FEATURE(hardware_reset);
  const DevicePointer device = find_device(serial);
  call(reset, static_cast<const abi::Device*>(device.get()));
}

std::vector<std::shared_ptr<abi::Sensor>> sensors_of(const abi::Device* device) {
  const auto list = own(call(library().query_sensors, device), library().delete_sensor_list);
  const int count = call(library().get_sensors_count, static_cast<const abi::SensorList*>(list.get()));
  std::vector<std::shared_ptr<abi::Sensor>> sensors;
  for (int i = 0; i < count; ++i) {
    sensors.emplace_back(call(library().create_sensor, static_cast<const abi::SensorList*>(list.get()), i),
                         library().delete_sensor);
  }
  return sensors;
}

std::string sensor_name(const abi::Sensor* sensor) {
  if (!attempt(library().supports_sensor_info, sensor, static_cast<int>(abi::kInfoName))) return "";
  const char* text = attempt(library().get_sensor_info, sensor, static_cast<int>(abi::kInfoName));
  return text ? text : "";
}

ProfileInfo profile_info(const abi::StreamProfile* profile) {
  ProfileInfo info;
  int unique_id = 0;
  call(library().get_stream_profile_data, profile, &info.type, &info.format, &info.index, &unique_id, &info.fps);
  attempt(library().get_video_stream_resolution, profile, &info.width, &info.height);  // 0 for a motion stream
  info.is_default = attempt(library().is_stream_profile_default, profile) != 0;
  return info;
}

std::vector<ProfileInfo> list_profiles(const std::string& serial) {
  const DevicePointer device = find_device(serial);
  std::vector<ProfileInfo> infos;
  for (const auto& sensor : sensors_of(device.get())) {
    const auto list = own(call(library().get_stream_profiles, sensor.get()), library().delete_stream_profiles_list);
    const int count = call(library().get_stream_profiles_count, static_cast<const abi::StreamProfileList*>(list.get()));
    for (int i = 0; i < count; ++i) {
      ProfileInfo info =
          profile_info(call(library().get_stream_profile, static_cast<const abi::StreamProfileList*>(list.get()), i));
      info.sensor = sensor_name(sensor.get());
      infos.push_back(info);
    }
  }
  return infos;
}

int listen_devices(DevicesListener listener) {
  shared_context();  // its callback feeds us
  Listeners& l = listeners();
  std::lock_guard lock(l.mutex);
  l.by_id.emplace(l.next_id, std::move(listener));
  return l.next_id++;
}

void unlisten_devices(int id) {
  Listeners& l = listeners();
  std::lock_guard lock(l.mutex);
  l.by_id.erase(id);
}

void announce(const DevicesChanged& change) {
  if (change.added.empty() && change.removed.empty()) return;
  Listeners& l = listeners();
  std::lock_guard lock(l.mutex);
  for (const auto& [id, listener] : l.by_id) listener(change);
}

void on_devices_changed(abi::DeviceList* removed, abi::DeviceList* added, void*) {
  DevicesChanged change{infos_of(added), infos_of(removed)};
  library().delete_device_list(removed);
  library().delete_device_list(added);
  announce(change);
}

}  // namespace realsense

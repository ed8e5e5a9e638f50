// Which cameras there are: real ones of the shared context, and software ones made by this process.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "library.hpp"

namespace realsense {

struct DeviceInfo {
  std::string serial, name, firmware, recommended_firmware, port, usb, product_line;
  bool software = false;
};

struct ProfileInfo {
  std::string sensor;
  int type = 0, index = 0, format = 0, fps = 0, width = 0, height = 0;
  bool is_default = false;
};

/// A device handle; deletes only the wrapper, as the library does.
using DevicePointer = std::shared_ptr<abi::Device>;

/// May take a second: it asks every camera on the bus. Not for the JavaScript thread.
std::vector<DeviceInfo> list_devices();
std::vector<ProfileInfo> list_profiles(const std::string& serial);

/// The camera with this serial number, or the first one when it is empty. @throws Failure CAMERA_ABSENT
DevicePointer find_device(const std::string& serial);
std::string device_info(const abi::Device* device, int info);

/// Restarts the camera's firmware; it leaves the bus and comes back after some seconds.
void hardware_reset(const std::string& serial);

std::vector<std::shared_ptr<abi::Sensor>> sensors_of(const abi::Device* device);
std::string sensor_name(const abi::Sensor* sensor);
ProfileInfo profile_info(const abi::StreamProfile* profile);

struct DevicesChanged {
  std::vector<DeviceInfo> added, removed;
};
using DevicesListener = std::function<void(const DevicesChanged&)>;
/// Called on a thread of the library, until the returned id is given to unlisten (which waits for a call under way).
int listen_devices(DevicesListener listener);
void unlisten_devices(int id);

}  // namespace realsense

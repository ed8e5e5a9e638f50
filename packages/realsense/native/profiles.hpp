// Which stream profiles of a device answer to what was asked for.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "devices.hpp"

namespace realsense {

struct StreamRequest {
  int type = 0;
  int index = -1;                                  ///< -1: any
  int width = 0, height = 0, fps = 0, format = 0;  ///< 0: any
};

struct ChosenProfiles {
  std::vector<Owned<abi::StreamProfileList>> lists;                         ///< profiles stay valid as long as these
  std::map<std::size_t, std::vector<const abi::StreamProfile*>> by_sensor;  ///< key: index into the sensors
};

/// The best profile for each request.
/// @param recording the device plays a file: the first profile that meets the request is taken
/// @throws Failure PROFILE_UNAVAILABLE naming what is offered
ChosenProfiles choose_profiles(const std::vector<std::shared_ptr<abi::Sensor>>& sensors,
                               const std::vector<StreamRequest>& requests, bool recording);

}  // namespace realsense

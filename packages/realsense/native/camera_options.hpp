// Options of sensors and filters: by name, with their ranges.
#pragma once

#include <string>
#include <vector>

#include "library.hpp"

namespace realsense {

struct OptionValue {
  std::string name;  ///< as in the library's documentation, lower case: enable_auto_exposure
  float value = 0;
};

struct OptionInfo {
  std::string sensor, name, description;
  float value = 0, min = 0, max = 0, step = 0, fallback = 0;
  bool read_only = false;
};

/// "Enable Auto Exposure" -> "enable_auto_exposure"
std::string snake_case(const std::string& words);

/// Sensors and filters are options too, in the library's C interface.
inline const abi::Options* as_options(const void* object) { return static_cast<const abi::Options*>(object); }

/// @param owner what has the option, for messages
/// @throws Failure OPTION_UNKNOWN naming what there is, OPTION_RANGE
void apply_option(const abi::Options* options, const std::string& owner, const OptionValue& option);

/// Every option of a sensor; `sensor` in snake case.
std::vector<OptionInfo> list_options(const abi::Options* options, const std::string& sensor);

}  // namespace realsense

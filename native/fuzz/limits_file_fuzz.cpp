// Any text as a file of limits: refused with a reason, or limits that a controller accepts.
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "limits_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const cliport::ControllerConfig config = cliport::parse_limits({reinterpret_cast<const char*>(data), size});
    const cliport::Controller controller(config, cliport::Joints{});
  } catch (const std::invalid_argument&) {
  }
  return 0;
}

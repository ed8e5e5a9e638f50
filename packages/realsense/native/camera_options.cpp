#include "camera_options.hpp"

#include <cctype>

namespace realsense {
namespace {

/// Every option by its name; -1 when there is none of that name.
int option_called(const abi::Options* options, const std::string& name, std::string& known) {
  const auto list = own(call(library().get_options_list, options), library().delete_options_list);
  const int count = call(library().get_options_list_size, static_cast<const abi::OptionsList*>(list.get()));
  for (int i = 0; i < count; ++i) {
    const int id = call(library().get_option_from_list, static_cast<const abi::OptionsList*>(list.get()), i);
    const std::string found = snake_case(library().option_to_string(id));
    if (found == name) return id;
    known += (known.empty() ? "" : ", ") + found;
  }
  return -1;
}

}  // namespace

std::string snake_case(const std::string& words) {
  std::string name;
  for (const char c : words) {
    name += std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::tolower(c)) : '_';
  }
  return name;
}

void apply_option(const abi::Options* options, const std::string& owner, const OptionValue& option) {
  std::string known;
  const int id = option_called(options, option.name, known);
  if (id < 0) {
    throw Failure("OPTION_UNKNOWN", owner + " has no option " + option.name + ". It has: " + known);
  }
  float min = 0, max = 0, step = 0, fallback = 0;
  call(library().get_option_range, options, id, &min, &max, &step, &fallback);
  if (!(option.value >= min && option.value <= max)) {
    throw Failure("OPTION_RANGE", "Expected " + option.name + " of " + owner + " from " + std::to_string(min) + " to " +
                                      std::to_string(max) + " but received " + std::to_string(option.value));
  }
  call(library().set_option, options, id, option.value);
}

std::vector<OptionInfo> list_options(const abi::Options* options, const std::string& sensor) {
  const auto list = own(call(library().get_options_list, options), library().delete_options_list);
  const int count = call(library().get_options_list_size, static_cast<const abi::OptionsList*>(list.get()));
  std::vector<OptionInfo> infos;
  for (int i = 0; i < count; ++i) {
    const int id = call(library().get_option_from_list, static_cast<const abi::OptionsList*>(list.get()), i);
    OptionInfo info;
    info.sensor = sensor;
    info.name = snake_case(library().option_to_string(id));
    if (const char* words = attempt(library().get_option_description, options, id)) info.description = words;
    info.value = attempt(library().get_option, options, id);
    info.read_only = attempt(library().is_option_read_only, options, id) != 0;
    attempt(library().get_option_range, options, id, &info.min, &info.max, &info.step, &info.fallback);
    infos.push_back(info);
  }
  return infos;
}

}  // namespace realsense

#include "limits_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

#include "nearest_name.hpp"

namespace cliport {
namespace {

struct Number {
  std::string_view key;
  double ControllerConfig::*member;
};

constexpr std::array kNumbers{
    Number{"tool_radius_m", &ControllerConfig::tool_radius_m},
    Number{"joint_margin_rad", &ControllerConfig::joint_margin_rad},
    Number{"speed_mps", &ControllerConfig::speed_mps},
    Number{"acceleration_mps2", &ControllerConfig::acceleration_mps2},
    Number{"jerk_mps3", &ControllerConfig::jerk_mps3},
    Number{"yaw_speed_radps", &ControllerConfig::yaw_speed_radps},
    Number{"yaw_acceleration_radps2", &ControllerConfig::yaw_acceleration_radps2},
    Number{"yaw_jerk_radps3", &ControllerConfig::yaw_jerk_radps3},
    Number{"stop_acceleration_mps2", &ControllerConfig::stop_acceleration_mps2},
    Number{"stop_jerk_mps3", &ControllerConfig::stop_jerk_mps3},
    Number{"tracking_error_rad", &ControllerConfig::tracking_error_rad},
    Number{"contact_force_n", &ControllerConfig::contact_force_n},
    Number{"force_ceiling_n", &ControllerConfig::force_ceiling_n},
    Number{"torque_ceiling_nm", &ControllerConfig::torque_ceiling_nm},
    Number{"watchdog_s", &ControllerConfig::watchdog_s},
    Number{"lease_timeout_s", &ControllerConfig::lease_timeout_s},
    Number{"grasp_settle_s", &ControllerConfig::grasp_settle_s},
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

constexpr std::array<std::string_view, 7> kOtherKeys{"arm",          "tool_length_m", "tool_yaw_rad", "tool_mass_kg",
                                                     "held_mass_kg", "motion_box_m",  "keep_out_m"};

/// One line of the file.
struct Entry {
  int number = 0;
  std::string_view key, value;

  [[noreturn]] void refuse(const std::string& expected) const {
    throw std::invalid_argument("line " + std::to_string(number) + ": Expected " + expected + " for " +
                                std::string(key) + " but received '" + std::string(value) + "'");
  }

  [[noreturn]] void refuse_key() const {
    std::vector<std::string_view> known(kOtherKeys.begin(), kOtherKeys.end());
    for (const Number& number : kNumbers) known.push_back(number.key);
    throw std::invalid_argument("line " + std::to_string(number) + ": Unknown key '" + std::string(key) + "'" +
                                did_you_mean(key, known) + ", expected one of config/controller-limits.txt");
  }

  [[noreturn]] void refuse_repetition(int first) const {
    throw std::invalid_argument("line " + std::to_string(number) + ": Expected " + std::string(key) +
                                " once, but it is on line " + std::to_string(first) + " too");
  }

  double number_of(std::string_view text) const {
    text = trimmed(text);
    double number_read = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number_read);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(number_read)) {
      refuse("a number");
    }
    return number_read;
  }

  Box box() const {
    const std::string expected = "[x min, x max, y min, y max, z min, z max] in metres";
    if (value.size() < 2 || value.front() != '[' || value.back() != ']') refuse(expected);
    std::string_view rest = value.substr(1, value.size() - 2);
    Box box{};
    for (std::size_t i = 0; i < box.size(); ++i) {
      const std::size_t comma = rest.find(',');
      if ((comma == std::string_view::npos) != (i + 1 == box.size())) refuse(expected);
      box[i] = number_of(rest.substr(0, comma));
      if (comma != std::string_view::npos) rest.remove_prefix(comma + 1);
    }
    return box;
  }

  ArmModel arm() const {
    if (value == to_string(ArmModel::kPanda)) return ArmModel::kPanda;
    if (value == to_string(ArmModel::kFr3)) return ArmModel::kFr3;
    refuse("panda or fr3");
  }
};

std::vector<Entry> lines_of(std::string_view text) {
  std::vector<Entry> lines;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view content = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    content = trimmed(content.substr(0, content.find('#')));
    if (content.empty()) continue;
    const std::size_t colon = content.find(':');
    Entry line{number, trimmed(content.substr(0, colon)), {}};
    if (colon == std::string_view::npos) line.refuse("'key: value'");
    line.value = trimmed(content.substr(colon + 1));
    const auto first = std::find_if(lines.begin(), lines.end(), [&line](const Entry& e) { return e.key == line.key; });
    if (first != lines.end() && line.key != "keep_out_m") line.refuse_repetition(first->number);
    lines.push_back(line);
  }
  return lines;
}

void take(const Entry& line, ControllerConfig& config) {
  if (line.key == "arm") return;  // was read first: it sets the defaults
  if (line.key == "tool_length_m") {
    config.tool.flange_to_tcp_m = line.number_of(line.value);
  } else if (line.key == "tool_yaw_rad") {
    config.tool.flange_to_tcp_yaw_rad = line.number_of(line.value);
  } else if (line.key == "tool_mass_kg") {
    config.tool_load.mass_kg = line.number_of(line.value);
  } else if (line.key == "held_mass_kg") {
    config.held_load.mass_kg = line.number_of(line.value);
  } else if (line.key == "motion_box_m") {
    config.motion_box_m = line.box();
  } else if (line.key == "keep_out_m") {
    config.keep_out_m.push_back(line.box());
  } else {
    for (const Number& known : kNumbers) {
      if (known.key == line.key) {
        config.*known.member = line.number_of(line.value);
        return;
      }
    }
    line.refuse_key();
  }
}

}  // namespace

ControllerConfig parse_limits(std::string_view text) {
  const std::vector<Entry> lines = lines_of(text);
  ControllerConfig config;
  for (const Entry& line : lines) {
    if (line.key == "arm") config = config_for(line.arm());
  }
  for (const Entry& line : lines) take(line, config);
  // Half way along the tool, and one half of what is held below its tip.
  config.tool_load.F_x_center_m = {0.0, 0.0, config.tool.flange_to_tcp_m / 2.0};
  config.held_load.F_x_center_m = {0.0, 0.0, config.tool.flange_to_tcp_m + 0.02};
  check_config(config, Joints{});
  return config;
}

ControllerConfig read_limits(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) throw std::invalid_argument("Expected a file of limits but could not read '" + path + "'");
  try {
    return parse_limits(text);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(path + ", " + error.what());
  }
}

}  // namespace cliport

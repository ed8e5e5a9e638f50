// The controller's own limits, from a file beside it: the runtime can only ask for less.
#pragma once

#include <string>
#include <string_view>

#include "cliport/controller.hpp"

namespace cliport {

/// Reads lines of `key: number`, `key: [number, ...]` or `arm: panda|fr3`; '#' begins a comment. Keys are the names in
/// ControllerConfig, with units: speed_mps, motion_box_m, joint_margin_rad, ...; keep_out_m may come as often as there
/// are boxes; tool_length_m and tool_yaw_rad place the tool, tool_mass_kg and held_mass_kg are what the arm carries.
/// What is left out keeps its default for the arm.
/// @throws std::invalid_argument naming line, key, what was expected and what was received; also when a key but
/// keep_out_m comes twice, or the whole makes no sense
ControllerConfig parse_limits(std::string_view text);

/// The same from a file. @throws std::invalid_argument naming the file
ControllerConfig read_limits(const std::string& path);

}  // namespace cliport

// Events, states and settings of the controller as messages of the link.
#pragma once

#include <string>

#include "cliport/controller.hpp"
#include "link.pb.h"

namespace cliport {

/// A Reply with an Event, serialized. @param detail for people, UTF-8
std::string event_bytes(const Event& event, EndEffectorKind kind, const std::string& detail);

/// All but header, last event and detail.
void fill_state(const Snapshot& snapshot, const ControllerConfig& config, cliport::link::v2::State& state);

/// What the configuration says: limits, boxes, end effector, tool, features.
void fill_welcome(const ControllerConfig& config, cliport::link::v2::Welcome& welcome);

}  // namespace cliport

// Outcome of a call into the core that can be refused. The 1 kHz cycle uses its own codes (controller.hpp) instead.
#pragma once

#include <string>
#include <utility>

namespace cliport {

enum class StatusCode { kOk, kInvalidArgument };

/// Ok, or why not, in words which name the argument, what was expected and what was received.
struct [[nodiscard]] Status {
  StatusCode code = StatusCode::kOk;
  std::string message;

  bool ok() const { return code == StatusCode::kOk; }
};

inline Status invalid_argument(std::string message) { return {StatusCode::kInvalidArgument, std::move(message)}; }

}  // namespace cliport

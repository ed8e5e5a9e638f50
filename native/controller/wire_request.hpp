// Requests of the link as commands of the controller.
#pragma once

#include <optional>
#include <string>

#include "cliport/controller.hpp"
#include "link.pb.h"

namespace cliport {

/// What is wrong with a request; becomes an Error reply.
struct Refusal {
  std::string code;
  std::string message;
};

/// A request that was read. What this release does not carry out becomes CommandKind::kUnsupported.
struct ReadRequest {
  bool is_command = false;  ///< else it is answered without the controller
  Command command;
  std::string unsupported;  ///< which field asks for what is not carried out; empty: none does
};

/// Version and session.
std::optional<Refusal> check_header(const cliport::link::v2::Request& request);

/// Only form is looked at: whether the numbers make sense is for the controller to say.
std::optional<Refusal> read_request(const cliport::link::v2::Request& request, ReadRequest& read);

}  // namespace cliport

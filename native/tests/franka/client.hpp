// The one client of a service: requests over its connection, states over datagrams.
#pragma once

#include <sys/socket.h>

#include <cstring>
#include <string>
#include <vector>

#include "requests.hpp"
#include "sockets.hpp"

namespace cliport::fci {

/// @tparam Connect a service's first request
template <typename Connect>
struct ClientOf {
  using Request = RequestOf<typename Connect::Header>;

  /// @return false when none came within the time
  bool arrive(const Socket& listener, std::int64_t timeout_us) {
    tcp = accept_from(listener, timeout_us, address);
    requests = {};
    return static_cast<bool>(tcp);
  }

  /// Answers Connect; states can be sent when both speak the same version.
  /// @param bind_to address that the client sees as the states' sender
  void welcome(const Request& request, const std::string& bind_to, std::uint16_t version,
               std::vector<std::uint8_t>& answers) {
    // Not read as a Connect::Request: a client of another version still sends these two numbers.
    std::array<std::uint16_t, 2> version_and_port{};
    std::memcpy(version_and_port.data(), request.payload.data(),
                std::min(sizeof version_and_port, request.payload.size()));
    const auto& [theirs, port] = version_and_port;
    const bool same = theirs == version;
    append_answer(request, answers, same ? Connect::Status::kSuccess : Connect::Status::kIncompatibleLibraryVersion,
                  version);
    if (same) udp = datagrams_to(bind_to, address, port);
  }

  /// Ends the connection. @param orderly false: a reset, as from the kernel of a computer that has started again
  void leave(bool orderly) {
    const linger reset{1, 0};
    if (!orderly) setsockopt(tcp.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    tcp.close();
    udp.close();
  }

  Socket tcp;
  Socket udp;
  RequestReaderOf<typename Connect::Header> requests;
  sockaddr_in address{};
};

}  // namespace cliport::fci

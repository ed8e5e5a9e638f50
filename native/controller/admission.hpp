// Who may connect: answers libzmq's questions about keys (ZAP, ZeroMQ RFC 27).
#pragma once

#include <string>
#include <unordered_set>
#include <vector>
#include <zmq.hpp>

namespace cliport {

/// One for a ZeroMQ context, bound before the sockets that it guards and closed after them. Used by one thread.
class Admission {
 public:
  static constexpr char kDomain[] = "cliport";

  /// @param runtimes public keys, Z85
  /// @throws std::runtime_error when the context has a handler already
  Admission(zmq::context_t& context, const std::vector<std::string>& runtimes);

  /// To wait on, beside others.
  zmq::socket_ref socket() { return socket_; }
  /// Answers one question. Anything but a key of the list is refused. @return false when there was none
  bool serve_one();

 private:
  const std::unordered_set<std::string> runtimes_;
  zmq::socket_t socket_;
};

}  // namespace cliport

// Who may connect: answers libzmq's questions about keys (ZAP, ZeroMQ RFC 27).
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

namespace cliport {

/// One for a ZeroMQ context, bound before the sockets that it guards and closed after them. Used by one thread.
class Admission {
 public:
  static constexpr char kDomain[] = "cliport";

  /// @param runtimes public keys, Z85
  /// @throws std::runtime_error when the context has a handler already
  Admission(void* context, const std::vector<std::string>& runtimes);
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  /// To wait on, beside others.
  void* socket() const { return socket_; }
  /// Answers one question. Anything but a key of the list is refused. @return false when there was none
  bool serve_one();

 private:
  const std::unordered_set<std::string> runtimes_;
  void* socket_;
};

}  // namespace cliport

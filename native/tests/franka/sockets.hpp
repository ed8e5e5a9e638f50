// Sockets of the test servers: owned, on loopback, without signals.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace cliport::fci {

class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() { close(); }

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  /// Readable within the time? A closed peer counts as readable. @param timeout_us 0: look only
  bool readable(std::int64_t timeout_us) const {
    pollfd item{fd_, POLLIN, 0};
    const timespec timeout{timeout_us / 1'000'000, timeout_us % 1'000'000 * 1000};
    return ppoll(&item, 1, &timeout, nullptr) > 0;
  }
  /// @return bytes read, 0 at the peer's end, -1 when there is nothing
  ssize_t receive(std::span<std::uint8_t> into) const { return ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT); }
  bool send(std::span<const std::uint8_t> bytes) const {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }

 private:
  int fd_ = -1;
};

inline sockaddr_in address_of(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
    throw std::invalid_argument("Expected an IPv4 address but received '" + host + "'");
  }
  return address;
}

/// @throws std::runtime_error when the port is taken
inline Socket listen_on(const std::string& host, std::uint16_t port) {
  Socket socket(::socket(AF_INET, SOCK_STREAM, 0));
  const int yes = 1;
  setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const sockaddr_in address = address_of(host, port);
  if (bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(socket.fd(), 4) != 0) {
    throw std::runtime_error("Could not listen on " + host + ":" + std::to_string(port) + ": is a server running?");
  }
  return socket;
}

/// Waits for a client. @return no socket when none came within the time
inline Socket accept_from(const Socket& listener, std::int64_t timeout_us, sockaddr_in& client) {
  if (!listener.readable(timeout_us)) return {};
  socklen_t size = sizeof client;
  Socket socket(::accept(listener.fd(), reinterpret_cast<sockaddr*>(&client), &size));
  const int yes = 1;
  if (socket) setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return socket;
}

/// Datagrams to and from one client. @param bind_to address that the client sees as the sender
inline Socket datagrams_to(const std::string& bind_to, sockaddr_in client, std::uint16_t port) {
  Socket socket(::socket(AF_INET, SOCK_DGRAM, 0));
  const sockaddr_in own = address_of(bind_to, 0);
  client.sin_port = htons(port);
  if (bind(socket.fd(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 ||
      connect(socket.fd(), reinterpret_cast<const sockaddr*>(&client), sizeof client) != 0) {
    throw std::runtime_error("Could not send datagrams to the client");
  }
  return socket;
}

}  // namespace cliport::fci

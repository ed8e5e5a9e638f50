#include "service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace cliport {
namespace {

[[noreturn]] void fail(std::string_view name, const std::string& why) {
  throw NotifyError("Could not notify the service manager at the socket '" + std::string(name) + "': " + why +
                    ". Start this program from a unit with Type=notify, or without NOTIFY_SOCKET.");
}

/// A whole number of the environment, or a fallback where it is missing or none.
std::int64_t number_of(const char* variable, std::int64_t fallback) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return fallback;
  std::int64_t value = 0;
  const char* const end = text + std::strlen(text);
  const auto [last, error] = std::from_chars(text, end, value);
  return error == std::errc() && last == end ? value : fallback;
}

}  // namespace

bool notify_service_manager(const std::string& assignments) {
  const char* variable = std::getenv("NOTIFY_SOCKET");
  if (variable == nullptr || *variable == '\0') return false;
  const std::string_view name = variable;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name[0] != '/' && name[0] != '@') fail(name, "expected a path or an abstract name that begins with @");
  if (name.size() >= sizeof address.sun_path) fail(name, "the name is too long");
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';  // unix(7): an abstract name
  // A path counts with its final zero, an abstract name is all of the bytes that are given.
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (name[0] == '/' ? 1 : 0));

  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) fail(name, std::strerror(errno));
  const bool sent =
      ::sendto(socket, assignments.data(), assignments.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), size) == static_cast<ssize_t>(assignments.size());
  const int error = errno;
  ::close(socket);
  if (!sent) fail(name, std::strerror(error));
  return true;
}

std::int64_t watchdog_timeout_us() {
  const std::int64_t own = ::getpid();
  if (number_of("WATCHDOG_PID", own) != own) return 0;
  const std::int64_t timeout_us = number_of("WATCHDOG_USEC", 0);
  return timeout_us > 0 ? timeout_us : 0;
}

}  // namespace cliport

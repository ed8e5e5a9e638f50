// What a service tells the service manager that started it: sd_notify(3) and sd_watchdog_enabled(3) of systemd.
//
// The protocol is one datagram of assignments to the socket that $NOTIFY_SOCKET names, and is stable by systemd's own
// word (systemd.io/PORTABILITY_AND_STABILITY), so no library is linked for it.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace cliport {

/// The service manager named a socket that cannot be reached.
class NotifyError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Sends assignments, one a line: "READY=1\nSTATUS=waiting for a runtime".
/// @return false when nobody waits for them: the process was not started with $NOTIFY_SOCKET
/// @throws NotifyError naming the socket and why it cannot be reached
bool notify_service_manager(const std::string& assignments);

/// Longest time between two "WATCHDOG=1", microseconds; 0 when the service manager expects none of this process.
std::int64_t watchdog_timeout_us();

/// Decides when the watchdog may be fed: only when everything that it watches has advanced since the last time, so that
/// a loop which stands still is noticed although the thread that asks goes on.
class WatchdogGate {
 public:
  /// @param control_ns stamp of the newest control cycle @param sockets_ns when the sockets' thread last looked
  /// @return whether both have advanced since this last returned true
  bool opens(std::int64_t control_ns, std::int64_t sockets_ns) {
    if (control_ns <= control_ns_ || sockets_ns <= sockets_ns_) return false;
    control_ns_ = control_ns;
    sockets_ns_ = sockets_ns;
    return true;
  }

 private:
  std::int64_t control_ns_ = 0;
  std::int64_t sockets_ns_ = 0;
};

}  // namespace cliport

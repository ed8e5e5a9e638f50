#include "service_manager.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace cliport::test {
namespace {

/// A service manager's end of the notification socket.
class NotificationSocket {
 public:
  explicit NotificationSocket(const std::string& name) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const std::size_t size = offsetof(sockaddr_un, sun_path) + name.size() + (name[0] == '/' ? 1 : 0);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size)), 0);
    if (name[0] == '/') path_ = name;
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~NotificationSocket() {
    ::close(socket_);
    if (!path_.empty()) ::unlink(path_.c_str());
    ::unsetenv("NOTIFY_SOCKET");
  }

  /// The oldest datagram that waits, empty for none.
  std::string received() {
    std::array<char, 512> bytes{};
    const ssize_t size = ::recv(socket_, bytes.data(), bytes.size(), 0);
    return size < 0 ? "" : std::string(bytes.data(), static_cast<std::size_t>(size));
  }

 private:
  int socket_;
  std::string path_;
};

std::string own_name(const char* prefix) { return prefix + std::to_string(::getpid()); }

TEST(ServiceManagerTest, AssignmentsReachASocketWithAPath) {
  NotificationSocket manager(own_name("/tmp/cliport-notify-"));
  EXPECT_TRUE(notify_service_manager("READY=1\nSTATUS=here"));
  EXPECT_EQ(manager.received(), "READY=1\nSTATUS=here");
}

TEST(ServiceManagerTest, AssignmentsReachAnAbstractSocket) {
  NotificationSocket manager(own_name("@cliport-notify-"));
  EXPECT_TRUE(notify_service_manager("WATCHDOG=1"));
  EXPECT_EQ(manager.received(), "WATCHDOG=1");
}

TEST(ServiceManagerTest, WithoutAServiceManagerNothingIsSaid) {
  ::unsetenv("NOTIFY_SOCKET");
  EXPECT_FALSE(notify_service_manager("READY=1"));
}

TEST(ServiceManagerTest, ASocketThatIsNotThereIsNamed) {
  for (const std::string& name :
       {std::string("/nowhere/notify"), std::string("vsock:2:1234"), "/" + std::string(200, 'x')}) {
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    try {
      notify_service_manager("READY=1");
      ADD_FAILURE() << name << " was taken";
    } catch (const NotifyError& error) {
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
  }
  ::unsetenv("NOTIFY_SOCKET");
}

TEST(ServiceManagerTest, TheWatchdogIsThatOfThisProcessAlone) {
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  EXPECT_EQ(watchdog_timeout_us(), 3'000'000);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(watchdog_timeout_us(), 3'000'000);
  ::setenv("WATCHDOG_PID", std::to_string(::getppid()).c_str(), 1);
  EXPECT_EQ(watchdog_timeout_us(), 0);
  ::unsetenv("WATCHDOG_PID");
  ::setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_EQ(watchdog_timeout_us(), 0);
  ::unsetenv("WATCHDOG_USEC");
  EXPECT_EQ(watchdog_timeout_us(), 0);
}

TEST(ServiceManagerTest, TheWatchdogIsFedOnlyWhenLoopAndSocketsHaveBothGoneOn) {
  WatchdogGate gate;
  EXPECT_FALSE(gate.opens(0, 0)) << "no cycle yet";
  EXPECT_TRUE(gate.opens(5, 7));
  EXPECT_FALSE(gate.opens(5, 9)) << "the control loop stands";
  EXPECT_FALSE(gate.opens(6, 7)) << "the sockets' thread stands";
  EXPECT_TRUE(gate.opens(6, 9));
}

}  // namespace
}  // namespace cliport::test

#include "check.hpp"

#include <arpa/inet.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "lateness.hpp"
#include "link.pb.h"
#include "protocol.hpp"
#include "realtime.hpp"

namespace cliport {
namespace {

constexpr std::int64_t kPeriodNs = 1'000'000;
constexpr int kLoopCycles = 2000;
constexpr int kRoundTrips = 1000;
constexpr int kPatienceMs = 1000;
constexpr std::size_t kRobotStateBytes = 1200;  // size that Franka's own network check uses for its echoes

/// First line of a file of the system, empty when there is none.
std::string line_of(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string json_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + "\"";
}

std::string limit_of(__rlimit_resource resource) {
  rlimit limit{};
  getrlimit(resource, &limit);
  return limit.rlim_cur == RLIM_INFINITY ? "\"unlimited\"" : std::to_string(limit.rlim_cur);
}

bool has_realtime_kernel(const utsname& system) {
  return line_of("/sys/kernel/realtime") == "1" || std::strstr(system.version, "PREEMPT_RT") != nullptr;
}

/// An idle loop as the control thread's: nothing but the machine makes it late.
Lateness idle_loop(const CheckRequest& request) {
  Lateness lateness;
  std::thread loop([&] {
    if (request.fifo) make_fifo(pthread_self(), kControlPriority);
    if (request.cpu >= 0) pin_to_core(pthread_self(), request.cpu);
    std::int64_t deadline_ns = monotonic_ns() + kPeriodNs;
    for (int i = 0; i < kLoopCycles; ++i, deadline_ns += kPeriodNs) {
      sleep_until_ns(deadline_ns);
      lateness.add(monotonic_ns() - deadline_ns);
    }
  });
  loop.join();
  return lateness;
}

/// Durations go into the same histogram as lateness.
std::string durations(const Lateness& trips) {
  std::array<char, 160> text{};
  std::snprintf(text.data(), text.size(), "{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f,\"n\":%llu}", trips.quantile_ms(0.5),
                trips.quantile_ms(0.99), trips.max_ms(), static_cast<unsigned long long>(trips.cycles()));
  return text.data();
}

/// Pings over the command socket, as a runtime sends them.
Lateness link_round_trips(const Endpoint& endpoint, const RuntimeKeys& keys) {
  Lateness trips;
  void* context = zmq_ctx_new();
  void* socket = zmq_socket(context, ZMQ_DEALER);
  const int none = 0;
  zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
  zmq_setsockopt(socket, ZMQ_RCVTIMEO, &kPatienceMs, sizeof kPatienceMs);
  zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, keys.controller_public_key.c_str(),
                 keys.controller_public_key.size() + 1);
  zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys.own.public_key.c_str(), keys.own.public_key.size() + 1);
  zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys.own.secret_key.c_str(), keys.own.secret_key.size() + 1);
  zmq_connect(socket, endpoint.address().c_str());
  link::v2::Request ping;
  ping.mutable_header()->set_version(kLinkVersion);
  ping.mutable_header()->set_session(std::random_device{}() | 1u);
  ping.mutable_ping();
  for (int i = 0; i <= kRoundTrips; ++i) {
    ping.mutable_header()->set_sequence(static_cast<std::uint64_t>(i) + 1);
    const std::string bytes = ping.SerializeAsString();
    std::array<char, 256> reply{};
    const std::int64_t begin_ns = monotonic_ns();
    if (zmq_send(socket, bytes.data(), bytes.size(), 0) < 0 || zmq_recv(socket, reply.data(), reply.size(), 0) < 0) {
      break;
    }
    if (i > 0) trips.add(monotonic_ns() - begin_ns);  // the first one waits for the handshake
  }
  zmq_close(socket);
  zmq_ctx_term(context);
  return trips;
}

std::uint16_t checksum(const std::uint8_t* bytes, std::size_t size) {  // RFC 1071
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < size; i += 2) sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return htons(static_cast<std::uint16_t>(~sum));
}

struct Echoes {
  Lateness trips;
  int lost = 0;
  std::string problem;
};

/// ICMP echoes at 1 kHz, one at a time; unprivileged where the system has such sockets, else raw.
Echoes robot_round_trips(const std::string& robot_ip) {
  Echoes echoes;
  sockaddr_in robot{};
  robot.sin_family = AF_INET;
  if (inet_pton(AF_INET, robot_ip.c_str(), &robot.sin_addr) != 1) {
    echoes.problem = "not a numeric IPv4 address";
    return echoes;
  }
  bool raw = false;
  int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP);
  if (socket < 0) {
    raw = true;
    socket = ::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
  }
  if (socket < 0) {
    echoes.problem = std::string("no ICMP socket: ") + std::strerror(errno);
    return echoes;
  }
  std::vector<std::uint8_t> packet(sizeof(icmphdr) + kRobotStateBytes), answer(2048);
  std::int64_t next_ns = monotonic_ns();
  for (std::uint16_t i = 0; i < kRoundTrips && echoes.lost < 10; ++i) {
    sleep_until_ns(next_ns);
    icmphdr header{};
    header.type = ICMP_ECHO;
    header.un.echo.id = htons(static_cast<std::uint16_t>(::getpid()));
    header.un.echo.sequence = htons(i);
    std::memcpy(packet.data(), &header, sizeof header);
    header.checksum = checksum(packet.data(), packet.size());
    std::memcpy(packet.data(), &header, sizeof header);
    const std::int64_t begin_ns = monotonic_ns();
    next_ns = begin_ns + kPeriodNs;
    bool heard =
        ::sendto(socket, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&robot), sizeof robot) >= 0;
    for (bool mine = false; heard && !mine;) {
      pollfd wait{socket, POLLIN, 0};
      heard = ::poll(&wait, 1, 100) > 0;
      if (!heard) break;
      const ssize_t size = ::recv(socket, answer.data(), answer.size(), 0);
      const std::size_t offset = raw ? static_cast<std::size_t>(answer[0] & 15) * 4 : 0;
      if (size < static_cast<ssize_t>(offset + sizeof(icmphdr))) continue;
      icmphdr reply{};
      std::memcpy(&reply, answer.data() + offset, sizeof reply);
      mine = reply.type == ICMP_ECHOREPLY && reply.un.echo.sequence == htons(i);
    }
    if (heard) {
      echoes.trips.add(monotonic_ns() - begin_ns);
    } else {
      ++echoes.lost;
    }
  }
  ::close(socket);
  return echoes;
}

}  // namespace

std::string check_system(const CheckRequest& request, const Endpoint& endpoint, const RuntimeKeys& keys) {
  utsname system{};
  uname(&system);
  const bool realtime_kernel = has_realtime_kernel(system);
  const Lateness loop = idle_loop(request);
  const Lateness link = link_round_trips(endpoint, keys);
  std::optional<Echoes> robot;
  if (!request.robot_ip.empty()) robot = robot_round_trips(request.robot_ip);

  std::vector<std::string> advice;
  if (!realtime_kernel) advice.push_back("a kernel with PREEMPT_RT keeps rare late cycles away");
  if (!request.fifo) advice.push_back("raise the limit 'rtprio' of this user, so that the loop gets SCHED_FIFO");
  if (!request.memory_locked) advice.push_back("raise the limit 'memlock' of this user");
  if (loop.max_late_in_a_row() > 1)
    advice.push_back("the idle loop was late twice in a row: move load off this machine");
  if (robot && (robot->lost > 0 || robot->trips.max_ms() > 1.0)) {
    advice.push_back(
        "the way to the robot loses packets or takes longer than 1 ms: connect it directly, without a switch");
  }
  std::string listed;
  for (const std::string& words : advice) listed += (listed.empty() ? "" : ",") + json_text(words);

  std::string json = "\"kernel\":{\"release\":" + json_text(system.release) +
                     ",\"preempt_rt\":" + (realtime_kernel ? "true" : "false") +
                     ",\"cores\":" + std::to_string(std::thread::hardware_concurrency()) +
                     ",\"isolated_cores\":" + json_text(line_of("/sys/devices/system/cpu/isolated")) +
                     ",\"governor\":" + json_text(line_of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")) +
                     "}";
  json += std::string(",\"privileges\":{\"fifo\":") + (request.fifo ? "true" : "false") +
          ",\"memory_locked\":" + (request.memory_locked ? "true" : "false") +
          ",\"rtprio\":" + limit_of(RLIMIT_RTPRIO) + ",\"memlock_bytes\":" + limit_of(RLIMIT_MEMLOCK) + "}";
  json += ",\"loop\":{" + to_json(loop) + "},\"link\":{\"round_trip_ms\":" + durations(link) + "}";
  if (robot) {
    json += ",\"robot\":{\"round_trip_ms\":" + durations(robot->trips) + ",\"lost\":" + std::to_string(robot->lost) +
            ",\"problem\":" + json_text(robot->problem) + "}";
  }
  return json + ",\"advice\":[" + listed + "]";
}

}  // namespace cliport

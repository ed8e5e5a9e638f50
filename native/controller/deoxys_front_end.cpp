#include "deoxys_front_end.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <random>
#include <string_view>
#include <thread>

#include "deoxys_session.hpp"
#include "endpoint.hpp"
#include "realtime.hpp"
#include "sockets.hpp"

namespace cliport {
namespace {

constexpr int kLookMs = 5;
constexpr std::int64_t kArmStatePeriodNs = 10'000'000;      // 100 Hz
constexpr std::int64_t kGripperStatePeriodNs = 25'000'000;  // 40 Hz
constexpr std::int64_t kMaxMessageBytes = 64 * 1024;

/// The port of 'tcp://127.0.0.1:PORT'.
int port_of(std::string_view address) {
  constexpr std::string_view kHost = "tcp://127.0.0.1:";
  const int port = address.starts_with(kHost) ? base_port_of(address.substr(kHost.size())) : 0;
  if (port != 0) return port;
  throw BindError("Expected an address like tcp://127.0.0.1:5555 for --deoxys but received '" + std::string(address) +
                  "': deoxys does not authenticate its peers, so only loopback is served, and three more ports follow "
                  "the one that is named.");
}

std::string loopback(int port) { return "tcp://127.0.0.1:" + std::to_string(port); }

zmq::socket_t publish_at(zmq::context_t& context, int port, const std::string& purpose) {
  zmq::socket_t socket = open_socket(context, zmq::socket_type::pub, kMaxMessageBytes);
  bind_socket(socket, loopback(port), purpose + " of deoxys", "choose another address for --deoxys");
  return socket;
}

/// The client binds, and may come and go.
zmq::socket_t subscribe_to(zmq::context_t& context, int port) {
  zmq::socket_t socket = open_socket(context, zmq::socket_type::sub, kMaxMessageBytes);
  socket.set(zmq::sockopt::conflate, true);
  socket.set(zmq::sockopt::reconnect_ivl, 20);
  socket.set(zmq::sockopt::reconnect_ivl_max, 200);
  socket.set(zmq::sockopt::subscribe, "");
  socket.connect(loopback(port));
  return socket;
}

std::uint64_t random_session() {
  std::random_device random;
  return (static_cast<std::uint64_t>(random()) << 32 | random()) | 1;  // never 0
}

}  // namespace

struct DeoxysFrontEnd::State {
  State(Protocol& protocol, const Controller& controller, const ControllerConfig& config, int port)
      : protocol(protocol),
        session({.submit = [&protocol](const Command& command) { return protocol.submit(command); },
                 .snapshot = [&controller] { return controller.snapshot(); },
                 .warn =
                     [](const std::string& what) {
                       std::fprintf(stderr, "cliport-controller: deoxys: %s\n", what.c_str());
                     }},
                config, random_session()),
        arm_states(publish_at(context, port + 1, "arm states")),
        gripper_states(publish_at(context, port + 3, "gripper states")),
        arm_commands(subscribe_to(context, port)),
        gripper_commands(subscribe_to(context, port + 2)) {}

  void run();

  Protocol& protocol;
  DeoxysSession session;
  zmq::context_t context;
  zmq::socket_t arm_states, gripper_states, arm_commands, gripper_commands;
  ReceiptStamp stamp;
  std::atomic<bool> ending{false};
  std::thread thread;
};

void DeoxysFrontEnd::State::run() {
  std::int64_t next_arm_ns = monotonic_ns();
  std::int64_t next_gripper_ns = next_arm_ns;
  while (!ending) {
    std::array<zmq::pollitem_t, 2> items{readable(arm_commands), readable(gripper_commands)};
    wait_readable(items, kLookMs);
    zmq::message_t arm, gripper;
    // Before the arm's: a client sends both in one breath, the arm's first, and a grasp should not wait for a hop.
    if (receive_now(gripper_commands, gripper)) session.take_gripper_command(gripper.to_string_view());
    if (receive_now(arm_commands, arm)) {
      session.take_arm_command(arm.to_string_view(), stamp.stamp_ns());
    } else {
      stamp.found_empty(monotonic_ns(), protocol.now_ns());
    }
    session.step(protocol.now_ns());
    const std::int64_t now_ns = monotonic_ns();
    if (now_ns >= next_arm_ns) {
      send_now(arm_states, session.arm_state());
      next_arm_ns = std::max(next_arm_ns + kArmStatePeriodNs, now_ns);
    }
    if (now_ns >= next_gripper_ns) {
      send_now(gripper_states, session.gripper_state());
      next_gripper_ns = std::max(next_gripper_ns + kGripperStatePeriodNs, now_ns);
    }
  }
  // Sockets are closed by the thread that used them last.
  for (zmq::socket_t* socket : {&arm_commands, &gripper_commands, &arm_states, &gripper_states}) socket->close();
}

DeoxysFrontEnd::DeoxysFrontEnd(Protocol& protocol, const Controller& controller, const ControllerConfig& config,
                               const std::string& address, int realtime_priority)
    : state_(std::make_unique<State>(protocol, controller, config, port_of(address))) {
  state_->thread = std::thread([this] { state_->run(); });
  if (realtime_priority > 0) make_fifo(state_->thread.native_handle(), realtime_priority);
}

DeoxysFrontEnd::~DeoxysFrontEnd() {
  state_->ending = true;
  state_->thread.join();
}

}  // namespace cliport

#include "deoxys_front_end.hpp"

#include <pthread.h>
#include <sched.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <random>
#include <string_view>
#include <thread>

#include "deoxys_session.hpp"
#include "endpoint.hpp"

namespace cliport {
namespace {

constexpr int kLookMs = 5;
constexpr std::int64_t kArmStatePeriodNs = 10'000'000;      // 100 Hz
constexpr std::int64_t kGripperStatePeriodNs = 25'000'000;  // 40 Hz
constexpr std::int64_t kMaxMessageBytes = 64 * 1024;

std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct CloseContext {
  void operator()(void* context) const { zmq_ctx_term(context); }
};
struct CloseSocket {
  void operator()(void* socket) const { zmq_close(socket); }
};
using Context = std::unique_ptr<void, CloseContext>;
using Socket = std::unique_ptr<void, CloseSocket>;

struct Message {
  zmq_msg_t msg;
  Message() { zmq_msg_init(&msg); }
  ~Message() { zmq_msg_close(&msg); }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  std::string_view bytes() { return {static_cast<const char*>(zmq_msg_data(&msg)), zmq_msg_size(&msg)}; }
};

/// The port of 'tcp://127.0.0.1:PORT'.
int port_of(const std::string& address) {
  constexpr std::string_view kHost = "tcp://127.0.0.1:";
  int port = 0;
  if (address.starts_with(kHost)) {
    const char* end = address.data() + address.size();
    const auto [parsed, error] = std::from_chars(address.data() + kHost.size(), end, port);
    if (error != std::errc() || parsed != end) port = 0;
  }
  if (port >= 1 && port <= 65532) return port;
  throw BindError("Expected an address like tcp://127.0.0.1:5555 for --deoxys but received '" + address +
                  "': deoxys does not authenticate its peers, so only loopback is served, and three more ports follow "
                  "the one that is named.");
}

Socket open(const Context& context, int type) {
  Socket socket(zmq_socket(context.get(), type));
  if (!socket) throw BindError(std::string("Could not open a socket: ") + zmq_strerror(zmq_errno()));
  const int none = 0;
  zmq_setsockopt(socket.get(), ZMQ_LINGER, &none, sizeof none);
  zmq_setsockopt(socket.get(), ZMQ_MAXMSGSIZE, &kMaxMessageBytes, sizeof kMaxMessageBytes);
  return socket;
}

std::string loopback(int port) { return "tcp://127.0.0.1:" + std::to_string(port); }

Socket publish_at(const Context& context, int port, const char* purpose) {
  Socket socket = open(context, ZMQ_PUB);
  if (zmq_bind(socket.get(), loopback(port).c_str()) != 0) {
    throw BindError("Could not bind " + loopback(port) + " (" + purpose + " of deoxys): " + zmq_strerror(zmq_errno()) +
                    ". Is another controller running? End it, or choose another address for --deoxys.");
  }
  return socket;
}

/// The client binds, and may come and go.
Socket subscribe_to(const Context& context, int port) {
  Socket socket = open(context, ZMQ_SUB);
  const int yes = 1;
  const int first_ms = 20;
  const int longest_ms = 200;
  zmq_setsockopt(socket.get(), ZMQ_CONFLATE, &yes, sizeof yes);
  zmq_setsockopt(socket.get(), ZMQ_RECONNECT_IVL, &first_ms, sizeof first_ms);
  zmq_setsockopt(socket.get(), ZMQ_RECONNECT_IVL_MAX, &longest_ms, sizeof longest_ms);
  zmq_setsockopt(socket.get(), ZMQ_SUBSCRIBE, "", 0);
  zmq_connect(socket.get(), loopback(port).c_str());
  return socket;
}

/// The newest message that has come, if one has.
bool take(const Socket& socket, Message& message) {
  return zmq_msg_recv(&message.msg, socket.get(), ZMQ_DONTWAIT) >= 0;
}

void send(const Socket& socket, const std::string& bytes) {
  zmq_send(socket.get(), bytes.data(), bytes.size(), ZMQ_DONTWAIT);
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
  Context context{zmq_ctx_new()};
  Socket arm_states, gripper_states, arm_commands, gripper_commands;
  ReceiptStamp stamp;
  std::atomic<bool> ending{false};
  std::thread thread;
};

void DeoxysFrontEnd::State::run() {
  std::int64_t next_arm_ns = steady_ns();
  std::int64_t next_gripper_ns = next_arm_ns;
  while (!ending) {
    std::array<zmq_pollitem_t, 2> items{
        {{arm_commands.get(), 0, ZMQ_POLLIN, 0}, {gripper_commands.get(), 0, ZMQ_POLLIN, 0}}};
    zmq_poll(items.data(), static_cast<int>(items.size()), kLookMs);
    Message arm;
    Message gripper;
    // Before the arm's: a client sends both in one breath, the arm's first, and a grasp should not wait for a hop.
    if (take(gripper_commands, gripper)) session.take_gripper_command(gripper.bytes());
    if (take(arm_commands, arm)) {
      session.take_arm_command(arm.bytes(), stamp.stamp_ns());
    } else {
      stamp.found_empty(steady_ns(), protocol.now_ns());
    }
    session.step(protocol.now_ns());
    const std::int64_t now_ns = steady_ns();
    if (now_ns >= next_arm_ns) {
      send(arm_states, session.arm_state());
      next_arm_ns = std::max(next_arm_ns + kArmStatePeriodNs, now_ns);
    }
    if (now_ns >= next_gripper_ns) {
      send(gripper_states, session.gripper_state());
      next_gripper_ns = std::max(next_gripper_ns + kGripperStatePeriodNs, now_ns);
    }
  }
  // Sockets are closed by the thread that used them last.
  for (Socket* socket : {&arm_commands, &gripper_commands, &arm_states, &gripper_states}) socket->reset();
}

DeoxysFrontEnd::DeoxysFrontEnd(Protocol& protocol, const Controller& controller, const ControllerConfig& config,
                               const std::string& address, int realtime_priority)
    : state_(std::make_unique<State>(protocol, controller, config, port_of(address))) {
  state_->thread = std::thread([this] { state_->run(); });
  if (realtime_priority > 0) {
    sched_param parameters{};
    parameters.sched_priority = realtime_priority;
    pthread_setschedparam(state_->thread.native_handle(), SCHED_FIFO, &parameters);
  }
}

DeoxysFrontEnd::~DeoxysFrontEnd() {
  state_->ending = true;
  state_->thread.join();
}

}  // namespace cliport

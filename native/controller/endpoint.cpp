#include "endpoint.hpp"

#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "admission.hpp"

namespace cliport {
namespace {

constexpr std::int64_t kStatePeriodNs = 4'000'000;  // 250 Hz
constexpr std::int64_t kAttentiveNs = 50'000'000;   // after a message events are due within a cycle or two
constexpr int kCommandsPerRound = 64;               // then state is published, whoever floods the socket
constexpr int kStopsPerRound = 16;
constexpr int kAdmissionsPerRound = 16;
constexpr int kHandshakeMs = 5000;
constexpr std::int64_t kMaxMessageBytes = 1024 * 1024;  // above it libzmq drops the connection; below it we explain
constexpr std::size_t kMaxRoutes = 256;

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
  bool more() { return zmq_msg_more(&msg) != 0; }
};

struct Address {
  std::string host;  ///< as given
  std::string port;  ///< number or '*'
};

[[noreturn]] void refuse(const std::string& address, const std::string& why) {
  throw BindError("Expected an address like tcp://127.0.0.1:5600 or tcp://127.0.0.1:* but received '" + address +
                  "': " + why);
}

bool is_loopback(const std::string& host) {
  // All of 127.0.0.0/8 is loopback (RFC 6890); four plain numbers, so that 127.0.0.1.example.com is none of it.
  const bool numeric = host.find_first_not_of("0123456789.") == std::string::npos;
  return numeric && host.starts_with("127.") && std::count(host.begin(), host.end(), '.') == 3;
}

Address parse(const std::string& address) {
  constexpr std::string_view kScheme = "tcp://";
  if (!address.starts_with(kScheme)) refuse(address, "it does not start with tcp://.");
  const std::size_t colon = address.rfind(':');
  if (colon < kScheme.size()) refuse(address, "it has no port.");
  Address parsed{address.substr(kScheme.size(), colon - kScheme.size()), address.substr(colon + 1)};
  if (parsed.host == "localhost") parsed.host = "127.0.0.1";
  if (parsed.host == "*") refuse(address, "say 0.0.0.0 for all addresses of this machine.");
  if (parsed.port != "*") {
    int port = 0;
    const auto [end, error] = std::from_chars(parsed.port.data(), parsed.port.data() + parsed.port.size(), port);
    if (error != std::errc() || end != parsed.port.data() + parsed.port.size() || port < 1 || port > 65532) {
      refuse(address, "the port must be 1 to 65532 (three more follow it), or * for any free ones.");
    }
  }
  return parsed;
}

void set(const Socket& socket, int option, int value) { zmq_setsockopt(socket.get(), option, &value, sizeof value); }

/// Guarded: whoever connects must hold a key that Admission knows. Without an Admission in its context libzmq would let
/// everybody in, so that must be there first and go last.
Socket open_socket(const Context& context, int type, int high_water_mark, const std::string& secret_key) {
  Socket socket(zmq_socket(context.get(), type));
  if (!socket) throw BindError(std::string("Could not open a socket: ") + zmq_strerror(zmq_errno()));
  set(socket, ZMQ_LINGER, 0);
  set(socket, ZMQ_SNDHWM, high_water_mark);
  set(socket, ZMQ_RCVHWM, high_water_mark);
  // A peer whose cable was pulled is forgotten after three seconds, not after the kernel's hours.
  set(socket, ZMQ_HEARTBEAT_IVL, 1000);
  set(socket, ZMQ_HEARTBEAT_TIMEOUT, 3000);
  set(socket, ZMQ_HANDSHAKE_IVL, kHandshakeMs);
  set(socket, ZMQ_CURVE_SERVER, 1);
  zmq_setsockopt(socket.get(), ZMQ_ZAP_DOMAIN, Admission::kDomain, sizeof Admission::kDomain - 1);
  if (zmq_setsockopt(socket.get(), ZMQ_CURVE_SECRETKEY, secret_key.c_str(), secret_key.size() + 1) != 0) {
    throw BindError("Expected a secret key of 40 characters for the sockets but received another text.");
  }
  zmq_setsockopt(socket.get(), ZMQ_MAXMSGSIZE, &kMaxMessageBytes, sizeof kMaxMessageBytes);
  return socket;
}

/// @return the bound port
std::uint16_t bind_socket(const Socket& socket, const Address& address, int offset, const char* purpose) {
  const std::string port = address.port == "*" ? "*" : std::to_string(std::stoi(address.port) + offset);
  const std::string full = "tcp://" + address.host + ":" + port;
  if (zmq_bind(socket.get(), full.c_str()) != 0) {
    throw BindError("Could not bind " + full + " (" + purpose + "): " + zmq_strerror(zmq_errno()) +
                    ". Is another controller running? End it, or choose another address.");
  }
  std::array<char, 256> bound{};
  std::size_t size = bound.size();
  zmq_getsockopt(socket.get(), ZMQ_LAST_ENDPOINT, bound.data(), &size);
  const std::string_view text(bound.data());
  return static_cast<std::uint16_t>(std::stoi(std::string(text.substr(text.rfind(':') + 1))));
}

/// Non-blocking; what a slow peer has no room for is dropped.
void send(void* socket, std::string_view bytes, int flags = 0) {
  zmq_send(socket, bytes.data(), bytes.size(), flags | ZMQ_DONTWAIT);
}

/// Where a session's events go: the peer that spoke for it last.
struct Route {
  void* socket = nullptr;
  std::string peer;
  std::uint64_t last_use = 0;
  std::int64_t heard_ns = 0;  ///< last message on the command socket, on the protocol's clock
};

}  // namespace

struct Endpoint::State {
  Protocol& protocol;
  Context context{zmq_ctx_new()};
  std::optional<Admission> admission;
  Socket commands, states, events, stops;
  std::string address;
  LinkPorts ports;
  bool beyond_loopback = false;

  int wake_fd = -1;
  std::atomic<bool> ending{false};
  std::atomic<bool> says_farewell{false};
  std::atomic<std::int64_t> looked_ns{steady_ns()};
  std::thread thread;

  // Written by the thread alone, under the mutex; read by others under it.
  mutable std::mutex routes_mutex;
  std::unordered_map<std::uint64_t, Route> routes;

  // The thread's own.
  ReceiptStamp command_stamp, stop_stamp;
  std::uint64_t route_uses = 0;
  std::uint64_t event_cursor = 0;
  std::int64_t attentive_until_ns = 0;

  explicit State(Protocol& protocol) : protocol(protocol) {}
  ~State() {
    if (wake_fd >= 0) ::close(wake_fd);
  }

  void run();
  void end();
  void say_farewell();
  bool serve_one(const Socket& socket, Channel channel, ReceiptStamp& stamp);
  void drain_stops();
  void send_events();
  void remember(std::uint64_t session, void* socket, std::string_view peer, std::int64_t received_ns);
  void reply(void* socket, std::string_view peer, std::string_view bytes);
};

Endpoint::Endpoint(Protocol& protocol, const Options& options) : state_(std::make_unique<State>(protocol)) {
  const Address address = parse(options.address);
  State& state = *state_;
  zmq_ctx_set(state.context.get(), ZMQ_BLOCKY, 0);
  if (options.realtime_priority > 0) {
    zmq_ctx_set(state.context.get(), ZMQ_THREAD_SCHED_POLICY, SCHED_FIFO);
    zmq_ctx_set(state.context.get(), ZMQ_THREAD_PRIORITY, options.realtime_priority);
  }
  state.admission.emplace(state.context.get(), options.keys.runtimes);
  const std::string& secret_key = options.keys.secret_key;
  state.commands = open_socket(state.context, ZMQ_ROUTER, 1024, secret_key);
  state.states = open_socket(state.context, ZMQ_PUB, 4, secret_key);
  state.events = open_socket(state.context, ZMQ_PUB, 1024, secret_key);
  state.stops = open_socket(state.context, ZMQ_ROUTER, 64, secret_key);
  const std::uint16_t base = bind_socket(state.commands, address, 0, "commands");
  state.ports.state = bind_socket(state.states, address, 1, "state");
  state.ports.event = bind_socket(state.events, address, 2, "events");
  state.ports.stop = bind_socket(state.stops, address, 3, "stop");
  state.beyond_loopback = !is_loopback(address.host);
  state.address = "tcp://" + address.host + ":" + std::to_string(base);
  state.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (state.wake_fd < 0) throw BindError("Could not make an eventfd: too many open files.");
  protocol.set_ports(state.ports);
  // From here on the sockets belong to the thread, until it has been joined.
  state.thread = std::thread([&state] { state.run(); });
  if (options.realtime_priority > 0) {
    sched_param parameters{};
    parameters.sched_priority = options.realtime_priority;
    pthread_setschedparam(state.thread.native_handle(), SCHED_FIFO, &parameters);
  }
}

Endpoint::~Endpoint() {
  state_->end();
  state_->protocol.set_ports({});
}

void Endpoint::leave() {
  state_->says_farewell = true;
  state_->end();
  // libzmq's own thread hands over what was sent; the context ends when it has.
  state_->context.reset();
}

const std::string& Endpoint::address() const { return state_->address; }
const LinkPorts& Endpoint::ports() const { return state_->ports; }
bool Endpoint::is_beyond_loopback() const { return state_->beyond_loopback; }
std::int64_t Endpoint::looked_ns() const { return state_->looked_ns; }

std::int64_t Endpoint::heard_ns(std::uint64_t session) const {
  const std::lock_guard lock(state_->routes_mutex);
  const auto route = state_->routes.find(session);
  return route == state_->routes.end() ? 0 : route->second.heard_ns;
}

void Endpoint::State::end() {
  if (!thread.joinable()) return;
  ending = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd, &one, sizeof one);
  thread.join();
}

void Endpoint::State::run() {
  event_cursor = protocol.last_event_sequence();
  std::int64_t next_state_ns = steady_ns();
  while (!ending) {
    const std::int64_t now_ns = steady_ns();
    if (now_ns >= next_state_ns) {
      send(states.get(), protocol.state());
      // After a stall there is no use in sending the states that were missed.
      next_state_ns = std::max(next_state_ns + kStatePeriodNs, now_ns);
    }
    // Events have no descriptor to wait on, since the control loop makes no system call for us: look once a cycle.
    const bool attentive = now_ns < attentive_until_ns || protocol.is_busy();
    const std::int64_t wait_ms = attentive ? 1 : (next_state_ns - now_ns + 999'999) / 1'000'000;
    std::array<zmq_pollitem_t, 4> items{{
        {stops.get(), 0, ZMQ_POLLIN, 0},
        {commands.get(), 0, ZMQ_POLLIN, 0},
        {admission->socket(), 0, ZMQ_POLLIN, 0},
        {nullptr, wake_fd, ZMQ_POLLIN, 0},
    }};
    zmq_poll(items.data(), static_cast<int>(items.size()), std::max<std::int64_t>(0, wait_ms));
    drain_stops();
    for (int i = 0; i < kCommandsPerRound && serve_one(commands, Channel::kCommands, command_stamp); ++i) drain_stops();
    looked_ns = steady_ns();
    send_events();
    for (int i = 0; i < kAdmissionsPerRound && admission->serve_one(); ++i) drain_stops();
  }
  if (says_farewell) say_farewell();
  // Sockets are closed by the thread that used them last.
  commands.reset();
  states.reset();
  events.reset();
  stops.reset();
  admission.reset();
}

/// What has happened since the last round, which on a busy machine may lie long back; from now on closing waits for it.
void Endpoint::State::say_farewell() {
  for (const Socket* socket : {&commands, &states, &events, &stops}) set(*socket, ZMQ_LINGER, kFarewellMs);
  send_events();
  send(states.get(), protocol.state());
}

void Endpoint::State::drain_stops() {
  for (int i = 0; i < kStopsPerRound && serve_one(stops, Channel::kStop, stop_stamp); ++i) {
  }
}

/// Reads and answers one message. @return false when there was none
bool Endpoint::State::serve_one(const Socket& socket, Channel channel, ReceiptStamp& stamp) {
  Message peer;
  if (zmq_msg_recv(&peer.msg, socket.get(), ZMQ_DONTWAIT) < 0) {
    if (zmq_errno() == EAGAIN) stamp.found_empty(steady_ns(), protocol.now_ns());
    return false;
  }
  Message body;
  const bool has_body = peer.more() && zmq_msg_recv(&body.msg, socket.get(), ZMQ_DONTWAIT) >= 0;
  bool is_single = has_body;
  for (bool more = has_body && body.more(); more;) {
    Message rest;
    is_single = false;
    more = zmq_msg_recv(&rest.msg, socket.get(), ZMQ_DONTWAIT) >= 0 && rest.more();
  }
  // Several frames cannot be one Request; an empty one is answered like any other that is malformed.
  const Handled handled = protocol.handle(is_single ? body.bytes() : std::string_view(), channel, stamp.stamp_ns());
  if (handled.session != 0) remember(handled.session, socket.get(), peer.bytes(), stamp.stamp_ns());
  for (const std::string& bytes : handled.replies) reply(socket.get(), peer.bytes(), bytes);
  attentive_until_ns = steady_ns() + kAttentiveNs;
  return true;
}

void Endpoint::State::send_events() {
  std::vector<LoggedEvent> news;
  protocol.events_since(event_cursor, news);
  for (const LoggedEvent& event : news) {
    send(events.get(), *event.reply);
    if (const auto route = routes.find(event.session); route != routes.end()) {
      reply(route->second.socket, route->second.peer, *event.reply);
    }
  }
}

void Endpoint::State::remember(std::uint64_t session, void* socket, std::string_view peer, std::int64_t received_ns) {
  const std::lock_guard lock(routes_mutex);
  const auto known = routes.find(session);
  const bool is_command = socket == commands.get();
  // Who sends commands also listens there; the stop socket is the way back only for who has no other.
  if (known != routes.end() && !is_command && known->second.socket == commands.get()) return;
  if (known == routes.end() && routes.size() >= kMaxRoutes) {
    routes.erase(std::min_element(routes.begin(), routes.end(),
                                  [](const auto& a, const auto& b) { return a.second.last_use < b.second.last_use; }));
  }
  Route& route = routes[session];
  route.socket = socket;
  route.peer.assign(peer);
  route.last_use = ++route_uses;
  if (is_command) route.heard_ns = received_ns;
}

void Endpoint::State::reply(void* socket, std::string_view peer, std::string_view bytes) {
  if (zmq_send(socket, peer.data(), peer.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0) send(socket, bytes);
}

}  // namespace cliport

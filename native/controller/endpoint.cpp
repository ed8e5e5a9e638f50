#include "endpoint.hpp"

#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "admission.hpp"
#include "realtime.hpp"
#include "sockets.hpp"

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
  if (parsed.port != "*" && base_port_of(parsed.port) == 0) {
    refuse(address, "the port must be 1 to 65532 (three more follow it), or * for any free ones.");
  }
  return parsed;
}

/// Guarded: whoever connects must hold a key that Admission knows. Without an Admission in its context libzmq would let
/// everybody in, so that must be there first and go last.
zmq::socket_t open_guarded(zmq::context_t& context, zmq::socket_type type, int high_water_mark,
                           const std::string& secret_key) {
  zmq::socket_t socket = open_socket(context, type, kMaxMessageBytes);
  socket.set(zmq::sockopt::sndhwm, high_water_mark);
  socket.set(zmq::sockopt::rcvhwm, high_water_mark);
  // A peer whose cable was pulled is forgotten after three seconds, not after the kernel's hours.
  socket.set(zmq::sockopt::heartbeat_ivl, 1000);
  socket.set(zmq::sockopt::heartbeat_timeout, 3000);
  socket.set(zmq::sockopt::handshake_ivl, kHandshakeMs);
  socket.set(zmq::sockopt::curve_server, true);
  socket.set(zmq::sockopt::zap_domain, Admission::kDomain);
  try {
    socket.set(zmq::sockopt::curve_secretkey, secret_key);
  } catch (const zmq::error_t&) {
    throw BindError("Expected a secret key of 40 characters for the sockets but received another text.");
  }
  return socket;
}

/// @return the bound port
std::uint16_t bind_at(zmq::socket_t& socket, const Address& address, int offset, const char* purpose) {
  const std::string port = address.port == "*" ? "*" : std::to_string(std::stoi(address.port) + offset);
  bind_socket(socket, "tcp://" + address.host + ":" + port, purpose, "choose another address");
  const std::string bound = socket.get(zmq::sockopt::last_endpoint);
  return static_cast<std::uint16_t>(std::stoi(bound.substr(bound.rfind(':') + 1)));
}

/// Where a session's events go: the peer that spoke for it last.
struct Route {
  zmq::socket_ref socket;
  std::string peer;
  std::uint64_t last_use = 0;
  std::int64_t heard_ns = 0;  ///< last message on the command socket, on the protocol's clock
};

}  // namespace

struct Endpoint::State {
  Protocol& protocol;
  zmq::context_t context;
  std::optional<Admission> admission;
  zmq::socket_t commands, states, events, stops;
  std::string address;
  LinkPorts ports;
  bool beyond_loopback = false;

  int wake_fd = -1;
  std::atomic<bool> ending{false};
  std::atomic<bool> says_farewell{false};
  std::atomic<std::int64_t> looked_ns{monotonic_ns()};
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
  bool serve_one(zmq::socket_ref socket, Channel channel, ReceiptStamp& stamp);
  void drain_stops();
  void send_events();
  void remember(std::uint64_t session, zmq::socket_ref socket, std::string_view peer, std::int64_t received_ns);
  void reply(zmq::socket_ref socket, std::string_view peer, std::string_view bytes);
};

Endpoint::Endpoint(Protocol& protocol, const Options& options) : state_(std::make_unique<State>(protocol)) {
  const Address address = parse(options.address);
  State& state = *state_;
  state.context.set(zmq::ctxopt::blocky, 0);
  if (options.realtime_priority > 0) {
    state.context.set(zmq::ctxopt::thread_sched_policy, SCHED_FIFO);
    state.context.set(zmq::ctxopt::thread_priority, options.realtime_priority);
  }
  state.admission.emplace(state.context, options.keys.runtimes);
  const std::string& secret_key = options.keys.secret_key;
  state.commands = open_guarded(state.context, zmq::socket_type::router, 1024, secret_key);
  state.states = open_guarded(state.context, zmq::socket_type::pub, 4, secret_key);
  state.events = open_guarded(state.context, zmq::socket_type::pub, 1024, secret_key);
  state.stops = open_guarded(state.context, zmq::socket_type::router, 64, secret_key);
  const std::uint16_t base = bind_at(state.commands, address, 0, "commands");
  state.ports.state = bind_at(state.states, address, 1, "state");
  state.ports.event = bind_at(state.events, address, 2, "events");
  state.ports.stop = bind_at(state.stops, address, 3, "stop");
  state.beyond_loopback = !is_loopback(address.host);
  state.address = "tcp://" + address.host + ":" + std::to_string(base);
  state.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (state.wake_fd < 0) throw BindError("Could not make an eventfd: too many open files.");
  protocol.set_ports(state.ports);
  // From here on the sockets belong to the thread, until it has been joined.
  state.thread = std::thread([&state] { state.run(); });
  // A refusal is reported once, by whoever starts the control loop.
  if (options.realtime_priority > 0) make_fifo(state.thread.native_handle(), options.realtime_priority);
}

Endpoint::~Endpoint() {
  state_->end();
  state_->protocol.set_ports({});
}

void Endpoint::leave() {
  state_->says_farewell = true;
  state_->end();
  // libzmq's own thread hands over what was sent; the context ends when it has.
  state_->context.close();
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
  std::int64_t next_state_ns = monotonic_ns();
  while (!ending) {
    const std::int64_t now_ns = monotonic_ns();
    if (now_ns >= next_state_ns) {
      send_now(states, protocol.state());
      // After a stall there is no use in sending the states that were missed.
      next_state_ns = std::max(next_state_ns + kStatePeriodNs, now_ns);
    }
    // Events have no descriptor to wait on, since the control loop makes no system call for us: look once a cycle.
    const bool attentive = now_ns < attentive_until_ns || protocol.is_busy();
    const std::int64_t wait_ms = attentive ? 1 : (next_state_ns - now_ns + 999'999) / 1'000'000;
    std::array<zmq::pollitem_t, 4> items{
        readable(stops), readable(commands), readable(admission->socket()), {nullptr, wake_fd, ZMQ_POLLIN, 0}};
    wait_readable(items, wait_ms);
    drain_stops();
    for (int i = 0; i < kCommandsPerRound && serve_one(commands, Channel::kCommands, command_stamp); ++i) drain_stops();
    looked_ns = monotonic_ns();
    send_events();
    for (int i = 0; i < kAdmissionsPerRound && admission->serve_one(); ++i) drain_stops();
  }
  if (says_farewell) say_farewell();
  // Sockets are closed by the thread that used them last.
  for (zmq::socket_t* socket : {&commands, &states, &events, &stops}) socket->close();
  admission.reset();
}

/// What has happened since the last round, which on a busy machine may lie long back; from now on closing waits for it.
void Endpoint::State::say_farewell() {
  for (zmq::socket_t* socket : {&commands, &states, &events, &stops}) socket->set(zmq::sockopt::linger, kFarewellMs);
  send_events();
  send_now(states, protocol.state());
}

void Endpoint::State::drain_stops() {
  for (int i = 0; i < kStopsPerRound && serve_one(stops, Channel::kStop, stop_stamp); ++i) {
  }
}

/// Reads and answers one message. @return false when there was none
bool Endpoint::State::serve_one(zmq::socket_ref socket, Channel channel, ReceiptStamp& stamp) {
  zmq::message_t peer;
  if (!receive_now(socket, peer)) {
    if (zmq_errno() == EAGAIN) stamp.found_empty(monotonic_ns(), protocol.now_ns());
    return false;
  }
  zmq::message_t body;
  const bool has_body = peer.more() && receive_now(socket, body);
  bool is_single = has_body;
  for (bool more = has_body && body.more(); more;) {
    zmq::message_t rest;
    is_single = false;
    more = receive_now(socket, rest) && rest.more();
  }
  // Several frames cannot be one Request; an empty one is answered like any other that is malformed.
  const Handled handled =
      protocol.handle(is_single ? body.to_string_view() : std::string_view(), channel, stamp.stamp_ns());
  if (handled.session != 0) remember(handled.session, socket, peer.to_string_view(), stamp.stamp_ns());
  for (const std::string& bytes : handled.replies) reply(socket, peer.to_string_view(), bytes);
  attentive_until_ns = monotonic_ns() + kAttentiveNs;
  return true;
}

void Endpoint::State::send_events() {
  std::vector<LoggedEvent> news;
  protocol.events_since(event_cursor, news);
  for (const LoggedEvent& event : news) {
    send_now(events, *event.reply);
    if (const auto route = routes.find(event.session); route != routes.end()) {
      reply(route->second.socket, route->second.peer, *event.reply);
    }
  }
}

void Endpoint::State::remember(std::uint64_t session, zmq::socket_ref socket, std::string_view peer,
                               std::int64_t received_ns) {
  const std::lock_guard lock(routes_mutex);
  const auto known = routes.find(session);
  const bool is_command = socket == commands;
  // Who sends commands also listens there; the stop socket is the way back only for who has no other.
  if (known != routes.end() && !is_command && known->second.socket == commands) return;
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

void Endpoint::State::reply(zmq::socket_ref socket, std::string_view peer, std::string_view bytes) {
  if (send_now(socket, peer, true)) send_now(socket, bytes);
}

}  // namespace cliport

#include "protocol.hpp"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <random>
#include <utility>

#include "link.pb.h"
#include "utf8.hpp"
#include "wire_enums.hpp"
#include "wire_reply.hpp"
#include "wire_request.hpp"

namespace cliport {
namespace {

constexpr char kSoftware[] = "cliport-edge " CLIPORT_VERSION;
constexpr std::size_t kMaxDetailBytes = 256;

std::uint64_t random_instance() {
  std::random_device random;
  std::uint64_t instance = 0;
  while (instance == 0) instance = (static_cast<std::uint64_t>(random()) << 32) | random();
  return instance;
}

wire::Reply reply_to(const wire::Request& request) {
  wire::Reply reply;
  reply.mutable_header()->set_version(kLinkVersion);
  reply.mutable_header()->set_session(request.header().session());
  reply.mutable_header()->set_sequence(request.header().sequence());
  return reply;
}

std::string error_bytes(const wire::Request& request, const Refusal& refusal, wire::Reason reason) {
  wire::Reply reply = reply_to(request);
  reply.mutable_error()->set_code(refusal.code);
  reply.mutable_error()->set_message(refusal.message);
  reply.mutable_error()->set_reason(reason);
  return reply.SerializeAsString();
}

std::optional<Refusal> parse(std::string_view bytes, wire::Request& request) {
  if (bytes.size() > kMaxRequestBytes) {
    return Refusal{"too_large", "Expected at most " + std::to_string(kMaxRequestBytes) + " bytes but received " +
                                    std::to_string(bytes.size()) + "."};
  }
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    request.Clear();
    return Refusal{"malformed", "Expected a Request of link.proto but " + std::to_string(bytes.size()) +
                                    " bytes could not be read as one."};
  }
  return check_header(request);
}

}  // namespace

Protocol::Protocol(Controller& controller, const ControllerConfig& config, std::string backend, Clock clock)
    : controller_(controller),
      config_(config),
      backend_(std::move(backend)),
      clock_(std::move(clock)),
      instance_(random_instance()) {
  // Messages that cannot be read are answered; a line of log for each would let any peer fill a disk.
  google::protobuf::SetLogHandler(nullptr);
}

Protocol::~Protocol() = default;

Handled Protocol::handle(std::string_view bytes, Channel channel, std::int64_t received_ns) {
  const std::lock_guard lock(mutex_);
  Handled handled;
  wire::Request request;
  const auto refuse = [&](const Refusal& refusal, wire::Reason reason) {
    handled.replies.push_back(error_bytes(request, refusal, reason));
    return handled;
  };
  if (const auto refusal = parse(bytes, request)) return refuse(*refusal, wire::REASON_MALFORMED);
  handled.session = request.header().session();
  Session* session = nullptr;
  if (const auto refusal = admit(request, channel, session)) return refuse(*refusal, wire::REASON_MALFORMED);

  ReadRequest read;
  if (const auto refusal = read_request(request, read)) return refuse(*refusal, wire::REASON_MALFORMED);
  if (!read.is_command) {
    answer(request, handled.replies);
    return handled;
  }
  read.command.session = handled.session;
  read.command.received_ns = received_ns;
  if (request.has_heartbeat()) {
    if (request.heartbeat().counter() <= session->heartbeat_counter) return handled;
    session->heartbeat_counter = request.heartbeat().counter();
  }
  if (request.has_stop()) stop_detail_ = shortened(request.stop().detail(), kMaxDetailBytes);
  if (!post(read.command)) {
    if (request.has_heartbeat()) return handled;
    return refuse({"busy",
                   "The controller has not read earlier commands yet; this one was not run. Its control "
                   "thread may be starved: look at its load."},
                  wire::REASON_BUSY);
  }
  if (!read.unsupported.empty()) unsupported_[{handled.session, read.command.id}] = read.unsupported;
  return handled;
}

/// Socket and sequence. @param session the sender's, when nothing is wrong
std::optional<Refusal> Protocol::admit(const wire::Request& request, Channel channel, Session*& session) {
  if (channel == Channel::kStop && !request.has_stop() && !request.has_ping()) {
    return Refusal{"wrong_socket", "Expected a Stop on the stop socket. Send everything else to the command socket."};
  }
  session = &session_of(request.header().session());
  std::uint64_t& last_sequence = session->last_sequence[static_cast<std::size_t>(channel)];
  // A stop is accepted whatever its sequence number: stopping twice does no harm.
  if (request.header().sequence() <= last_sequence && !request.has_stop()) {
    return Refusal{"sequence", "Expected a sequence above " + std::to_string(last_sequence) + " but received " +
                                   std::to_string(request.header().sequence()) +
                                   ". The message is a repetition or came out of order, and was not run."};
  }
  last_sequence = std::max(last_sequence, request.header().sequence());
  return std::nullopt;
}

/// What is answered without the controller.
void Protocol::answer(const wire::Request& request, std::vector<std::string>& replies) {
  if (request.has_replay()) return replay(request, replies);
  wire::Reply reply = reply_to(request);
  if (request.has_ping()) {
    reply.mutable_pong()->set_controller_ns(static_cast<std::uint64_t>(clock_()));
  } else {
    pump();
    wire::Welcome& welcome = *reply.mutable_welcome();
    welcome.set_version(kLinkVersion);
    welcome.set_backend(backend_);
    welcome.set_software(kSoftware);
    fill_welcome(config_, welcome);
    welcome.set_last_event_sequence(last_event_);
    welcome.set_state_port(ports_.state);
    welcome.set_event_port(ports_.event);
    welcome.set_stop_port(ports_.stop);
    welcome.set_instance(instance_);
  }
  replies.push_back(reply.SerializeAsString());
}

void Protocol::replay(const wire::Request& request, std::vector<std::string>& replies) {
  pump();
  const std::uint64_t from = std::max<std::uint64_t>(1, request.replay().from_sequence());
  const std::uint64_t oldest = history_.empty() ? last_event_ + 1 : history_.front().sequence;
  if (from < oldest) {
    const Refusal gap{"replay_gap", "Events before " + std::to_string(oldest) + " are no longer kept."};
    replies.push_back(error_bytes(request, gap, wire::REASON_NONE));
  }
  for (const LoggedEvent& event : history_) {
    if (event.sequence < from) continue;
    if (replies.size() >= kMaxReplay) break;
    replies.push_back(*event.reply);
  }
}

void Protocol::events_since(std::uint64_t& cursor, std::vector<LoggedEvent>& events) {
  const std::lock_guard lock(mutex_);
  pump();
  if (cursor >= last_event_) return;
  const auto first = std::upper_bound(history_.begin(), history_.end(), cursor,
                                      [](std::uint64_t at, const LoggedEvent& event) { return at < event.sequence; });
  events.insert(events.end(), first, history_.end());
  cursor = last_event_;
}

std::uint64_t Protocol::last_event_sequence() {
  const std::lock_guard lock(mutex_);
  pump();
  return last_event_;
}

std::string Protocol::state() {
  const Snapshot snapshot = controller_.snapshot();
  wire::State state;
  {
    const std::lock_guard lock(mutex_);
    state.mutable_header()->set_sequence(++states_);
    state.set_last_event_sequence(last_event_);
    if (snapshot.reason == Reason::kStopRequested) state.set_detail(stop_detail_);
  }
  state.mutable_header()->set_version(kLinkVersion);
  state.mutable_header()->set_session(instance_);
  state.mutable_header()->set_sender_ns(static_cast<std::uint64_t>(clock_()));
  fill_state(snapshot, config_, state);
  return state.SerializeAsString();
}

bool Protocol::submit(const Command& command) {
  const std::lock_guard lock(mutex_);
  return post(command);
}

void Protocol::stop(std::string_view detail) {
  const std::lock_guard lock(mutex_);
  stop_detail_ = shortened(detail, kMaxDetailBytes);
  Command command;
  command.kind = CommandKind::kStop;
  command.session = instance_;
  command.id = ++own_id_;
  command.received_ns = clock_();
  post(command);
}

void Protocol::beat_for_lease_holder() {
  const std::lock_guard lock(mutex_);
  Command command;
  command.kind = CommandKind::kHeartbeat;
  command.session = controller_.snapshot().lease_session;
  command.received_ns = clock_();
  if (command.session != 0) post(command);
}

bool Protocol::is_busy() {
  const std::lock_guard lock(mutex_);
  pump();
  if (unanswered_ > 0) return true;
  const Snapshot snapshot = controller_.snapshot();
  // Within a cycle events come before the state: until that has followed, it says nothing about what they began.
  if (snapshot.stamp_ns < last_event_stamp_ns_) return true;
  return snapshot.command_id != 0 || snapshot.mode == Mode::kMoving || snapshot.mode == Mode::kStopping;
}

void Protocol::set_ports(const LinkPorts& ports) {
  const std::lock_guard lock(mutex_);
  ports_ = ports;
}

Protocol::Session& Protocol::session_of(std::uint64_t id) {
  if (sessions_.size() >= kMaxSessions && !sessions_.contains(id)) {
    sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(), [](const auto& a, const auto& b) {
      return a.second.last_use < b.second.last_use;
    }));
  }
  Session& session = sessions_[id];
  session.last_use = ++session_uses_;
  return session;
}

bool Protocol::post(const Command& command) {
  pump();  // so that no flood of commands fills the controller's ring of events, which would be a fault
  if (controller_.post(command)) {
    if (command.kind != CommandKind::kHeartbeat) ++unanswered_;
    return true;
  }
  // A stop acts all the same; only its answer is missing, and its sender repeats it until there is one.
  return command.kind == CommandKind::kStop;
}

void Protocol::pump() {
  for (Event event; controller_.poll(event);) {
    last_event_ = event.sequence;
    last_event_stamp_ns_ = event.stamp_ns;
    if (event.kind == EventKind::kAccepted || event.kind == EventKind::kRejected) --unanswered_;
    const std::string bytes = event_bytes(event, config_.end_effector.kind, detail_of(event));
    history_.push_back({event.sequence, event.session, std::make_shared<const std::string>(bytes)});
    if (history_.size() > kEventHistory) history_.pop_front();
  }
}

/// For people. What an unsupported command asked for is told once, with the command's one answer.
std::string Protocol::detail_of(const Event& event) {
  if (event.reason == Reason::kStopRequested) return stop_detail_;
  if (event.kind != EventKind::kAccepted && event.kind != EventKind::kRejected) return "";
  const auto unsupported = unsupported_.extract({event.session, event.command_id});
  return unsupported && event.reason == Reason::kUnsupported ? unsupported.mapped() : "";
}

}  // namespace cliport

#include "protocol.hpp"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <random>
#include <utility>

#include "link.pb.h"

namespace cliport {
namespace {

namespace wire = cliport::link::v1;

constexpr char kSoftware[] = "cliport-edge 0.1.0";
constexpr std::size_t kMaxDetailBytes = 256;

/// What is wrong with a request; becomes an Error reply.
struct Refusal {
  std::string code;
  std::string message;
};

std::uint64_t random_instance() {
  std::random_device random;
  std::uint64_t instance = 0;
  while (instance == 0) instance = (static_cast<std::uint64_t>(random()) << 32) | random();
  return instance;
}

template <typename Message>
std::string bytes_of(const Message& message) {
  std::string bytes;
  message.SerializeToString(&bytes);
  return bytes;
}

/// Bytes of the character that the text begins with, 0 when it is not UTF-8 (RFC 3629, section 4).
std::size_t character_bytes(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  const auto follows = [&byte](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
    return follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

/// At most so many bytes, whole characters only, and '?' for what is none: an event that is not UTF-8 no peer can read.
std::string shortened(std::string_view text) {
  std::string words;
  while (!text.empty()) {
    const std::size_t size = character_bytes(text);
    const std::string_view character = size > 0 ? text.substr(0, size) : std::string_view("?");
    if (words.size() + character.size() > kMaxDetailBytes) break;
    words += character;
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return words;
}

void fill(wire::Point& point, const std::array<double, 3>& p_base_m) {
  point.set_x_m(p_base_m[0]);
  point.set_y_m(p_base_m[1]);
  point.set_z_m(p_base_m[2]);
}

// The wire's numbers are the core's: a reordered enum must not compile.
static_assert(static_cast<int>(Mode::kDisarmed) == wire::MODE_DISARMED);
static_assert(static_cast<int>(Mode::kArmed) == wire::MODE_ARMED);
static_assert(static_cast<int>(Mode::kMoving) == wire::MODE_MOVING);
static_assert(static_cast<int>(Mode::kStopping) == wire::MODE_STOPPING);
static_assert(static_cast<int>(Mode::kStopped) == wire::MODE_STOPPED);
static_assert(static_cast<int>(Mode::kFault) == wire::MODE_FAULT);
static_assert(static_cast<int>(EventKind::kAccepted) == wire::EVENT_ACCEPTED);
static_assert(static_cast<int>(EventKind::kRejected) == wire::EVENT_REJECTED);
static_assert(static_cast<int>(EventKind::kStarted) == wire::EVENT_STARTED);
static_assert(static_cast<int>(EventKind::kSegment) == wire::EVENT_SEGMENT);
static_assert(static_cast<int>(EventKind::kDone) == wire::EVENT_DONE);
static_assert(static_cast<int>(EventKind::kEnded) == wire::EVENT_ENDED);
static_assert(static_cast<int>(EventKind::kMode) == wire::EVENT_MODE);

wire::Mode wire_mode(Mode mode) { return static_cast<wire::Mode>(mode); }

std::string wire_reason(Reason reason) { return reason == Reason::kNone ? "" : to_string(reason); }

std::string event_bytes(const Event& event, const std::string& stop_detail) {
  wire::Reply reply;
  reply.mutable_header()->set_version(kLinkVersion);
  reply.mutable_header()->set_session(event.session);
  wire::Event& out = *reply.mutable_event();
  out.set_sequence(event.sequence);
  out.set_stamp_ns(static_cast<std::uint64_t>(event.stamp_ns));
  out.set_kind(static_cast<wire::EventKind>(event.kind));
  out.set_session(event.session);
  out.set_command_id(event.command_id);
  out.set_segment(event.segment);
  out.set_contact(event.contact);
  out.set_sealed(event.sealed);
  out.set_reason(wire_reason(event.reason));
  out.set_mode(wire_mode(event.mode));
  fill(*out.mutable_p_base(), event.p_base_m);
  if (event.reason == Reason::kStopRequested) out.set_detail(stop_detail);
  return bytes_of(reply);
}

/// Move and Descend have the same fields.
template <typename Line>
bool read_line(const Line& line, Segment& segment) {
  if (!line.has_p_base()) return false;
  segment.p_base_m = {line.p_base().x_m(), line.p_base().y_m(), line.p_base().z_m()};
  segment.yaw_rad = line.yaw_rad();
  segment.speed_mps = line.speed_mps();
  return true;
}

/// Whether the numbers make sense is for the controller to say; here only their presence counts.
std::optional<Refusal> read_segment(const wire::Segment& in, int index, Segment& segment) {
  const auto missing = [index](const char* field) {
    return Refusal{"missing_field", "Expected plan.segments[" + std::to_string(index) + "]" + field +
                                        " but it is absent. Fill it in; nothing of the plan was run."};
  };
  switch (in.kind_case()) {
    case wire::Segment::kMove:
      segment.kind = SegmentKind::kMove;
      if (!read_line(in.move(), segment)) return missing(".move.p_base");
      return std::nullopt;
    case wire::Segment::kDescend:
      segment.kind = SegmentKind::kDescend;
      if (!read_line(in.descend(), segment)) return missing(".descend.p_base");
      return std::nullopt;
    case wire::Segment::kSuction:
      segment.kind = SegmentKind::kSuction;
      segment.suction_on = in.suction().on();
      return std::nullopt;
    case wire::Segment::kJoints:
      segment.kind = SegmentKind::kJoints;
      if (in.joints().q_rad_size() != static_cast<int>(segment.q_rad.size())) return missing(".joints.q_rad of 7");
      std::copy(in.joints().q_rad().begin(), in.joints().q_rad().end(), segment.q_rad.begin());
      segment.speed_mps = in.joints().speed_mps();
      return std::nullopt;
    case wire::Segment::KIND_NOT_SET:
      break;
  }
  return missing(" to be a move, descend, suction or joints,");
}

std::optional<Refusal> read_plan(const wire::Plan& plan, Command& command) {
  if (plan.segments_size() > static_cast<int>(kMaxSegments)) {
    return Refusal{"too_many_segments", "Expected at most " + std::to_string(kMaxSegments) +
                                            " segments in a plan but received " + std::to_string(plan.segments_size()) +
                                            ". Split it."};
  }
  // Written so that NaN fails too.
  if (!(plan.valid_for_s() > 0.0 && plan.valid_for_s() <= kMaxValidForS)) {
    return Refusal{"valid_for", "Expected plan.valid_for_s in (0, 60] but received " +
                                    std::to_string(plan.valid_for_s()) + ". A plan without expiry is never run."};
  }
  command.valid_for_ns = std::max<std::int64_t>(1, std::llround(plan.valid_for_s() * 1e9));
  command.segment_count = static_cast<std::uint32_t>(plan.segments_size());
  for (int i = 0; i < plan.segments_size(); ++i) {
    if (auto refusal = read_segment(plan.segments(i), i, command.segments[static_cast<std::size_t>(i)])) return refusal;
  }
  return std::nullopt;
}

std::optional<Refusal> check_header(const wire::Request& request) {
  if (!request.has_header()) return Refusal{"missing_field", "Expected request.header but it is absent."};
  const wire::Header& header = request.header();
  if (header.version() != kLinkVersion) {
    return Refusal{"version", "Expected link version " + std::to_string(kLinkVersion) + " but received " +
                                  std::to_string(header.version()) +
                                  ". Install the same release of cliport-edge on both sides."};
  }
  if (header.session() == 0) return Refusal{"session", "Expected a random session but received 0."};
  return std::nullopt;
}

/// Reads what is to be posted to the controller; `is_command` stays false for requests that are answered right here.
std::optional<Refusal> read_command(const wire::Request& request, Command& command, bool& is_command) {
  is_command = true;
  const auto with_id = [&command](CommandKind kind, std::uint64_t id) -> std::optional<Refusal> {
    command.kind = kind;
    command.id = id;
    if (id != 0) return std::nullopt;
    return Refusal{"missing_field", "Expected a command id but it is absent or 0. Ids are unique within a session."};
  };
  switch (request.body_case()) {
    case wire::Request::kAcquire:
      return with_id(CommandKind::kAcquire, request.acquire().id());
    case wire::Request::kRelease:
      return with_id(CommandKind::kRelease, request.release().id());
    case wire::Request::kClear:
      return with_id(CommandKind::kClear, request.clear().id());
    case wire::Request::kPlan:
      if (auto refusal = with_id(CommandKind::kPlan, request.plan().id())) return refusal;
      return read_plan(request.plan(), command);
    case wire::Request::kHeartbeat:
      command.kind = CommandKind::kHeartbeat;
      return std::nullopt;
    case wire::Request::kStop:
      // Heard even without an id: a stop that is refused over a form is worse than one that is not answered.
      command.kind = CommandKind::kStop;
      command.id = request.stop().id();
      return std::nullopt;
    case wire::Request::kHello:
    case wire::Request::kPing:
    case wire::Request::kReplay:
      is_command = false;
      return std::nullopt;
    case wire::Request::BODY_NOT_SET:
      break;
  }
  return Refusal{"unknown_request", "Expected a request that link version 1 knows but found none in the message."};
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
  wire::Reply reply;
  reply.mutable_header()->set_version(kLinkVersion);
  const auto answer = [&] { handled.replies.push_back(bytes_of(reply)); };
  const auto refuse = [&](const Refusal& refusal) {
    reply.mutable_error()->set_code(refusal.code);
    reply.mutable_error()->set_message(refusal.message);
    answer();
    return handled;
  };

  if (bytes.size() > kMaxRequestBytes) {
    return refuse({"too_large", "Expected at most " + std::to_string(kMaxRequestBytes) + " bytes but received " +
                                    std::to_string(bytes.size()) + "."});
  }
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return refuse({"malformed", "Expected a Request of link.proto but " + std::to_string(bytes.size()) +
                                    " bytes could not be read as one."});
  }
  reply.mutable_header()->set_session(request.header().session());
  reply.mutable_header()->set_sequence(request.header().sequence());
  if (const auto refusal = check_header(request)) return refuse(*refusal);
  handled.session = request.header().session();

  if (channel == Channel::kStop && !request.has_stop() && !request.has_ping()) {
    return refuse({"wrong_socket", "Expected a Stop on the stop socket. Send everything else to the command socket."});
  }
  Session& session = session_of(handled.session);
  std::uint64_t& last_sequence = session.last_sequence[static_cast<std::size_t>(channel)];
  // A stop is heard in whatever order it comes: stopping twice does no harm.
  if (request.header().sequence() <= last_sequence && !request.has_stop()) {
    return refuse({"sequence", "Expected a sequence above " + std::to_string(last_sequence) + " but received " +
                                   std::to_string(request.header().sequence()) +
                                   ". The message is a repetition or came out of order, and was not run."});
  }
  last_sequence = std::max(last_sequence, request.header().sequence());

  Command command;
  bool is_command = false;
  if (const auto refusal = read_command(request, command, is_command)) return refuse(*refusal);
  if (is_command) {
    command.session = handled.session;
    command.received_ns = received_ns;
    if (request.has_heartbeat()) {
      if (request.heartbeat().counter() <= session.heartbeat_counter) return handled;
      session.heartbeat_counter = request.heartbeat().counter();
    }
    if (request.has_stop()) stop_detail_ = shortened(request.stop().reason());
    if (!post(command) && !request.has_heartbeat()) {
      return refuse({"busy",
                     "The controller has not read earlier commands yet; this one was not run. Its control "
                     "thread may be starved: look at its load."});
    }
    return handled;
  }

  if (request.has_ping()) {
    reply.mutable_pong()->set_controller_ns(static_cast<std::uint64_t>(clock_()));
    answer();
  } else if (request.has_hello()) {
    pump();
    wire::Welcome& welcome = *reply.mutable_welcome();
    welcome.set_version(kLinkVersion);
    welcome.set_backend(backend_);
    welcome.set_software(kSoftware);
    for (const double bound_m : config_.motion_box_m) welcome.add_motion_box_m(bound_m);
    for (const Box& box : config_.keep_out_m) {
      for (const double bound_m : box) welcome.add_keep_out_m(bound_m);
    }
    welcome.set_speed_limit_mps(config_.speed_mps);
    welcome.set_last_event_sequence(last_event_);
    welcome.set_state_port(ports_.state);
    welcome.set_event_port(ports_.event);
    welcome.set_stop_port(ports_.stop);
    welcome.set_instance(instance_);
    answer();
  } else {
    pump();
    const std::uint64_t from = std::max<std::uint64_t>(1, request.replay().from_sequence());
    const std::uint64_t oldest = history_.empty() ? last_event_ + 1 : history_.front().sequence;
    if (from < oldest) {
      reply.mutable_error()->set_code("replay_gap");
      reply.mutable_error()->set_message("Events before " + std::to_string(oldest) + " are no longer kept.");
      answer();
    }
    for (const LoggedEvent& event : history_) {
      if (event.sequence < from) continue;
      if (handled.replies.size() >= kMaxReplay) break;
      handled.replies.push_back(*event.reply);
    }
  }
  return handled;
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
  }
  state.mutable_header()->set_version(kLinkVersion);
  state.mutable_header()->set_session(instance_);
  state.mutable_header()->set_sender_ns(static_cast<std::uint64_t>(clock_()));
  state.set_stamp_ns(static_cast<std::uint64_t>(snapshot.stamp_ns));
  state.set_mode(wire_mode(snapshot.mode));
  state.set_reason(wire_reason(snapshot.reason));
  state.set_lease_session(snapshot.lease_session);
  state.set_command_id(snapshot.command_id);
  state.set_segment(snapshot.segment);
  for (const double q_rad : snapshot.measured.q_rad) state.add_q_rad(q_rad);
  for (const double dq_radps : snapshot.measured.dq_radps) state.add_dq_radps(dq_radps);
  state.set_contact(snapshot.measured.contact);
  state.set_sealed(snapshot.measured.sealed);
  fill(*state.mutable_p_base_tool(), snapshot.p_base_tool_m);
  state.set_yaw_rad(snapshot.yaw_rad);
  state.set_suction(snapshot.reference.suction);
  for (const double tau_nm : snapshot.measured.tau_ext_nm) state.add_tau_ext_nm(tau_nm);
  fill(*state.mutable_f_ext_base_n(), snapshot.measured.f_ext_base_n);
  return bytes_of(state);
}

bool Protocol::submit(const Command& command) {
  const std::lock_guard lock(mutex_);
  return post(command);
}

void Protocol::stop(std::string_view detail) {
  const std::lock_guard lock(mutex_);
  stop_detail_ = shortened(detail);
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
    history_.push_back(
        {event.sequence, event.session, std::make_shared<const std::string>(event_bytes(event, stop_detail_))});
    if (history_.size() > kEventHistory) history_.pop_front();
  }
}

}  // namespace cliport

// The link protocol without sockets: bytes of requests in, bytes of replies, events and states out.
//
// The endpoint puts sockets in front of it; the simulated cell may also call it directly. Both can at once: a mutex
// makes all callers one "I/O thread" to the controller. The control thread never comes here.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cliport/controller.hpp"

namespace cliport::link::v2 {
class Request;
}

namespace cliport {

struct Refusal;

inline constexpr std::uint32_t kLinkVersion = 2;
inline constexpr std::size_t kMaxRequestBytes = 64 * 1024;
inline constexpr std::size_t kEventHistory = 4096;  ///< events kept for Replay
inline constexpr std::size_t kMaxReplay = 256;      ///< events of one Replay's answer
inline constexpr std::size_t kMaxSessions = 1024;   ///< sessions whose sequence is remembered, least recent forgotten
inline constexpr double kMaxValidForS = 60.0;

/// Where a request arrived. Sequences count on each channel for itself, since the stop channel overtakes.
enum class Channel : std::uint8_t { kCommands, kStop };

/// TCP ports that Welcome names; 0 where there is no socket.
struct LinkPorts {
  std::uint16_t state = 0;
  std::uint16_t event = 0;
  std::uint16_t stop = 0;
};

/// What came of one request.
struct Handled {
  std::uint64_t session = 0;         ///< sender, 0 when it could not be read
  std::vector<std::string> replies;  ///< serialized Reply messages for the sender
};

/// One event of the controller, ready to be sent.
struct LoggedEvent {
  std::uint64_t sequence = 0;
  std::uint64_t session = 0;                 ///< whose command it is about, 0 for none
  std::shared_ptr<const std::string> reply;  ///< serialized Reply
};

class Protocol {
 public:
  /// The controller's clock in nanoseconds: the very clock that cycle() is given, or one that lags behind it.
  using Clock = std::function<std::int64_t()>;

  /// @param backend what Welcome reports; 'franka' moves hardware, 'sim' and 'cell' do not
  Protocol(Controller& controller, const ControllerConfig& config, std::string backend, Clock clock);
  ~Protocol();
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;

  /// Handles one Request, whatever its bytes are; what is wrong with it is answered with an Error.
  /// @param received_ns lower bound of the time of receipt on the controller's clock: expiry and watchdog count from it
  Handled handle(std::string_view request, Channel channel, std::int64_t received_ns);

  /// Appends the events after `cursor` to `events` and advances it. Of events that left the bounded history unseen,
  /// only the gap in their sequence remains.
  void events_since(std::uint64_t& cursor, std::vector<LoggedEvent>& events);
  std::uint64_t last_event_sequence();

  /// The newest State, serialized.
  std::string state();

  /// Hands over a command of another front end in this process, which speaks another protocol than the link's.
  /// @return false when the controller has no room for it
  bool submit(const Command& command);

  /// Stops the arm on behalf of this process itself, e.g. at its end.
  void stop(std::string_view detail);

  /// Counts the present moment as a heartbeat of whoever holds the lease: for a clock that stands still between
  /// commands, where nobody could send one in time.
  void beat_for_lease_holder();

  /// A command is unanswered, or a plan or a stop under way: events are due.
  bool is_busy();

  void set_ports(const LinkPorts& ports);
  std::int64_t now_ns() const { return clock_(); }

 private:
  struct Session {
    std::uint64_t last_sequence[2] = {0, 0};  ///< by Channel
    std::uint64_t heartbeat_counter = 0;
    std::uint64_t last_use = 0;
  };

  Session& session_of(std::uint64_t id);
  std::optional<Refusal> admit(const link::v2::Request& request, Channel channel, Session*& session);
  void answer(const link::v2::Request& request, std::vector<std::string>& replies);
  void replay(const link::v2::Request& request, std::vector<std::string>& replies);
  std::string detail_of(const Event& event);
  bool post(const Command& command);
  void pump();

  Controller& controller_;
  const ControllerConfig config_;
  const std::string backend_;
  const Clock clock_;
  const std::uint64_t instance_;

  mutable std::mutex mutex_;
  LinkPorts ports_;
  std::unordered_map<std::uint64_t, Session> sessions_;
  std::uint64_t session_uses_ = 0;
  std::deque<LoggedEvent> history_;
  /// By session and command id: what those commands ask for, until they are rejected.
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> unsupported_;
  std::string stop_detail_;  ///< words of whoever last asked for a stop
  std::uint64_t last_event_ = 0;
  std::int64_t last_event_stamp_ns_ = 0;
  std::int64_t unanswered_ = 0;  ///< commands posted, less those accepted or rejected
  std::uint64_t states_ = 0;
  std::uint64_t own_id_ = 0;
};

}  // namespace cliport

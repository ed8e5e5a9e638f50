// The sockets in front of the protocol, on a thread of their own. The same in the simulated cell and on a real arm.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "keys.hpp"
#include "protocol.hpp"

namespace cliport {

/// An address that cannot be bound, with what to do about it.
class BindError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Binds BASE (commands, ROUTER), BASE+1 (state, PUB, 250 Hz), BASE+2 (events, PUB), BASE+3 (stop, ROUTER, served
/// first), or four free ports for port '*'; Welcome names them.
///
/// Nothing that a peer sends, and no peer that does not read, can block or end the thread: queues are bounded and drop
/// towards a peer that is slow, and what was lost comes again by Replay. Destruction ends the thread and the sockets
/// as a crash would; leave() first sends what there still is to say.
///
/// Only peers with a key of the list get through the handshake of any socket (keys.hpp), on loopback too; what they say
/// is encrypted. Others cost a handshake and nothing more.
class Endpoint {
 public:
  struct Options {
    /// 'tcp://127.0.0.1:5600' or 'tcp://127.0.0.1:*'; '0.0.0.0' for all of the machine's addresses.
    std::string address;
    ControllerKeys keys;
    /// Ask for SCHED_FIFO at this priority for the socket threads, below the control loop's; 0: ordinary threads.
    int realtime_priority = 0;
  };

  /// @throws BindError when the address is malformed or taken, or a key is none
  Endpoint(Protocol& protocol, const Options& options);
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// Bound base address, with its port: 'tcp://127.0.0.1:5600'.
  const std::string& address() const;
  const LinkPorts& ports() const;
  /// Whether other machines may reach the sockets.
  bool is_beyond_loopback() const;
  /// When the thread last looked at its sockets, nanoseconds of the steady clock; every 4 ms unless it is starved.
  std::int64_t looked_ns() const;
  /// Lower bound, on the protocol's clock, of when the last message of this session was received on the command
  /// socket; 0 when there was none. Any thread.
  std::int64_t heard_ns(std::uint64_t session) const;

  /// The orderly end: the last events and the last state are sent, and the sockets wait for at most kFarewellMs until
  /// they have gone out to whoever reads. Nothing is received or sent afterwards. Any thread but the endpoint's; once.
  void leave();
  static constexpr int kFarewellMs = 1000;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// When a message that has just been read was received at the earliest.
///
/// A message that waited in a queue while the I/O thread stood still is older than the moment it is read. What is known
/// for sure is when its socket was last seen empty, so that is its stamp: plans then expire early rather than late.
/// After a stall of this thread the stamp stands still a little longer, because messages which waited in the kernel
/// reach the socket only after the thread has already looked once.
class ReceiptStamp {
 public:
  static constexpr std::int64_t kStallNs = 50'000'000;
  static constexpr std::int64_t kSettleNs = 20'000'000;

  /// The socket was found empty. @param steady_ns steady clock, only to notice stalls @param now_ns controller's clock
  void found_empty(std::int64_t steady_ns, std::int64_t now_ns) {
    if (seen_ && steady_ns - last_seen_ns_ > kStallNs) settled_at_ns_ = steady_ns + kSettleNs;
    if (!seen_ || steady_ns >= settled_at_ns_) stamp_ns_ = now_ns;
    last_seen_ns_ = steady_ns;
    seen_ = true;
  }
  std::int64_t stamp_ns() const { return stamp_ns_; }

 private:
  bool seen_ = false;
  std::int64_t last_seen_ns_ = 0;
  std::int64_t settled_at_ns_ = 0;
  std::int64_t stamp_ns_ = 0;
};

}  // namespace cliport

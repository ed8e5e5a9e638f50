// Which command ids were seen, so that none is run twice.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace cliport {

/// Which ids a session has used: the greatest, and a window below it in which they may arrive in any order.
/// What is older than the window counts as used (as in IPsec's anti-replay window, RFC 4303, 3.4.3).
class SeenIds {
 public:
  std::uint64_t session() const { return session_; }

  void reset(std::uint64_t session) {
    *this = SeenIds();
    session_ = session;
  }

  /// @return false when it was there already, or may have been
  bool insert(std::uint64_t id) {
    if (empty_ || id > newest_) {
      const std::uint64_t steps = empty_ ? kWindow : id - newest_;
      if (steps >= kWindow) {
        window_.fill(0);
      } else {
        for (std::uint64_t skipped = newest_ + 1; skipped < id; ++skipped) set(skipped, false);
      }
      empty_ = false;
      newest_ = id;
      set(id, true);
      return true;
    }
    if (newest_ - id >= kWindow || (window_[id % kWindow / 64] >> (id % 64) & 1) != 0) return false;
    set(id, true);
    return true;
  }

 private:
  static constexpr std::uint64_t kWindow = 1024;

  void set(std::uint64_t id, bool seen) {
    const std::uint64_t bit = std::uint64_t{1} << (id % 64);
    std::uint64_t& word = window_[id % kWindow / 64];
    word = seen ? word | bit : word & ~bit;
  }

  std::uint64_t session_ = 0;
  bool empty_ = true;
  std::uint64_t newest_ = 0;
  std::array<std::uint64_t, kWindow / 64> window_{};
};

/// The sessions that spoke last, so that none of them can repeat a command after a reconnect.
class SessionMemory {
 public:
  bool insert(std::uint64_t session, std::uint64_t id) {
    auto found = std::find_if(seen_.begin(), seen_.begin() + count_,
                              [session](const SeenIds& seen) { return seen.session() == session; });
    if (found == seen_.begin() + count_) {
      if (count_ < static_cast<std::ptrdiff_t>(seen_.size())) ++count_;
      found = seen_.begin() + count_ - 1;  // the one that spoke longest ago
      found->reset(session);
    }
    std::rotate(seen_.begin(), found, found + 1);
    return seen_.front().insert(id);
  }

 private:
  std::array<SeenIds, 16> seen_{};
  std::ptrdiff_t count_ = 0;
};

}  // namespace cliport

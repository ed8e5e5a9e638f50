// Time of the simulated devices that block: the machine's, or time that a test moves by hand.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace cliport::sim {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t now_ns() = 0;
  virtual void sleep_until_ns(std::int64_t at_ns) = 0;
};

class WallClock final : public Clock {
 public:
  std::int64_t now_ns() override {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  }
  void sleep_until_ns(std::int64_t at_ns) override {
    std::this_thread::sleep_until(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(at_ns)));
  }
};

/// Stands still until it is advanced, from any thread.
class VirtualClock final : public Clock {
 public:
  std::int64_t now_ns() override {
    const std::lock_guard lock(mutex_);
    return now_ns_;
  }
  void sleep_until_ns(std::int64_t at_ns) override {
    std::unique_lock lock(mutex_);
    ++sleepers_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return now_ns_ >= at_ns; });
    --sleepers_;
  }
  void advance(std::int64_t by_ns) {
    const std::lock_guard lock(mutex_);
    now_ns_ += by_ns;
    changed_.notify_all();
  }
  /// Until somebody sleeps: before that, time may be advanced too early.
  void wait_for_sleeper() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return sleepers_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t now_ns_ = 0;
  int sleepers_ = 0;
};

}  // namespace cliport::sim

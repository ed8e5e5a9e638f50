// A simulated end effector whose commands block as long as a real one's.
#pragma once

#include <algorithm>
#include <atomic>

#include "cliport/end_effector.hpp"
#include "sim/clock.hpp"

namespace cliport::sim {

struct EndEffectorConfig {
  double grasp_s = 0.4;    ///< closing, or building up a vacuum
  double release_s = 0.3;  ///< opening, or letting air in
};

/// Holds after a grasp with something to hold, until it is released; a command that was stopped changes nothing.
class EndEffector final : public cliport::EndEffector {
 public:
  EndEffector(const EndEffectorConfig& config, Clock& clock) : config_(config), clock_(clock) {}

  void grasp() override {
    if (lasts(config_.grasp_s)) holding_ = within_reach_.load();
  }
  void release() override {
    if (lasts(config_.release_s)) holding_ = false;
  }
  void stop() override { stopped_ = true; }
  EndEffectorReading read() override { return {.holding = holding_, .width_m = std::nullopt}; }

  /// Whether there is anything to hold.
  void put(bool within_reach) { within_reach_ = within_reach; }

 private:
  /// @return false when it was stopped
  bool lasts(double seconds) {
    constexpr std::int64_t kLookNs = 10'000'000;
    stopped_ = false;
    const std::int64_t end_ns = clock_.now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    while (!stopped_ && clock_.now_ns() < end_ns) clock_.sleep_until_ns(std::min(end_ns, clock_.now_ns() + kLookNs));
    return !stopped_;
  }

  const EndEffectorConfig config_;
  Clock& clock_;
  std::atomic<bool> within_reach_{false};
  std::atomic<bool> holding_{false};
  std::atomic<bool> stopped_{false};
};

}  // namespace cliport::sim

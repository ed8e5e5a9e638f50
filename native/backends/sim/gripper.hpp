// A simulated gripper whose commands block as long as a real one's.
#pragma once

#include <algorithm>
#include <atomic>

#include "cliport/gripper.hpp"
#include "sim/clock.hpp"

namespace cliport::sim {

struct GripperConfig {
  double grasp_s = 0.4;    ///< closing, or building up a vacuum
  double release_s = 0.3;  ///< opening, or letting air in
};

/// Holds after a grasp with something to hold, until it is released; a command that was stopped changes nothing.
class Gripper final : public cliport::Gripper {
 public:
  Gripper(const GripperConfig& config, Clock& clock) : config_(config), clock_(clock) {}

  void grasp() override {
    if (lasts(config_.grasp_s)) holds_ = within_reach_.load();
  }
  void release() override {
    if (lasts(config_.release_s)) holds_ = false;
  }
  void stop() override { stopped_ = true; }
  bool holds() override { return holds_; }

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

  const GripperConfig config_;
  Clock& clock_;
  std::atomic<bool> within_reach_{false};
  std::atomic<bool> holds_{false};
  std::atomic<bool> stopped_{false};
};

}  // namespace cliport::sim

#include <cstdio>
#include <optional>

#include "backend.hpp"
#include "realtime.hpp"

#ifdef CLIPORT_FRANKA
#include "franka/arm.hpp"
#include "franka/hand.hpp"
#endif

namespace cliport {

#ifdef CLIPORT_FRANKA
namespace {

constexpr std::int64_t kPeriodNs = 1'000'000;

void warn(const std::string& what) { std::fprintf(stderr, "cliport-controller: %s\n", what.c_str()); }

fci::Settings settings_of(const ControllerCommandLine& line) {
  fci::Settings settings;
  settings.robot_ip = line.robot_ip;
  settings.drive = line.franka_drive == "position" ? fci::Drive::kPosition : fci::Drive::kTorque;
  settings.require_realtime = line.require_realtime;
  return settings;
}

class FrankaBackend : public Backend {
 public:
  FrankaBackend(const ControllerCommandLine& line, const ControllerConfig& config)
      : arm_(settings_of(line), config, monotonic_ns, warn) {
    if (line.end_effector != "hand") return;
    hand_.emplace(line.robot_ip, fci::HandSettings{}, line.home_hand);
    end_effector_.emplace(*hand_, warn);
  }

  const Joints& q_rad() const override { return arm_.q_rad(); }

  void run(Controller& controller, const std::atomic<bool>& ending, Lateness& lateness, Trace* trace) override {
    std::int64_t previous_ns = 0;
    arm_.run(controller, end_effector_ ? &*end_effector_ : nullptr, ending,
             [&](std::int64_t now_ns, const Measured& measured, const Reference& reference) {
               // The robot sets the pace: what counts is how far apart its commands are.
               if (measured.following && previous_ns != 0) lateness.add(now_ns - previous_ns - kPeriodNs);
               previous_ns = measured.following ? now_ns : 0;
               if (trace != nullptr) trace->add(now_ns, measured, reference);
             });
  }

  std::string report() const override {
    const fci::CycleReport report = arm_.report();
    std::array<char, 192> text{};
    std::snprintf(
        text.data(), text.size(),
        "{\"event\":\"robot\",\"driven\":%llu,\"lost\":%llu,\"longest_lost\":%llu,\"least_success_rate\":%.2f}",
        static_cast<unsigned long long>(report.driven), static_cast<unsigned long long>(report.lost),
        static_cast<unsigned long long>(report.longest_lost), report.least_success_rate);
    return text.data();
  }

 private:
  fci::Arm arm_;
  std::optional<fci::Hand> hand_;
  std::optional<EndEffectorThread> end_effector_;
};

}  // namespace

EndEffectorModel franka_end_effector(const ControllerCommandLine& line) {
  return line.end_effector == "hand" ? fci::kHandModel : EndEffectorModel{.kind = EndEffectorKind::kNone};
}

std::unique_ptr<Backend> make_franka_backend(const ControllerCommandLine& line, const ControllerConfig& config) {
  try {
    return std::make_unique<FrankaBackend>(line, config);
  } catch (const fci::ConnectError& error) {
    throw RobotAbsentError(error.what());
  }
}

#else

EndEffectorModel franka_end_effector(const ControllerCommandLine&) { return {.kind = EndEffectorKind::kNone}; }

std::unique_ptr<Backend> make_franka_backend(const ControllerCommandLine&, const ControllerConfig&) {
  throw UsageError(
      "Expected 'sim' for --backend but received 'franka': this executable was built without libfranka. Install it, "
      "then build again (docs/franka.md)");
}

#endif

}  // namespace cliport

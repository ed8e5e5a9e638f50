#include <algorithm>

#include "backend.hpp"
#include "realtime.hpp"
#include "sim/robot.hpp"

namespace cliport {
namespace {

constexpr std::int64_t kPeriodNs = 1'000'000;
constexpr std::int64_t kLongestCatchUpNs = 5 * kPeriodNs;
constexpr std::int64_t kMostLost = 100;  // the robot gives up long before

/// What the arm follows: the reference, and the robot's own way where no command came or it does not take any.
Reference followed(const sim::Robot& robot, const Reference& asked) {
  Reference reference = asked;
  reference.q_rad = robot.measured().q_d_rad;
  return reference;
}

class SimBackend : public Backend {
 public:
  SimBackend(const sim::RobotConfig& config, bool strict) : robot_(config, sim::start_posture()), strict_(strict) {}

  const Joints& q_rad() const override { return robot_.measured().q_rad; }

  /// Absolute deadlines, no allocation, no lock, no system call but the sleep.
  void run(Controller& controller, const std::atomic<bool>& ending, Lateness& lateness, Trace* trace) override {
    Reference reference;
    reference.q_rad = robot_.measured().q_rad;
    std::int64_t deadline_ns = monotonic_ns() + kPeriodNs;
    while (!ending.load(std::memory_order_relaxed)) {
      sleep_until_ns(deadline_ns);
      const std::int64_t now_ns = monotonic_ns();
      lateness.add(now_ns - deadline_ns);
      Measured measured = robot_.measured();
      if (strict_) {
        const std::int64_t lost = std::min((now_ns - deadline_ns) / kPeriodNs, kMostLost);
        for (std::int64_t i = 0; i < lost; ++i) {
          measured = robot_.step(nullptr);
          if (trace != nullptr) trace->add(deadline_ns + i * kPeriodNs, measured, followed(robot_, reference));
        }
        measured.elapsed_cycles = static_cast<std::uint8_t>(1 + lost);
      }
      controller.cycle(now_ns, measured, reference);
      robot_.step(&reference);
      if (trace != nullptr) trace->add(now_ns, measured, followed(robot_, reference));
      deadline_ns += measured.elapsed_cycles * kPeriodNs;
      // A few late cycles are made up for; after a longer stall the arm would see them as one jump.
      if (now_ns - deadline_ns > kLongestCatchUpNs) deadline_ns = now_ns + kPeriodNs;
    }
  }

 private:
  sim::Robot robot_;
  const bool strict_;
};

}  // namespace

std::unique_ptr<Backend> make_sim_backend(const ControllerCommandLine& line, const ControllerConfig& config,
                                          bool strict) {
  sim::RobotConfig robot;
  robot.arm.tool = config.tool;
  robot.arm.joint_limits = config.joint_limits;
  robot.arm.cycle_s = config.cycle_s;
  robot.arm.surface_z_m = line.sim_surface_z_m;
  return std::make_unique<SimBackend>(robot, strict);
}

}  // namespace cliport

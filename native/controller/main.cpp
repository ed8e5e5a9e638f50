// cliport-controller: the control loop on a real-time thread, the sockets on another, and this one waiting for signals.

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <thread>

#include "cliport/controller.hpp"
#include "endpoint.hpp"
#include "lateness.hpp"
#include "options.hpp"
#include "protocol.hpp"
#include "realtime.hpp"
#include "sim/arm.hpp"
#include "trace.hpp"

namespace {

using namespace cliport;

constexpr std::int64_t kPeriodNs = 1'000'000;
constexpr std::int64_t kLongestCatchUpNs = 5 * kPeriodNs;
constexpr std::int64_t kLongestStopNs = 2'000'000'000;

void warn(const std::string& what) {
  if (!what.empty()) std::fprintf(stderr, "cliport-controller: warning: %s\n", what.c_str());
}

/// The control thread: absolute deadlines, no allocation, no lock, no system call but the sleep.
void control(Controller& controller, sim::Arm& arm, const std::atomic<bool>& ending, Lateness& lateness, Trace* trace) {
  Reference reference;
  reference.q_rad = arm.measured().q_rad;
  std::int64_t deadline_ns = monotonic_ns() + kPeriodNs;
  while (!ending.load(std::memory_order_relaxed)) {
    sleep_until_ns(deadline_ns);
    const std::int64_t now_ns = monotonic_ns();
    lateness.add(now_ns - deadline_ns);
    controller.cycle(now_ns, arm.measured(), reference);
    if (trace != nullptr) trace->add(now_ns, arm.measured(), reference);
    arm.step(reference);
    deadline_ns += kPeriodNs;
    // A few late cycles are made up for; after a longer stall the arm would see them as one jump.
    if (now_ns - deadline_ns > kLongestCatchUpNs) deadline_ns = now_ns + kPeriodNs;
  }
}

void print_ready(const Endpoint& endpoint, const ControllerCommandLine& line, bool fifo, bool locked) {
  std::printf(
      "{\"event\":\"%s\",\"address\":\"%s\",\"state_port\":%d,\"event_port\":%d,\"stop_port\":%d,\"backend\":\"%s\","
      "\"scheduler\":\"%s\",\"memory_locked\":%s}\n",
      line.check ? "check" : "ready", endpoint.address().c_str(), endpoint.ports().state, endpoint.ports().event,
      endpoint.ports().stop, line.backend.c_str(), fifo ? "fifo" : "other", locked ? "true" : "false");
  std::fflush(stdout);
}

void print_timing(const Lateness& lateness) {
  std::printf("{\"event\":\"ended\",%s}\n", to_json(lateness).c_str());
  std::fflush(stdout);
}

/// Asks for a smooth stop and waits until the arm stands, or for two seconds if the loop itself is stuck.
void come_to_rest(Protocol& protocol) {
  protocol.stop("cliport-controller was asked to end");
  const std::int64_t latest_ns = monotonic_ns() + kLongestStopNs;
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // a cycle or more, so that the stop has been read
  } while (protocol.is_busy() && monotonic_ns() < latest_ns);
}

int serve(const ControllerCommandLine& line) {
  // Blocked before any thread starts, so that only sigwait() below receives them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  const bool fifo = line.realtime && may_use_fifo();
  const std::string memory_warning = line.realtime ? lock_memory() : "memory is not locked, as asked";

  const ControllerConfig config;
  sim::ArmConfig arm_config;
  arm_config.tool = config.tool;
  arm_config.joint_limits = config.joint_limits;
  arm_config.cycle_s = config.cycle_s;
  arm_config.surface_z_m = line.sim_surface_z_m;
  sim::Arm arm(arm_config, sim::start_posture());
  std::optional<Trace> trace;
  if (!line.trace.empty()) trace.emplace(line.trace);
  Controller controller(config, arm.measured().q_rad);
  Protocol protocol(controller, config, line.backend, monotonic_ns);
  Endpoint endpoint(protocol, {.address = line.bind, .realtime_priority = fifo ? kEndpointPriority : 0});

  print_ready(endpoint, line, fifo, memory_warning.empty());
  warn(memory_warning);
  if (line.check) return EXIT_SUCCESS;

  Lateness lateness;
  std::atomic<bool> ending{false};
  std::thread loop([&] { control(controller, arm, ending, lateness, trace ? &*trace : nullptr); });
  warn(line.realtime ? make_fifo(loop.native_handle(), kControlPriority) : "no real-time priority, as asked");

  int signal = 0;
  sigwait(&signals, &signal);
  come_to_rest(protocol);
  ending = true;
  loop.join();
  print_timing(lateness);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const cliport::ControllerCommandLine line = cliport::parse_command_line(argc, argv);
    if (line.help) {
      std::fputs(cliport::kControllerHelp, stdout);
      return EXIT_SUCCESS;
    }
    return serve(line);
  } catch (const cliport::UsageError& error) {
    std::fprintf(stderr, "cliport-controller: %s. See --help.\n", error.what());
    return 2;
  } catch (const cliport::BindError& error) {
    std::fprintf(stderr, "cliport-controller: %s\n", error.what());
    return 3;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cliport-controller: %s\n", error.what());
    return 1;
  }
}

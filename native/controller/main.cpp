// cliport-controller: the control loop on a real-time thread, the sockets on another, and this one waiting for signals.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "backend.hpp"
#include "check.hpp"
#include "cliport/controller.hpp"
#include "deoxys_front_end.hpp"
#include "endpoint.hpp"
#include "keys.hpp"
#include "lateness.hpp"
#include "limits_file.hpp"
#include "options.hpp"
#include "protocol.hpp"
#include "realtime.hpp"
#include "service_manager.hpp"
#include "trace.hpp"

namespace cliport {
namespace {

constexpr std::int64_t kLongestStopNs = 2'000'000'000;

void warn(const std::string& what) {
  if (!what.empty()) std::fprintf(stderr, "cliport-controller: warning: %s\n", what.c_str());
}

void print_ready(const Endpoint& endpoint, const ControllerCommandLine& line, bool fifo, bool locked) {
  std::printf(
      "{\"event\":\"ready\",\"address\":\"%s\",\"state_port\":%d,\"event_port\":%d,\"stop_port\":%d,\"backend\":\"%s\","
      "\"scheduler\":\"%s\",\"memory_locked\":%s}\n",
      endpoint.address().c_str(), endpoint.ports().state, endpoint.ports().event, endpoint.ports().stop,
      line.backend.c_str(), fifo ? "fifo" : "other", locked ? "true" : "false");
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

std::filesystem::path key_folder(const ControllerCommandLine& line) {
  return line.keys.empty() ? default_key_folder() : std::filesystem::path(line.keys);
}

/// systemd's journal has it then; a notification that is lost is no reason to stop an arm.
void tell_service_manager(const std::string& assignments) {
  try {
    notify_service_manager(assignments);
  } catch (const NotifyError& error) {
    warn(error.what());
  }
}

/// Returns when a signal asks for the end. Meanwhile feeds the service manager's watchdog, each time that the control
/// loop and the sockets' thread have both gone on.
void wait_for_end(const sigset_t& signals, const Controller& controller, const Endpoint& endpoint) {
  const std::int64_t timeout_us = watchdog_timeout_us();
  if (timeout_us == 0) {
    int signal = 0;
    sigwait(&signals, &signal);
    return;
  }
  const std::int64_t look_us = std::max<std::int64_t>(1000, timeout_us / 4);
  const timespec pause{static_cast<time_t>(look_us / 1'000'000), static_cast<long>(look_us % 1'000'000 * 1000)};
  WatchdogGate gate;
  do {
    if (gate.opens(controller.snapshot().stamp_ns, endpoint.looked_ns())) tell_service_manager("WATCHDOG=1");
  } while (sigtimedwait(&signals, nullptr, &pause) < 0);
}

int serve(const ControllerCommandLine& line) {
  // Blocked before any thread starts, so that only wait_for_end() receives them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  const bool fifo = line.realtime && may_use_fifo();
  const std::string memory_warning = line.realtime ? lock_memory() : "memory is not locked, as asked";

  ControllerConfig config = line.limits.empty() ? ControllerConfig{} : read_limits(line.limits);
  if (line.backend == "franka") config.end_effector = franka_end_effector(line);
  const std::unique_ptr<Backend> backend =
      line.backend == "franka" ? make_franka_backend(line, config) : make_sim_backend(line, config, fifo);
  std::optional<Trace> trace;
  if (!line.trace.empty()) trace.emplace(line.trace);
  Controller controller(config, backend->q_rad());
  Protocol protocol(controller, config, line.backend, monotonic_ns);
  const std::filesystem::path keys = key_folder(line);
  make_missing_keys(keys);
  Endpoint endpoint(
      protocol,
      {.address = line.bind, .keys = read_controller_keys(keys), .realtime_priority = fifo ? kEndpointPriority : 0});

  if (line.check) {
    const CheckRequest request{
        .fifo = fifo, .memory_locked = memory_warning.empty(), .cpu = line.cpu, .robot_ip = line.robot_ip};
    std::printf("{\"event\":\"check\",\"backend\":\"%s\",%s}\n", line.backend.c_str(),
                check_system(request, endpoint, read_runtime_keys(keys)).c_str());
    return EXIT_SUCCESS;
  }
  std::optional<DeoxysFrontEnd> deoxys;
  if (!line.deoxys.empty()) {
    deoxys.emplace(protocol, controller, config, line.deoxys, fifo ? kEndpointPriority : 0);
  }

  print_ready(endpoint, line, fifo, memory_warning.empty());
  warn(memory_warning);
  if (endpoint.is_beyond_loopback()) {
    warn("other machines can reach the link: whoever holds a key of " + (keys / "runtimes").string() +
         " can move the arm");
  }
  Lateness lateness;
  std::atomic<bool> ending{false};
  std::thread loop([&] { backend->run(controller, ending, lateness, trace ? &*trace : nullptr); });
  if (line.cpu >= 0) warn(pin_to_core(loop.native_handle(), line.cpu));
  warn(line.realtime ? make_fifo(loop.native_handle(), kControlPriority) : "no real-time priority, as asked");

  tell_service_manager("READY=1\nSTATUS=" + line.backend + " at " + endpoint.address() +
                       (fifo ? ", with" : ", without") + " real-time priority");
  wait_for_end(signals, controller, endpoint);
  tell_service_manager("STOPPING=1\nSTATUS=bringing the arm to rest");
  come_to_rest(protocol);
  ending = true;
  loop.join();
  endpoint.leave();  // how the last plan ended is on its way, whatever else this machine has to do
  if (const std::string report = backend->report(); !report.empty()) std::printf("%s\n", report.c_str());
  print_timing(lateness);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace cliport

int main(int argc, char** argv) {
  try {
    const cliport::ControllerCommandLine line = cliport::parse_command_line(argc, argv);
    if (line.help) {
      std::fputs(cliport::kControllerHelp, stdout);
      return EXIT_SUCCESS;
    }
    if (line.make_keys) {
      cliport::make_missing_keys(cliport::key_folder(line));
      return EXIT_SUCCESS;
    }
    return cliport::serve(line);
  } catch (const cliport::UsageError& error) {
    std::fprintf(stderr, "cliport-controller: %s. See --help.\n", error.what());
    return 2;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "cliport-controller: %s\n", error.what());
    return 2;
  } catch (const cliport::RobotAbsentError& error) {
    std::fprintf(stderr, "cliport-controller: %s\n", error.what());
    return 3;
  } catch (const cliport::KeyError& error) {
    std::fprintf(stderr, "cliport-controller: %s\n", error.what());
    return 2;
  } catch (const cliport::BindError& error) {
    std::fprintf(stderr, "cliport-controller: %s\n", error.what());
    return 3;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cliport-controller: %s\n", error.what());
    return 1;
  }
}

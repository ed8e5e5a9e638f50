#include "options.hpp"

#include <charconv>
#include <cmath>
#include <initializer_list>
#include <string_view>

namespace cliport {

const char kControllerHelp[] = R"(Usage: cliport-controller [options]

Runs the 1 kHz loop of the arm and serves the link's sockets. Prints one JSON line when it is ready, and one with the
loop's timing at its end. SIGTERM and SIGINT stop the arm smoothly, then end the process.

  --backend NAME      what is moved: sim (the arm alone, without physics), franka (needs libfranka)  [sim]
  --bind ADDRESS      tcp://127.0.0.1:PORT takes four ports from PORT on, tcp://127.0.0.1:* any four free ones
                                                                               [tcp://127.0.0.1:5600]
  --limits FILE       arm, tool, boxes and ceilings that no peer can widen (config/controller-limits.txt)
  --keys FOLDER       keys of the link, made at the first start; also CLIPORT_ROBOT_KEYS
                                                                               [~/.config/cliport/link]
  --robot-ip ADDRESS  franka: the robot's address
  --franka-drive D    franka: torque (joint impedance here) or position (inside the robot)           [torque]
  --end-effector E    franka: hand or none                                                           [hand]
  --home-hand         franka: find the fingers' end stops at the start: they open and drop what they hold
  --require-realtime  franka: refuse a kernel without real-time scheduling instead of warning
  --sim-surface-z M   height of the plane that the simulated tool touches, metres [0]
  --deoxys ADDRESS    also serve deoxys' own clients, e.g. tcp://127.0.0.1:5555 and the three ports after it;
                      with --backend sim only (docs/deoxys.md)
  --trace FILE        the last 65 seconds, cycle by cycle, in a ring that outlives a crash; put it in /dev/shm
  --cpu N             run the control loop on core N only, best one that the kernel keeps free (isolcpus)
  --no-realtime       ask for neither SCHED_FIFO nor locked memory; the simulated robot then tolerates late cycles
  --check             ask the system what it grants, run an idle loop for two seconds, and end with a report as JSON
  --help              this text

Exit codes: 0 ended by a signal; 2 wrong use or keys; 3 address taken, or no robot.
)";

namespace {

double metres_of(std::string_view option, std::string_view text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    throw UsageError("Expected metres for " + std::string(option) + " but received '" + std::string(text) + "'");
  }
  return value;
}

std::string one_of(std::string_view option, std::string_view text, std::initializer_list<std::string_view> choices) {
  std::string listed;
  for (const std::string_view choice : choices) {
    if (text == choice) return std::string(text);
    listed += (listed.empty() ? "'" : " or '") + std::string(choice) + "'";
  }
  throw UsageError("Expected " + listed + " for " + std::string(option) + " but received '" + std::string(text) + "'");
}

int core_of(std::string_view option, std::string_view text) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value >= 1024) {
    throw UsageError("Expected the number of a core for " + std::string(option) + " but received '" +
                     std::string(text) + "'");
  }
  return value;
}

}  // namespace

ControllerCommandLine parse_command_line(int argc, const char* const* argv) {
  ControllerCommandLine line;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    const auto value = [&]() -> std::string_view {
      if (i + 1 >= argc) throw UsageError("Expected a value after " + std::string(option));
      return argv[++i];
    };
    if (option == "--backend") {
      line.backend = value();
    } else if (option == "--bind") {
      line.bind = value();
    } else if (option == "--limits") {
      line.limits = value();
    } else if (option == "--robot-ip") {
      line.robot_ip = value();
    } else if (option == "--franka-drive") {
      line.franka_drive = one_of(option, value(), {"torque", "position"});
    } else if (option == "--end-effector") {
      line.end_effector = one_of(option, value(), {"hand", "none"});
    } else if (option == "--home-hand") {
      line.home_hand = true;
    } else if (option == "--require-realtime") {
      line.require_realtime = true;
    } else if (option == "--keys") {
      line.keys = value();
    } else if (option == "--cpu") {
      line.cpu = core_of(option, value());
    } else if (option == "--sim-surface-z") {
      line.sim_surface_z_m = metres_of(option, value());
    } else if (option == "--deoxys") {
      line.deoxys = value();
    } else if (option == "--trace") {
      line.trace = value();
    } else if (option == "--no-realtime") {
      line.realtime = false;
    } else if (option == "--check") {
      line.check = true;
    } else if (option == "--help" || option == "-h") {
      line.help = true;
    } else {
      throw UsageError("Unknown option '" + std::string(option) + "'");
    }
  }
  if (!line.deoxys.empty() && line.backend != "sim") {
    throw UsageError("Expected --backend sim with --deoxys but received '" + line.backend +
                     "': deoxys' protocol has neither lease nor authentication, so it may not move hardware");
  }
  one_of("--backend", line.backend, {"sim", "franka"});
  if (line.backend == "franka" && line.robot_ip.empty()) {
    throw UsageError("Expected the robot's address after --robot-ip, for --backend franka");
  }
  return line;
}

}  // namespace cliport

#include "options.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <initializer_list>
#include <limits>
#include <string_view>
#include <vector>

#include "nearest_name.hpp"

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
  --make-keys         make what is missing in the folder of keys, and end
  --help              this text

Under systemd (Type=notify) it tells when it is ready, and feeds the watchdog while the loop and the sockets go on.

Exit codes: 0 ended by a signal; 2 wrong use or keys; 3 address taken, or no robot.
)";

namespace {

template <typename Number>
Number number_of(const std::string& option, const std::string& text, const std::string& expected, Number low,
                 Number high) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= low && value <= high)) {
    throw UsageError("Expected " + expected + " for " + option + " but received '" + text + "'");
  }
  return value;
}

void one_of(const std::string& option, const std::string& text, std::initializer_list<std::string_view> choices) {
  std::string listed;
  for (const std::string_view choice : choices) {
    if (text == choice) return;
    listed.append(listed.empty() ? "'" : " or '").append(choice).append("'");
  }
  throw UsageError("Expected " + listed + " for " + option + " but received '" + text + "'");
}

/// The options, each with where its value goes; of an option that comes twice the last counts.
void declare(CLI::App& app, ControllerCommandLine& line) {
  app.set_help_flag();  // ours is kControllerHelp
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--backend", line.backend);
  app.add_option("--bind", line.bind);
  app.add_option("--limits", line.limits);
  app.add_option("--robot-ip", line.robot_ip);
  app.add_option("--franka-drive", line.franka_drive);
  app.add_option("--end-effector", line.end_effector);
  app.add_flag("--home-hand", line.home_hand);
  app.add_flag("--require-realtime", line.require_realtime);
  app.add_option("--keys", line.keys);
  app.add_option_function<std::string>("--cpu", [&line](const std::string& text) {
    line.cpu = number_of("--cpu", text, "the number of a core", 0, 1023);
  });
  app.add_option_function<std::string>("--sim-surface-z", [&line](const std::string& text) {
    constexpr double kMost = std::numeric_limits<double>::max();
    line.sim_surface_z_m = number_of("--sim-surface-z", text, "metres", -kMost, kMost);
  });
  app.add_option("--deoxys", line.deoxys);
  app.add_option("--trace", line.trace);
  app.add_flag("--no-realtime{false}", line.realtime);
  app.add_flag("--check", line.check);
  app.add_flag("--make-keys", line.make_keys);
  app.add_flag("-h,--help", line.help);
}

std::string unknown(const CLI::App& app) {
  const std::string given = app.remaining().front();
  std::vector<std::string> names{"--help"};
  for (const CLI::Option* option : app.get_options()) names.push_back(option->get_name());
  const std::vector<std::string_view> known(names.begin(), names.end());
  return "Unknown option '" + given + "'" + did_you_mean(given.substr(0, given.find('=')), known);
}

void check(const ControllerCommandLine& line) {
  one_of("--franka-drive", line.franka_drive, {"torque", "position"});
  one_of("--end-effector", line.end_effector, {"hand", "none"});
  if (!line.deoxys.empty() && line.backend != "sim") {
    throw UsageError("Expected --backend sim with --deoxys but received '" + line.backend +
                     "': deoxys' protocol has neither lease nor authentication, so it may not move hardware");
  }
  one_of("--backend", line.backend, {"sim", "franka"});
  if (line.backend == "franka" && line.robot_ip.empty()) {
    throw UsageError("Expected the robot's address after --robot-ip, for --backend franka");
  }
}

}  // namespace

ControllerCommandLine parse_command_line(int argc, const char* const* argv) {
  ControllerCommandLine line;
  CLI::App app;
  declare(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    throw UsageError(unknown(app));
  } catch (const CLI::ArgumentMismatch&) {
    throw UsageError(std::string("Expected a value after ") + argv[argc - 1]);  // only the last can lack it
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  check(line);
  return line;
}

}  // namespace cliport

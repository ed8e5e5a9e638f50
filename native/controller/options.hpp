// Command line of cliport-controller.
#pragma once

#include <stdexcept>
#include <string>

namespace cliport {

struct ControllerCommandLine {
  std::string backend = "sim";
  std::string bind = "tcp://127.0.0.1:5600";
  std::string limits;  ///< file of limits, empty for the defaults
  std::string deoxys;  ///< address of deoxys' sockets; empty: none
  std::string keys;    ///< folder, empty for the default
  int cpu = -1;        ///< core of the control thread, -1: any
  double sim_surface_z_m = 0.0;
  std::string robot_ip;                 ///< franka
  std::string franka_drive = "torque";  ///< or "position"
  std::string end_effector = "hand";    ///< or "none"
  bool home_hand = false;
  bool require_realtime = false;
  std::string trace;  ///< file of the trace, empty for none
  bool realtime = true;
  bool check = false;
  bool make_keys = false;
  bool help = false;
};

/// Wrong use of the command line; its message names the option, what was expected and what was received.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// @throws UsageError
ControllerCommandLine parse_command_line(int argc, const char* const* argv);

extern const char kControllerHelp[];

}  // namespace cliport

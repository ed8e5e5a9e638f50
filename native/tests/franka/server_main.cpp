// fci-server: a Franka arm and hand to try things on without one.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "hand_server.hpp"
#include "robot_server.hpp"

namespace {

constexpr char kHelp[] = R"(Usage: fci-server [options]

Speaks Franka's robot interface, version 5 (Panda), with an arm that obeys its rules, and the hand's, version 3.

  --address IP      any address of 127.0.0.0/8; ports are 1337 and 1338   [127.0.0.1]
  --version N       interface version that it claims                      [5]
  --punctual        keeps the wall clock: late commands are lost commands
  --surface-z M     a table under the tool, metres                        [none]
  --object-width M  what lies between the fingers, metres                 [nothing]
  --model FILE      compiled model library to hand out                    [none]
  --help            this text
)";

}  // namespace

int main(int argc, char** argv) try {
  cliport::fci::RobotServerOptions robot;
  cliport::fci::HandServerOptions hand;
  // Tool down, in front of the arm.
  cliport::inverse({0.45, 0.0, 0.3}, 0.0, cliport::Tool{}, cliport::panda_joint_limits(), 0.1, robot.robot.q_rad);
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (option == "--help") {
      std::fputs(kHelp, stdout);
      return EXIT_SUCCESS;
    }
    if (option == "--punctual") {
      robot.punctual = true;
      continue;
    }
    if (value == nullptr) {
      std::fprintf(stderr, "fci-server: Expected a known option with a value but received '%s'\n", option.c_str());
      return 2;
    }
    ++i;
    if (option == "--address") {
      robot.address = hand.address = value;
    } else if (option == "--version") {
      robot.version = static_cast<std::uint16_t>(std::atoi(value));
    } else if (option == "--surface-z") {
      robot.robot.body.surface_z_m = std::atof(value);
    } else if (option == "--object-width") {
      hand.object_width_m = std::atof(value);
    } else if (option == "--model") {
      robot.robot.model_library = value;
    } else {
      std::fprintf(stderr, "fci-server: Unknown option '%s'\n", option.c_str());
      return 2;
    }
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  cliport::fci::RobotServer robot_server(robot);
  cliport::fci::HandServer hand_server(hand);
  std::printf("{\"event\":\"ready\",\"address\":\"%s\",\"version\":%d}\n", robot.address.c_str(), robot.version);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  const cliport::fci::Received received = robot_server.received();
  std::printf(
      "{\"event\":\"ended\",\"moves\":%llu,\"motions_finished\":%llu,\"commands\":%llu,\"lost\":%llu,\"loads\":%llu,"
      "\"recoveries\":%llu,\"error\":\"%s\"}\n",
      static_cast<unsigned long long>(received.moves), static_cast<unsigned long long>(received.motions_finished),
      static_cast<unsigned long long>(received.commands), static_cast<unsigned long long>(received.lost),
      static_cast<unsigned long long>(received.loads), static_cast<unsigned long long>(received.recoveries),
      robot_server.view().error.c_str());
  return EXIT_SUCCESS;
} catch (const std::exception& error) {
  std::fprintf(stderr, "fci-server: %s\n", error.what());
  return 3;
}

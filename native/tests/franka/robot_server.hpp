// A Franka arm as the network sees it: the robot service of FCI (TCP 1337, states and commands over UDP each
// millisecond), version 5, as libfranka 0.9.2 speaks it. Its own code, written against the published message structs.
//
// Time here is the count of states: the server waits for the answer to each of them before the next, so that a busy
// test machine loses no cycle. `Options::punctual` keeps the wall clock instead, as the robot does.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "body.hpp"
#include "command_rules.hpp"

namespace cliport::fci {

/// FCI ends a motion after this many lost cycles in a row.
inline constexpr int kLostCyclesMax = 20;

struct RobotServerOptions {
  std::string address = "127.0.0.1";  ///< any address of 127.0.0.0/8: the port is always 1337
  std::uint16_t version = 5;          ///< what it tells a client; clients of another version are refused
  BodySettings body{};
  Joints q_rad{0.0, -0.785398163397448, 0.0, -2.35619449019234, 0.0, 1.5707963267949, 0.785398163397448};
  bool punctual = false;
  std::int64_t period_us = 1000;  ///< shortest time from state to state
  /// Answer of AutomaticErrorRecovery: false when the cause is still there and a person has to act at the robot.
  bool recovers = true;
  /// Its own forward kinematics are off by so much: an arm that is built otherwise than its client believes.
  double kinematics_off_m = 0.0;
  /// A compiled model library to hand out; empty: it has none to give.
  std::string model_library{};
};

/// What arrived, for tests to look at.
struct Received {
  std::uint64_t connects = 0;
  std::uint64_t moves = 0;
  std::uint64_t motions_finished = 0;  ///< ended by the client, at rest
  std::uint64_t stops = 0;
  std::uint64_t recoveries = 0;
  std::uint64_t loads = 0;
  std::uint64_t commands = 0;
  std::uint64_t lost = 0;
  double load_kg = 0.0;
  Joints joint_stiffness{};
  std::array<double, 16> NE_T_EE{};
  std::array<double, 6> upper_force_n{};
  Extremes extremes;
  /// While a motion ran or was being ended: of the body itself.
  Joints body_dq_max_radps{};
};

struct RobotView {
  Joints q_rad{};
  Joints dq_radps{};
  bool moving = false;  ///< a motion runs: robot mode Move
  std::string error;    ///< first current error by its FCI name
  std::uint64_t time_ms = 0;
};

class RobotServer {
 public:
  /// Listens when it returns. @throws std::runtime_error when the address is taken
  explicit RobotServer(const RobotServerOptions& options);
  /// As when the robot's computer dies: connections are reset.
  ~RobotServer();
  RobotServer(const RobotServer&) = delete;
  RobotServer& operator=(const RobotServer&) = delete;

  // Any thread.
  Received received() const;
  RobotView view() const;
  void push_joints(const Joints& torque_nm);
  void push_tool(const std::array<double, 3>& force_n);
  /// The next commands of a motion are lost on their way.
  void lose_commands(int count);
  /// The cable is out: nothing is sent, nothing is heard, no connection is closed.
  void pull_cable(bool out);
  void press_user_stop(bool pressed);
  void set_recovers(bool recovers);
  /// Waits until something is true of the view, or for 20 s of wall time. @return whether it came true
  bool wait_until(const std::function<bool(const RobotView&)>& condition) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cliport::fci

// A Franka arm as the network sees it: the robot service of FCI (TCP 1337, states and commands over UDP each
// millisecond), version 5, as libfranka 0.9.2 speaks it. Its own code, written against the published message structs.
//
// Time here is the count of states: the server waits for the answer to each of them before the next, so that a busy
// test machine loses no cycle. `Options::punctual` keeps the wall clock instead, as the robot does.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "robot.hpp"

namespace cliport::fci {

struct RobotServerOptions {
  std::string address = "127.0.0.1";  ///< any address of 127.0.0.0/8: the port is always 1337
  std::uint16_t version = 5;          ///< what it tells a client; clients of another version are refused
  RobotOptions robot{};
  bool punctual = false;
  std::int64_t period_us = 1000;  ///< shortest time from state to state
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
  /// Settings and motions are not possible, as while somebody guides the arm by hand.
  void set_refuses(bool refuses);
  /// The robot ends the connection in an orderly way, as when FCI is switched off in Desk, and listens again.
  void hang_up();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cliport::fci

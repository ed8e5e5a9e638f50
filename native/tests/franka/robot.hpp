// A Franka arm without its network: what it answers to requests, and what one millisecond with or without a command
// does to it. States and commands are those of research_interface, version 5.
#pragma once

#include <research_interface/robot/rbk_types.h>
#include <research_interface/robot/service_types.h>

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "body.hpp"
#include "command_rules.hpp"
#include "requests.hpp"

namespace cliport::fci {

/// FCI ends a motion after this many lost cycles in a row.
inline constexpr int kLostCyclesMax = 20;

struct RobotOptions {
  BodySettings body{};
  Joints q_rad{0.0, -0.785398163397448, 0.0, -2.35619449019234, 0.0, 1.5707963267949, 0.785398163397448};
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

/// One thread's.
class Robot {
 public:
  using Bytes = std::vector<std::uint8_t>;

  explicit Robot(const RobotOptions& options);

  /// Answers any request but Connect. @param replies TCP bytes are appended
  void answer(const Request& request, Bytes& replies);

  /// One millisecond. @param command what arrived in it @param replies TCP bytes are appended
  void advance(std::optional<research_interface::robot::RobotCommand> command, Bytes& replies);

  /// The next state to send.
  const research_interface::robot::RobotState& next_state();

  bool is_moving() const { return state_.robot_mode == research_interface::robot::RobotMode::kMove; }
  /// A motion runs and its client has begun to command it.
  bool is_commanded() const { return is_moving() && commanded_; }
  Received received() const;
  const Body& body() const { return body_; }
  const research_interface::robot::RobotState& state() const { return state_; }

  // What a test does to it.
  Body& body() { return body_; }
  void lose_commands(int count) { to_lose_ = count; }
  void press_user_stop(bool pressed) { user_stopped_ = pressed; }
  void set_recovers(bool recovers) { options_.recovers = recovers; }
  /// Settings and motions are not possible, as while somebody guides the arm by hand.
  void set_refuses(bool refuses) { refuses_ = refuses; }
  void count_connect() { ++received_.connects; }

 private:
  // robot_requests.cpp
  void set_value(const Request& request, Bytes& replies);
  void start_move(const Request& request, Bytes& replies);
  void stop_move(const Request& request, Bytes& replies);
  void recover(const Request& request, Bytes& replies);
  void give_model(const Request& request, Bytes& replies) const;
  void reply_move(research_interface::robot::Move::Status status, Bytes& replies) const;

  // robot.cpp
  void end_motion();
  void abort(ErrorIndex error, Bytes& replies);
  void watch_user_stop(Bytes& replies);
  void follow(std::optional<research_interface::robot::RobotCommand> command, Bytes& replies);
  std::optional<ErrorIndex> obey(const research_interface::robot::RobotCommand& command);
  void extrapolate();
  void watch_body(Bytes& replies);

  RobotOptions options_;
  research_interface::robot::RobotState state_{};
  Received received_;
  Body body_;
  CommandRules rules_;
  Joints q_d_rad_;
  Joints torque_nm_{};
  Request move_request_;
  bool commanded_ = false;
  int moving_ms_ = 0;
  int lost_in_a_row_ = 0;
  std::bitset<100> arrived_;  ///< of the last hundred commands
  int to_lose_ = 0;
  bool user_stopped_ = false;
  bool refuses_ = false;
  Joints lower_torque_nm_{}, upper_torque_nm_{};
  std::array<double, 6> lower_force_n_{}, upper_force_n_{};
};

}  // namespace cliport::fci

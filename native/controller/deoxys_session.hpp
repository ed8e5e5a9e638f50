// A deoxys client as a session of the controller: its commands become leases, heartbeats and short plans.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cliport/controller.hpp"
#include "deoxys_messages.hpp"

namespace cliport {

/// deoxys knows no lease: whoever sends, moves the arm. Here the first command of a control law takes the lease, if
/// nobody has it, and NO_CONTROL gives it back; every command is a heartbeat. The controller's limits, its watchdog
/// (100 ms, deoxys: 1 s) and its latched stop hold as for any other session. What ended the session once (a stop, a
/// lost lease, a termination) ends it until the client begins anew with NO_CONTROL; a latch is cleared over the link,
/// by a person.
///
/// A goal is approached in hops from rest to rest, the newest goal first: deoxys' clients send goals 20 times a second
/// and know nothing of plans. No hop is longer than kHopM or kHopRad, so that the arm is never far from standing still.
///
/// Not thread-safe; allocates.
class DeoxysSession {
 public:
  static constexpr double kHopM = 0.1;
  static constexpr double kHopRad = 0.3;
  static constexpr double kSpeedMps = 0.25;
  static constexpr double kDescendSpeedMps = 0.05;

  struct Port {
    std::function<bool(const Command&)> submit;
    std::function<Snapshot()> snapshot;
    std::function<void(const std::string&)> warn;  ///< hears each sentence once in a row
  };

  /// @param session of the controller, not 0
  DeoxysSession(Port port, const ControllerConfig& config, std::uint64_t session);

  /// @param received_ns lower bound of the time of receipt on the controller's clock
  void take_arm_command(std::string_view bytes, std::int64_t received_ns);
  void take_gripper_command(std::string_view bytes);

  /// To be called every few milliseconds.
  void step(std::int64_t now_ns);

  std::string arm_state();
  std::string gripper_state() const;

 private:
  struct Goal {
    bool is_joints = false;
    Joints q_rad{};
    std::array<double, 3> p_base_m{};
    double yaw_rad = 0.0;
  };

  bool is_mine(const Snapshot& snapshot) const { return snapshot.lease_session == session_; }
  std::optional<Goal> goal_of(const DeoxysOrder& order, const Snapshot& snapshot);
  std::optional<Goal> pose_goal(const DeoxysOrder& order, const Snapshot& snapshot);
  std::optional<Segment> hop_towards(const Goal& goal, const Snapshot& snapshot) const;
  void begin(DeoxysLaw law);
  void end(const std::string& why);
  void keep_lease(const Snapshot& snapshot, std::int64_t now_ns);
  void move_on(const Snapshot& snapshot, std::int64_t now_ns);
  void run(const Segment& segment, const Snapshot& snapshot, std::int64_t now_ns);
  Command command(CommandKind kind, std::int64_t received_ns);
  void warn(const std::string& what);

  const Port port_;
  const ControllerConfig config_;
  const std::uint64_t session_;

  DeoxysLaw law_ = DeoxysLaw::kNone;
  bool has_ended_ = false;  ///< NO_CONTROL must come before any law
  bool had_lease_ = false;  ///< since the law began
  std::optional<Goal> goal_;
  bool grasp_ = false;         ///< what the client wants of the gripper
  std::int64_t asked_ns_ = 0;  ///< when the controller was last asked for something that its state shows later
  std::uint64_t last_id_ = 0;
  std::uint64_t frame_ = 0;
  std::string last_warning_;
};

}  // namespace cliport

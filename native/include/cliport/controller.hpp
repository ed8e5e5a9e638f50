// The controller core: state machine, lease, trajectories, limits and watchdog of the arm.
//
//   disarmed --acquire--> armed --plan--> moving --done--> armed
//   armed --release, or no heartbeat for lease_timeout_s--> disarmed
//   moving --stop, no heartbeat for watchdog_s, unexpected contact--> stopping --at rest--> stopped
//   disarmed, armed --stop--> stopped
//   any but fault --the robot reports an error; armed, moving, stopping --measured state wrong--> fault (the reference
//                             brakes along its line and is then held)
//   stopped, fault --clear, once the robot itself reports no fault--> disarmed
// The end effector keeps its last command whatever happens: a stop must not drop what is held.
//
// One object, two callers: the control thread calls cycle() once a millisecond; the I/O thread posts commands and polls
// events. They meet only in lock-free single-producer single-consumer rings and a seqlock, so the cycle never waits,
// allocates or throws. Time is what cycle() is given: wall time in cliport-controller, simulated time in the cell.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "cliport/blended_path.hpp"
#include "cliport/end_effector.hpp"
#include "cliport/kinematics.hpp"
#include "cliport/load.hpp"
#include "cliport/reason.hpp"

namespace cliport {

/// What the arm is doing. Every start is kDisarmed; a stop is latched in kStopped until a person clears it.
enum class Mode : std::uint8_t { kDisarmed, kArmed, kMoving, kStopping, kStopped, kFault };

enum class SegmentKind : std::uint8_t {
  kMove,     ///< straight line to the target, jerk-limited; to rest, or by a blend into the next segment
  kDescend,  ///< straight down until contact, at most to the target's z
  kGrasp,    ///< the end effector takes hold, then wait until it holds, at most grasp_settle_s
  kRelease,  ///< the end effector lets go, then wait until it no longer holds, at most grasp_settle_s
  kPush,     ///< as kMove, through what stands in the way: contact is expected, up to a force
  kJoints,   ///< all joints together to q_rad, from rest to rest, jerk-limited: from any posture, e.g. the way home
};

struct Segment {
  SegmentKind kind = SegmentKind::kMove;
  std::array<double, 3> p_base_m{};  ///< tool centre point
  double yaw_rad = 0.0;              ///< about base z; the tool points straight down
  double speed_mps = 0.0;            ///< greatest speed of the tool, > 0
  /// kMove only: the next segment may begin without a rest, by a blend that replaces at most this length of both; 0: to
  /// rest. Permission, not duty: see `plan_blends`.
  double blend_radius_m = 0.0;
  double contact_speed_mps = 0.0;  ///< kDescend only: greatest speed at which contact may be met; 0: speed_mps
  double force_limit_n = 0.0;      ///< kPush only: external force that stops the arm; 0: force_ceiling_n
  Joints q_rad{};                  ///< kJoints only, which looks at nothing else but the speed
};

/// Whether it moves the end effector and not the arm.
inline bool is_end_effector(const Segment& segment) {
  return segment.kind == SegmentKind::kGrasp || segment.kind == SegmentKind::kRelease;
}

inline constexpr std::size_t kMaxSegments = 16;

enum class CommandKind : std::uint8_t {
  kAcquire,      ///< take the lease and arm
  kRelease,      ///< give the lease back, disarm
  kHeartbeat,    ///< the lease holder's cycle is alive
  kPlan,         ///< run segments
  kUnsupported,  ///< a request that this release does not carry out: always rejected, with Reason::kUnsupported
  kStop,         ///< smooth stop, latched; needs no lease
  kClear,        ///< a person clears a latched stop or fault; leaves the arm disarmed
};

struct Command {
  CommandKind kind = CommandKind::kHeartbeat;
  std::uint64_t session = 0;        ///< who sends it; the lease belongs to a session
  std::uint64_t id = 0;             ///< unique within the session; a repeated id is never run twice
  std::int64_t received_ns = 0;     ///< controller's clock at receipt
  std::int64_t valid_for_ns = 0;    ///< must have started within this time of receipt; 0: no expiry
  std::uint32_t segment_count = 0;  ///< kPlan
  std::array<Segment, kMaxSegments> segments{};
};

const char* to_string(Mode mode);

enum class EventKind : std::uint8_t { kAccepted, kRejected, kStarted, kSegment, kDone, kEnded, kMode };

/// What the end effector did, and was to do, in one cycle.
struct EndEffectorState {
  bool holding = false;
  bool grasp_commanded = false;
  std::optional<double> width_m = std::nullopt;  ///< empty: not measured
};

/// An acknowledgement or a change, in order and without loss: while nobody fetches events no command is taken, and a
/// moving arm is faulted before their ring is full. kDone and kEnded come when the reference is at rest, after a fault
/// too: what a fault leads to shows in kMode at once.
struct Event {
  std::uint64_t sequence = 0;
  std::int64_t stamp_ns = 0;
  EventKind kind = EventKind::kMode;
  std::uint64_t session = 0;
  std::uint64_t command_id = 0;
  std::uint32_t segment = 0;  ///< kSegment: which one ended
  bool contact = false;       ///< kSegment: it ended by contact
  EndEffectorState end_effector;
  Reason reason = Reason::kNone;
  Mode mode = Mode::kDisarmed;
  std::array<double, 3> p_base_m{};  ///< reference of the tool when it happened
};

/// x, y, z intervals in metres: xMin, xMax, yMin, yMax, zMin, zMax.
using Box = std::array<double, 6>;

struct ControllerConfig {
  ArmModel arm = ArmModel::kPanda;
  Tool tool;
  /// Where the tool may be. Not the heightmap's bounds: those end where cameras look.
  Box motion_box_m{0.10, 0.80, -0.60, 0.60, -0.01, 0.70};
  /// Where no part of the arm may be, from the elbow's height down to the tool: a camera's post, a bin's wall.
  std::vector<Box> keep_out_m;
  double tool_radius_m = 0.03;  ///< of the tool and what it holds, for keep-out boxes
  JointLimits joint_limits = panda_joint_limits();
  double joint_margin_rad = 0.1;
  double speed_mps = 0.6;  ///< half of what the arm allows, or less
  double acceleration_mps2 = 2.0;
  double jerk_mps3 = 20.0;
  double yaw_speed_radps = 1.5;
  double yaw_acceleration_radps2 = 5.0;
  double yaw_jerk_radps3 = 50.0;
  double stop_acceleration_mps2 = 5.0;  ///< of every stop, and of a descent that has found contact
  double stop_jerk_mps3 = 500.0;
  double tracking_error_rad = 0.1;
  double contact_force_n = 10.0;    ///< external force at the tool that counts as contact, beside the backend's word
  double force_ceiling_n = 40.0;    ///< external force at the tool that stops a moving arm
  double torque_ceiling_nm = 40.0;  ///< external torque at any joint that stops a moving arm
  EndEffectorModel end_effector;
  Load tool_load;                   ///< of the tool, unless the robot knows it already (Franka's Desk)
  Load held_load = default_held();  ///< of what a grasp is assumed to hold, added while it holds
  double watchdog_s = 0.1;          ///< without a heartbeat: stops a moving arm
  double lease_timeout_s = 0.5;     ///< without a heartbeat: drops the lease
  double grasp_settle_s = 0.3;      ///< longest wait for a seal, or for its end
  double cycle_s = 0.001;

  /// A 100 g thing, 4 cm wide, under the default tool.
  static Load default_held() { return {0.1, {0.0, 0.0, 0.1234}, {2.7e-5, 0, 0, 0, 2.7e-5, 0, 0, 0, 2.7e-5}}; }
};

/// The defaults with the limits of one arm.
ControllerConfig config_for(ArmModel arm);

/// What a controller checks before it takes a configuration and the joints that it starts from.
/// @throws std::invalid_argument naming the setting, what it is and what it may be
void check_config(const ControllerConfig& config, const Joints& q_rad);

/// What the hardware, or the simulation, reports each cycle. What a robot does not measure stays 0, or empty.
struct Measured {
  Joints q_rad{};
  Joints dq_radps{};
  Joints tau_ext_nm{};                   ///< external torque at each joint, without the load that the robot knows
  std::array<double, 3> f_ext_base_n{};  ///< external force at the tool, likewise
  bool contact = false;                  ///< tool, or what it holds, touches something
  bool holding = false;                  ///< the end effector holds something
  std::optional<double> width_m = std::nullopt;  ///< opening of the end effector
  std::uint8_t elapsed_cycles = 1;               ///< since the last report; more when cycles were lost
  Reason fault = Reason::kNone;                  ///< why the robot itself will not move, under its own name
  bool following = true;                         ///< it follows the reference; false while it is about to
  /// Where the robot itself wants to be, when it is driven by positions: every motion must begin exactly there.
  Joints q_d_rad{};
  bool has_q_d = false;
};

/// What the hardware, or the simulation, is asked for each cycle.
struct Reference {
  Joints q_rad{};
  Joints dq_radps{};
  bool grasp = false;            ///< of the end effector: take hold, or let go
  bool drive = false;            ///< follow q_rad now; otherwise the robot holds itself and nothing is sent to it
  Load load;                     ///< on the flange: changes when a grasp holds, and when it lets go
  std::uint32_t recoveries = 0;  ///< grows by one each time a person has asked the robot to recover from its fault
};

/// The newest state; all of it belongs to one cycle.
struct Snapshot {
  std::int64_t stamp_ns = 0;
  Mode mode = Mode::kDisarmed;
  Reason reason = Reason::kNone;  ///< of the last stop or fault
  std::uint64_t lease_session = 0;
  std::uint64_t command_id = 0;  ///< running plan, 0 for none
  std::uint32_t segment = 0;
  Measured measured;
  Reference reference;
  std::array<double, 3> p_base_tool_m{};  ///< from measured joints
  double yaw_rad = 0.0;
};

/// Everything about a plan that can be known before it starts: form, speed, motion box, keep-out boxes, vertical
/// descents, and reach along every line, from each place where a descent may end. Milliseconds for the longest plan:
/// for the I/O thread.
/// @param from_rad reference of the joints at the start, at rest
/// @param blended receives the path of the segments that are run without a rest between them, checked like the lines
/// @return kNone when it may run
Reason check_plan(const Command& plan, const Joints& from_rad, const ControllerConfig& config,
                  BlendedSegments* blended = nullptr);

class Controller {
 public:
  /// Disarmed, holding q_rad.
  /// @throws std::invalid_argument naming the setting when the configuration makes no sense
  Controller(const ControllerConfig& config, const Joints& q_rad);
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  /// I/O thread: hands over a command; false when the ring is full (the caller answers "busy"). Plans are checked
  /// here, against the reference that the newest snapshot holds. A stop overtakes all that waits and acts in the next
  /// cycle, always: false only means that no event will answer it.
  bool post(const Command& command);
  /// I/O thread: the next event, false when there is none.
  bool poll(Event& event);
  /// Any thread: the newest state.
  Snapshot snapshot() const;

  /// Control thread: one cycle. Never blocks, allocates or throws.
  void cycle(std::int64_t now_ns, const Measured& measured, Reference& reference);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cliport

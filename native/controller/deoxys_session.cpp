#include "deoxys_session.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace cliport {
namespace {

constexpr std::int64_t kAnswerNs = 20'000'000;   // the controller takes commands within a few cycles
constexpr std::int64_t kExpiryNs = 100'000'000;  // a hop that could not begin by then is stale
constexpr double kSameM = 1e-4;
constexpr double kSameRad = 5e-4;
constexpr double kVerticalM = 0.0005;  // the controller's own bound is twice that
constexpr double kGreatestTiltRad = 0.1;
constexpr double kKeepGoalM = 0.005;  // OSC_POSITION and OSC_YAW keep a goal that moves by less
constexpr double kVelocityHorizonS = 0.3;
constexpr double kGreatestTwist = 0.1;           // m/s and rad/s, deoxys' safety settings
constexpr double kYawMin = -1.6, kYawMax = 2.7;  // OSC_YAW turns no further

using Rotation = std::array<double, 9>;  // row-major

Rotation rotation_of(const Transform& T) { return {T[0], T[1], T[2], T[4], T[5], T[6], T[8], T[9], T[10]}; }

/// Rodrigues' formula.
Rotation rotation_of(const std::array<double, 3>& axis_angle) {
  const double angle = std::hypot(axis_angle[0], axis_angle[1], axis_angle[2]);
  if (angle < 1e-12) return {1, 0, 0, 0, 1, 0, 0, 0, 1};
  const double x = axis_angle[0] / angle, y = axis_angle[1] / angle, z = axis_angle[2] / angle;
  const double c = std::cos(angle), s = std::sin(angle), t = 1.0 - c;
  return {t * x * x + c,     t * x * y - s * z, t * x * z + s * y, t * x * y + s * z, t * y * y + c,
          t * y * z - s * x, t * x * z - s * y, t * y * z + s * x, t * z * z + c};
}

Rotation multiply(const Rotation& a, const Rotation& b) {
  Rotation c{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t k = 0; k < 3; ++k) c[i * 3 + j] += a[i * 3 + k] * b[k * 3 + j];
    }
  }
  return c;
}

/// Angle between the tool's axis and straight down.
double tilt_of(const Rotation& R) { return std::acos(std::clamp(-R[8], -1.0, 1.0)); }
double yaw_of(const Rotation& R) { return std::atan2(R[3], R[0]); }

double largest_step(const std::array<double, 3>& a, const std::array<double, 3>& b) {
  return std::max({std::abs(a[0] - b[0]), std::abs(a[1] - b[1]), std::abs(a[2] - b[2])});
}

double clamped(double value) { return std::clamp(value, -kGreatestTwist, kGreatestTwist); }

}  // namespace

DeoxysSession::DeoxysSession(Port port, const ControllerConfig& config, std::uint64_t session)
    : port_(std::move(port)), config_(config), session_(session) {}

void DeoxysSession::take_arm_command(std::string_view bytes, std::int64_t received_ns) {
  std::string problem;
  const std::optional<DeoxysOrder> order = parse_deoxys_order(bytes, problem);
  if (!order) return warn("a command of the arm was ignored: " + problem);
  if (order->termination) {
    const Snapshot snapshot = port_.snapshot();
    if (is_mine(snapshot) && snapshot.mode == Mode::kMoving) port_.submit(command(CommandKind::kStop, received_ns));
    return end("the client asked for termination");
  }
  if (order->law == DeoxysLaw::kNone) {
    law_ = DeoxysLaw::kNone;
    goal_.reset();
    has_ended_ = false;
    last_warning_.clear();
  } else if (has_ended_) {
    return;
  } else if (law_ == DeoxysLaw::kNone) {
    begin(order->law);
  } else if (law_ != order->law) {
    return warn("a command was ignored: the control law can be changed only after NO_CONTROL");
  }
  port_.submit(command(CommandKind::kHeartbeat, received_ns));
  if (law_ != DeoxysLaw::kNone) goal_ = goal_of(*order, port_.snapshot());
}

void DeoxysSession::take_gripper_command(std::string_view bytes) {
  std::string problem;
  const std::optional<bool> grasp = parse_deoxys_gripper(bytes, problem);
  if (!grasp) return warn("a command of the gripper was ignored: " + problem);
  grasp_ = *grasp;
}

void DeoxysSession::step(std::int64_t now_ns) {
  const Snapshot snapshot = port_.snapshot();
  // What was asked for shows in a state that is a little younger than the question.
  if (snapshot.stamp_ns < asked_ns_ + kAnswerNs && snapshot.command_id == 0) return;
  keep_lease(snapshot, now_ns);
  if (law_ != DeoxysLaw::kNone && is_mine(snapshot) && snapshot.mode == Mode::kArmed) move_on(snapshot, now_ns);
}

void DeoxysSession::keep_lease(const Snapshot& snapshot, std::int64_t now_ns) {
  const bool is_latched =
      snapshot.mode == Mode::kStopping || snapshot.mode == Mode::kStopped || snapshot.mode == Mode::kFault;
  if (law_ == DeoxysLaw::kNone) {
    if (is_mine(snapshot) && snapshot.mode == Mode::kArmed) {
      port_.submit(command(CommandKind::kRelease, now_ns));
      asked_ns_ = now_ns;
    }
  } else if (is_latched) {
    end(std::string("the arm is ") + to_string(snapshot.mode) + " (" + to_string(snapshot.reason) +
        "); a person must clear it over the link");
  } else if (is_mine(snapshot)) {
    had_lease_ = true;
  } else if (had_lease_) {
    end("no command came for longer than the lease lasts");
  } else {
    if (snapshot.lease_session != 0) warn("another program holds the lease: commands are ignored until it leaves");
    port_.submit(command(CommandKind::kAcquire, now_ns));
    asked_ns_ = now_ns;
  }
}

void DeoxysSession::move_on(const Snapshot& snapshot, std::int64_t now_ns) {
  if (grasp_ != snapshot.reference.grasp) {
    return run({.kind = grasp_ ? SegmentKind::kGrasp : SegmentKind::kRelease}, snapshot, now_ns);
  }
  if (!goal_) return;
  if (const std::optional<Segment> hop = hop_towards(*goal_, snapshot)) run(*hop, snapshot, now_ns);
}

void DeoxysSession::run(const Segment& segment, const Snapshot& snapshot, std::int64_t now_ns) {
  Command plan = command(CommandKind::kPlan, now_ns);
  plan.valid_for_ns = kExpiryNs;
  plan.segment_count = 1;
  plan.segments[0] = segment;
  const Reason reason = check_plan(plan, snapshot.reference.q_rad, config_);
  if (reason != Reason::kNone) {
    goal_.reset();
    return warn(std::string("a goal was refused: ") + to_string(reason) + "; the arm holds");
  }
  port_.submit(plan);
  asked_ns_ = now_ns;
}

std::optional<Segment> DeoxysSession::hop_towards(const Goal& goal, const Snapshot& snapshot) const {
  const Joints& from = snapshot.reference.q_rad;
  const Transform T = forward(from, config_.tool);
  const std::array<double, 3> p{T[3], T[7], T[11]};
  const auto lower = [&](const std::array<double, 3>& to) {
    return std::hypot(to[0] - p[0], to[1] - p[1]) <= kVerticalM && to[2] < p[2] - kSameM;
  };
  Segment hop;
  hop.speed_mps = kSpeedMps;
  if (goal.is_joints) {
    double largest = 0.0;
    for (std::size_t i = 0; i < 7; ++i) largest = std::max(largest, std::abs(goal.q_rad[i] - from[i]));
    if (largest <= kSameRad) return std::nullopt;
    // Straight down means until contact, as with a compliant arm; joints alone would run into the surface.
    const Transform to = forward(goal.q_rad, config_.tool);
    if (!lower({to[3], to[7], to[11]}) || tilt_of(rotation_of(to)) > kSameRad) {
      const double share = std::min(1.0, kHopRad / largest);
      hop.kind = SegmentKind::kJoints;
      for (std::size_t i = 0; i < 7; ++i) hop.q_rad[i] = from[i] + share * (goal.q_rad[i] - from[i]);
      return hop;
    }
    hop.p_base_m = {p[0], p[1], std::max(to[11], p[2] - kHopM)};
    hop.yaw_rad = cliport::yaw_of(to);
    hop.kind = SegmentKind::kDescend;
    hop.speed_mps = kDescendSpeedMps;
    return hop;
  }
  const double distance = std::hypot(goal.p_base_m[0] - p[0], goal.p_base_m[1] - p[1], goal.p_base_m[2] - p[2]);
  const double yaw = cliport::yaw_of(T);
  const double turn = std::remainder(goal.yaw_rad - yaw, 2.0 * 3.14159265358979323846);
  if (distance <= kSameM && std::abs(turn) <= kSameRad) return std::nullopt;
  const double share = std::min({1.0, kHopM / std::max(distance, 1e-9), kHopRad / std::max(std::abs(turn), 1e-9)});
  for (std::size_t i = 0; i < 3; ++i) hop.p_base_m[i] = p[i] + share * (goal.p_base_m[i] - p[i]);
  hop.yaw_rad = yaw + share * turn;
  hop.kind = SegmentKind::kMove;
  if (lower(hop.p_base_m)) {
    hop.kind = SegmentKind::kDescend;
    hop.p_base_m[0] = p[0];
    hop.p_base_m[1] = p[1];
    hop.speed_mps = kDescendSpeedMps;
  }
  return hop;
}

std::optional<DeoxysSession::Goal> DeoxysSession::goal_of(const DeoxysOrder& order, const Snapshot& snapshot) {
  if (order.law != DeoxysLaw::kJointImpedance && order.law != DeoxysLaw::kJointPosition) {
    return pose_goal(order, snapshot);
  }
  if (order.is_limp) return std::nullopt;
  Goal goal{.is_joints = true, .q_rad = order.q_rad};
  for (std::size_t i = 0; order.is_delta && i < 7; ++i) goal.q_rad[i] += snapshot.measured.q_rad[i];
  return goal;
}

std::optional<DeoxysSession::Goal> DeoxysSession::pose_goal(const DeoxysOrder& order, const Snapshot& snapshot) {
  const Rotation measured = rotation_of(forward(snapshot.measured.q_rad, config_.tool));
  const std::array<double, 3>& p = snapshot.p_base_tool_m;
  Goal goal{.p_base_m = order.linear, .yaw_rad = 0.0};
  Rotation wanted = rotation_of(order.angular);
  const auto add_measured = [&] {
    for (std::size_t i = 0; i < 3; ++i) goal.p_base_m[i] += p[i];
  };
  switch (order.law) {
    case DeoxysLaw::kOscPose:
      if (order.is_delta) {
        add_measured();
        wanted = multiply(wanted, measured);
      }
      break;
    case DeoxysLaw::kOscPosition:
      add_measured();  // always a delta, and the tool straight down at yaw 0
      wanted = {1, 0, 0, 0, -1, 0, 0, 0, -1};
      break;
    case DeoxysLaw::kOscYaw: {
      add_measured();
      if (!order.is_delta) break;
      const double yaw = yaw_of(measured);
      const double turn = order.angular[2];
      const bool is_at_end = (yaw < kYawMin && turn < 0.0) || (yaw > kYawMax && turn > 0.0);
      wanted = multiply(rotation_of(std::array<double, 3>{0.0, 0.0, yaw + (is_at_end ? 0.0 : turn)}),
                        {1, 0, 0, 0, -1, 0, 0, 0, -1});
      break;
    }
    default:  // kCartesianVelocity: as far as that velocity leads in a moment; every command begins anew
      for (std::size_t i = 0; i < 3; ++i) goal.p_base_m[i] = p[i] + kVelocityHorizonS * clamped(order.linear[i]);
      wanted = multiply(rotation_of(std::array<double, 3>{0.0, 0.0, kVelocityHorizonS * clamped(order.angular[2])}),
                        measured);
      break;
  }
  if (tilt_of(wanted) > kGreatestTiltRad) {
    warn("a goal was refused: the simulated arm keeps its tool pointing down; the arm holds");
    return std::nullopt;
  }
  const bool keeps = order.law == DeoxysLaw::kOscPosition || order.law == DeoxysLaw::kOscYaw;
  if (keeps && goal_ && largest_step(goal.p_base_m, goal_->p_base_m) < kKeepGoalM) goal.p_base_m = goal_->p_base_m;
  goal.yaw_rad = yaw_of(wanted);
  return goal;
}

void DeoxysSession::begin(DeoxysLaw law) {
  law_ = law;
  had_lease_ = false;
  goal_.reset();
}

void DeoxysSession::end(const std::string& why) {
  law_ = DeoxysLaw::kNone;
  has_ended_ = true;
  goal_.reset();
  warn("the deoxys session has ended: " + why + "; it begins anew with NO_CONTROL");
}

std::string DeoxysSession::arm_state() {
  const Snapshot snapshot = port_.snapshot();
  return deoxys_arm_state(snapshot, config_.tool, law_ != DeoxysLaw::kNone && is_mine(snapshot), ++frame_);
}

std::string DeoxysSession::gripper_state() const { return deoxys_gripper_state(port_.snapshot()); }

Command DeoxysSession::command(CommandKind kind, std::int64_t received_ns) {
  Command command;
  command.kind = kind;
  command.session = session_;
  command.id = kind == CommandKind::kHeartbeat ? 0 : ++last_id_;
  command.received_ns = received_ns;
  return command;
}

void DeoxysSession::warn(const std::string& what) {
  if (what == last_warning_) return;
  last_warning_ = what;
  port_.warn(what);
}

}  // namespace cliport

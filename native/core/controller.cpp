#include "cliport/controller.hpp"

#include <algorithm>

#include "controller_state.hpp"

namespace cliport {

Controller::State::State(const ControllerConfig& given, const Joints& q_rad)
    : config(given),
      loaded(together(given.tool_load, given.held_load)),
      newest(initial(given, q_rad)),
      motion(line_limits(given), given.joint_limits, given.cycle_s, q_rad) {}

void Controller::State::cycle(std::int64_t time_ns, const Measured& now_measured) {
  now_ns = time_ns;
  measured = now_measured;
  measured.contact = measured.contact || force_n() > config.contact_force_n;
  stepped = false;
  watch_measured();
  take_stops();
  take_commands();
  finish_clearing();
  watch_heartbeat();
  move();
  if (!stepped) motion.rest();
  still_cycles = stepped ? 0 : std::min(still_cycles + 1, kSettling);
  refer();
  publish();
}

bool Controller::State::is_latched() const {
  return mode == Mode::kStopping || mode == Mode::kStopped || mode == Mode::kFault;
}

void Controller::State::enter(Mode next, Reason why) {
  mode = next;
  tell(EventKind::kMode, lease, running ? plan.id : 0, why, false);
}

void Controller::State::answer(EventKind kind, const Command& command, Reason why) {
  tell(kind, command.session, command.id, why, false);
}

void Controller::State::tell(EventKind kind, std::uint64_t session, std::uint64_t id, Reason why, bool contact) {
  // Never full: kEventReserve is far more than one cycle tells after the last command was taken.
  events.push({
      .sequence = ++sequence,
      .stamp_ns = now_ns,
      .kind = kind,
      .session = session,
      .command_id = id,
      .segment = running ? segment : 0,
      .contact = contact,
      .end_effector = {.holding = measured.holding, .grasp_commanded = grasp, .width_m = measured.width_m},
      .reason = why,
      .mode = mode,
      .p_base_m = tool_position(motion.q_rad(), config.tool),
  });
}

void Controller::State::refer() {
  reference.q_rad = motion.q_rad();
  reference.dq_radps = motion.dq_radps();
  reference.grasp = grasp;
  reference.drive = mode == Mode::kArmed || mode == Mode::kMoving || mode == Mode::kStopping || motion.travelling() ||
                    still_cycles < kSettling;
  reference.load = grasp && measured.holding ? loaded : config.tool_load;
}

void Controller::State::publish() {
  const Transform T = forward(measured.q_rad, config.tool);
  newest.store({
      .stamp_ns = now_ns,
      .mode = mode,
      .reason = reason,
      .lease_session = lease,
      .command_id = running ? plan.id : 0,
      .segment = running ? segment : 0,
      .measured = measured,
      .reference = reference,
      .p_base_tool_m = {T[3], T[7], T[11]},
      .yaw_rad = yaw_of(T),
  });
}

Snapshot Controller::State::initial(const ControllerConfig& config, const Joints& q_rad) {
  const Transform T = forward(q_rad, config.tool);
  Snapshot snapshot;
  snapshot.measured.q_rad = q_rad;
  snapshot.reference.q_rad = q_rad;
  snapshot.p_base_tool_m = {T[3], T[7], T[11]};
  snapshot.yaw_rad = yaw_of(T);
  return snapshot;
}

Controller::Controller(const ControllerConfig& config, const Joints& q_rad) {
  check_config(config, q_rad);
  state_ = std::make_unique<State>(config, q_rad);
}

Controller::~Controller() = default;

bool Controller::post(const Command& command) {
  const std::uint64_t stops = state_->stops_posted.load(std::memory_order_relaxed);
  if (command.kind == CommandKind::kStop) {
    const bool answered = state_->stops.push({command.session, command.id});
    state_->stops_posted.store(stops + 1, std::memory_order_release);
    return answered;
  }
  Posted posted{.command = command, .stops_before = stops};
  if (command.kind == CommandKind::kPlan) {
    posted.from_rad = state_->newest.load().reference.q_rad;
    posted.content = check_plan(command, posted.from_rad, state_->config, &posted.blended);
  }
  return state_->commands.push(posted);
}

bool Controller::poll(Event& event) {
  const Event* oldest = state_->events.front();
  if (oldest == nullptr) return false;
  event = *oldest;
  state_->events.pop();
  return true;
}

Snapshot Controller::snapshot() const { return state_->newest.load(); }

void Controller::cycle(std::int64_t now_ns, const Measured& measured, Reference& reference) {
  state_->cycle(now_ns, measured);
  reference = state_->reference;
}

}  // namespace cliport

#include "franka/arm.hpp"

#include <franka/exception.h>
#include <franka/lowpass_filter.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "cliport/impedance.hpp"
#include "cliport/ring.hpp"
#include "franka/realtime_guard.hpp"
#include "franka/translate.hpp"

namespace cliport::fci {
namespace {

/// See arm.hpp: watching and driving are both kLive.
enum class Phase : std::uint8_t { kLive, kBusy, kLost };

constexpr std::chrono::milliseconds kStandInPeriod{1};
constexpr std::chrono::milliseconds kLostPeriod{5};
// Beginning a motion, setting a load or recovering takes well under this; a robot that takes longer is gone.
constexpr std::int64_t kLongestBusyNs = 8'000'000'000;
// The first cycles say nothing about the share of the last hundred.
constexpr std::uint64_t kSuccessRateCycles = 100;

}  // namespace

struct Arm::State {
  State(const Settings& given, const ControllerConfig& controller_config, Clock given_clock, Warn given_warn)
      : settings(given),
        config(controller_config),
        clock(std::move(given_clock)),
        warn(std::move(given_warn)),
        connection(connect(given, controller_config)),
        impedance(given.impedance),
        seen(measured_of(connection.state)) {
    reference.q_rad = connection.state.q;
    commanded = reference;
    tell_warnings();
  }

  // ---- either thread ----

  /// One cycle, unless the other thread is in the middle of one: then `answer` stays as it is. Wait-free.
  void cycle(Measured measured, Reference& answer) {
    if (cycling.test_and_set(std::memory_order_acquire)) return;
    if (end_effector != nullptr) {
      measured.holding = end_effector->holding();
      measured.width_m = end_effector->width_m();
    }
    // What is held has changed, and so may the load: for this one cycle nothing new begins, so that a motion of the
    // robot's can end at rest and the load be set.
    if (measured.holding != held) measured.following = false;
    held = measured.holding;
    if (measured.fault == Reason::kNone) measured.fault = broken.load(std::memory_order_relaxed);
    const std::int64_t now_ns = clock();
    controller->cycle(now_ns, measured, reference);
    if (end_effector != nullptr) end_effector->command(reference.grasp);
    answer = reference;
    if (observe) observe(now_ns, measured, reference);
    cycling.clear(std::memory_order_release);
  }

  /// Cycles while the control thread cannot.
  void stand_in() {
    Reference unused;
    while (!run_ended.load(std::memory_order_relaxed)) {
      std::this_thread::sleep_for(kStandInPeriod);
      const Phase now_phase = phase.load(std::memory_order_acquire);
      const std::int64_t since_state_ns = clock() - heard_ns.load(std::memory_order_relaxed);
      if (now_phase == Phase::kLive && since_state_ns <= settings.state_timeout_ns) continue;
      Measured measured = seen.load();
      measured.following = false;
      measured.elapsed_cycles = 1;
      measured.dq_radps.fill(0.0);
      if (now_phase == Phase::kLive || since_state_ns > kLongestBusyNs) measured.fault = Reason::kRobotLost;
      cycle(measured, unused);
    }
  }

  // ---- the control thread ----

  void run(Controller& given_controller, EndEffectorThread* given_end_effector, const std::atomic<bool>& given_ending,
           Observe given_observe) {
    observe = std::move(given_observe);
    controller = &given_controller;
    end_effector = given_end_effector;
    ending = &given_ending;
    run_ended = false;
    if (!guard_realtime()) warn("the system does not limit how long a real-time thread may run without sleeping");
    become(Phase::kBusy);
    std::thread stand_in_thread([this] { stand_in(); });
    while (!given_ending) {
      try {
        turn();
      } catch (const ::franka::ControlException& error) {
        motion_ended(error.what());
      } catch (const ::franka::CommandException& error) {
        fail(error.what());
      } catch (const ::franka::RealtimeException& error) {
        fail(error.what());
      } catch (const std::exception& error) {  // network, protocol
        lose(error.what());
      }
    }
    become(Phase::kLost);
    run_ended = true;
    stand_in_thread.join();
  }

  void turn() {
    if (!catch_up()) return std::this_thread::sleep_for(kStandInPeriod);
    if (commanded.recoveries != recoveries_begun) return recover(commanded.recoveries);
    if (!connection.robot) return std::this_thread::sleep_for(kLostPeriod);
    if (broken.load() != Reason::kNone || fault_of(connection.state) != Reason::kNone) return watch();
    if (commanded.load != connection.load) return change_load(commanded.load);
    commanded.drive ? drive() : watch();
  }

  /// To the newest cycle, which may have been the other thread's. @return false when that thread is in the middle of
  /// one: it may have the lower priority and the same core, so nobody spins until it has ended
  bool catch_up() {
    if (cycling.test_and_set(std::memory_order_acquire)) return false;
    commanded = reference;
    cycling.clear(std::memory_order_release);
    return true;
  }

  void become(Phase next) {
    heard_ns.store(clock(), std::memory_order_relaxed);
    phase.store(next, std::memory_order_release);
  }

  /// What one state says. Allocates nothing while the robot reports no error.
  Measured take(const ::franka::RobotState& state) {
    become(Phase::kLive);
    Measured measured = measured_of(state);
    measured.following = false;
    if (settings.drive == Drive::kPosition) {
      measured.q_d_rad = state.q_d;
      measured.has_q_d = true;
    }
    return measured;
  }

  bool is_at_rest() const {
    return std::all_of(commanded.dq_radps.begin(), commanded.dq_radps.end(), [](double dq) { return dq == 0.0; });
  }

  /// Something other than what is being done is due.
  bool is_due(const Reference& wanted) const {
    return ending->load(std::memory_order_relaxed) || wanted.recoveries != recoveries_begun ||
           (wanted.load != connection.load && is_at_rest());
  }

  void watch() {
    connection.robot->read([this](const ::franka::RobotState& state) {
      connection.state = state;
      const Measured measured = take(state);
      seen.store(measured);
      cycle(measured, commanded);
      const bool sound = measured.fault == Reason::kNone && broken.load(std::memory_order_relaxed) == Reason::kNone;
      const bool stays =
          !(sound ? commanded.drive || is_due(commanded) : *ending || commanded.recoveries != recoveries_begun);
      if (!stays) become(Phase::kBusy);
      return stays;
    });
  }

  /// Runs inside libfranka's control loop.
  void drive_cycle(const ::franka::RobotState& state, ::franka::Duration period) {
    Measured measured = take(state);
    measured.following = true;
    // 0 in the first cycle of a motion, in which nothing moves yet.
    const std::uint64_t elapsed = std::clamp<std::uint64_t>(period.toMSec(), 1, 255);
    measured.elapsed_cycles = static_cast<std::uint8_t>(elapsed);
    seen.store(measured);
    cycle(measured, commanded);
    count(elapsed, state.control_command_success_rate);
  }

  /// To be asked after drive_cycle. The motion ends at rest, which the controller sees to.
  bool is_motion_over() {
    const bool over = !commanded.drive || is_due(commanded);
    if (over) become(Phase::kBusy);
    return over;
  }

  void drive() {
    become(Phase::kBusy);
    driven_here = 0;
    settings.drive == Drive::kTorque ? drive_torques() : drive_positions();
    connection.state = connection.robot->readOnce();
  }

  void drive_torques() {
    impedance.reset({});
    connection.robot->control([this](const ::franka::RobotState& state, ::franka::Duration period) {
      drive_cycle(state, period);
      const Joints coriolis_nm = connection.model ? connection.model->coriolis(state) : Joints{};
      ::franka::Torques torques(impedance.torques(commanded.q_rad, commanded.dq_radps, state.q, state.dq, coriolis_nm));
      torques.motion_finished = is_motion_over();
      return torques;
    });
  }

  void drive_positions() {
    // Neither limiter nor filter: they would change what the controller believes to have commanded.
    connection.robot->control(
        [this](const ::franka::RobotState& state, ::franka::Duration period) {
          drive_cycle(state, period);
          ::franka::JointPositions positions(commanded.q_rad);
          positions.motion_finished = is_motion_over();
          return positions;
        },
        ::franka::ControllerMode::kJointImpedance, false, ::franka::kMaxCutoffFrequency);
  }

  void count(std::uint64_t elapsed, double success_rate) {
    ++report.driven;
    report.lost += elapsed - 1;
    report.longest_lost = std::max(report.longest_lost, elapsed - 1);
    if (++driven_here > kSuccessRateCycles) {
      report.least_success_rate = std::min(report.least_success_rate, success_rate);
    }
  }

  void change_load(const Load& load) {
    become(Phase::kBusy);
    set_load(*connection.robot, load);
    connection.load = load;
  }

  // ---- what goes wrong ----

  /// A motion that the robot ended, or refused to begin. Nothing is driven until a person recovers it, even if the
  /// robot is sound again by itself: a stop button that was pressed and released, for example.
  void motion_ended(const char* what) {
    become(Phase::kBusy);
    warn(what);
    try {
      connection.state = connection.robot->readOnce();
    } catch (const std::exception& error) {
      return lose(error.what());
    }
    Measured measured = measured_of(connection.state);
    if (measured.fault == Reason::kNone) measured.fault = reason_in(what);
    if (measured.fault == Reason::kNone) measured.fault = Reason::kRobotFailed;
    broken = measured.fault;
    seen.store(measured);
  }

  /// A request that the robot refused. A recovery that was refused is used up: it takes another clear.
  void fail(const char* what) {
    become(Phase::kBusy);
    warn(what);
    if (broken == Reason::kNone) broken = Reason::kRobotFailed;
  }

  void lose(const char* what) {
    become(Phase::kLost);
    warn(what);
    broken = Reason::kRobotLost;
    connection.robot.reset();
  }

  /// A person has asked for it: connect again, or recover from the robot's errors. One try.
  void recover(std::uint32_t asked) {
    recoveries_begun = asked;
    become(connection.robot ? Phase::kBusy : Phase::kLost);
    if (!connection.robot) {
      try {
        connection = connect(settings, config);
      } catch (const ConnectError& error) {
        return warn(error.what());
      }
      become(Phase::kBusy);
      tell_warnings();
    } else {
      connection.state = connection.robot->readOnce();
    }
    if (fault_of(connection.state) != Reason::kNone) connection.robot->automaticErrorRecovery();
    if (!connection.is_set_up) set_up(connection, settings, config);
    connection.state = connection.robot->readOnce();
    Measured measured = measured_of(connection.state);
    measured.following = false;
    seen.store(measured);
    broken = Reason::kNone;
  }

  void tell_warnings() {
    for (const std::string& warning : connection.warnings) warn(warning);
    connection.warnings.clear();
  }

  const Settings settings;
  const ControllerConfig config;
  const Clock clock;
  const Warn warn;

  // Set by run() before the second thread starts.
  Controller* controller = nullptr;
  EndEffectorThread* end_effector = nullptr;
  const std::atomic<bool>* ending = nullptr;
  Observe observe;

  // The control thread's.
  Connection connection;
  JointImpedance impedance;
  Reference commanded;  // of its newest cycle
  std::uint32_t recoveries_begun = 0;
  std::uint64_t driven_here = 0;
  CycleReport report;

  // Whoever holds `cycling`: neither thread waits for it.
  Reference reference;
  bool held = false;
  std::atomic_flag cycling = ATOMIC_FLAG_INIT;

  // Between the threads.
  Latest<Measured> seen;
  std::atomic<Phase> phase{Phase::kBusy};
  std::atomic<std::int64_t> heard_ns{0};
  std::atomic<Reason> broken{Reason::kNone};  // beyond what the robot's states say
  std::atomic<bool> run_ended{false};
};

Arm::Arm(const Settings& settings, const ControllerConfig& config, Clock clock, Warn warn)
    : state_(std::make_unique<State>(settings, config, std::move(clock), std::move(warn))) {}

Arm::~Arm() = default;

const Joints& Arm::q_rad() const { return state_->connection.state.q; }

void Arm::run(Controller& controller, EndEffectorThread* end_effector, const std::atomic<bool>& ending,
              Observe observe) {
  state_->run(controller, end_effector, ending, std::move(observe));
}

CycleReport Arm::report() const { return state_->report; }

}  // namespace cliport::fci

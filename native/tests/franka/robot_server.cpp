#include "robot_server.hpp"

#include <research_interface/robot/service_types.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "error_names.hpp"
#include "requests.hpp"
#include "sockets.hpp"

namespace cliport::fci {

namespace ri = research_interface::robot;
using SteadyClock = std::chrono::steady_clock;

namespace {

constexpr std::int64_t kLookUs = 20'000;         // between looks at whether to end
constexpr std::int64_t kPatienceUs = 5'000'000;  // for a command, in steady time
constexpr int kFirstCommandMs = 2000;            // from the start of a motion to its first command

std::array<double, 16> column_major(const Transform& T) {
  std::array<double, 16> columns;
  for (std::size_t row = 0; row < 4; ++row) {
    for (std::size_t column = 0; column < 4; ++column) columns[column * 4 + row] = T[row * 4 + column];
  }
  return columns;
}

/// A * B of column-major transforms.
std::array<double, 16> product(const std::array<double, 16>& A, const std::array<double, 16>& B) {
  std::array<double, 16> C{};
  for (std::size_t column = 0; column < 4; ++column) {
    for (std::size_t row = 0; row < 4; ++row) {
      for (std::size_t k = 0; k < 4; ++k) C[column * 4 + row] += A[k * 4 + row] * B[column * 4 + k];
    }
  }
  return C;
}

constexpr std::array<double, 16> kIdentity{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};

}  // namespace

struct RobotServer::State {
  explicit State(const RobotServerOptions& given)
      : options(given),
        listener(listen_on(given.address, ri::kCommandPort)),
        body(given.body, given.q_rad),
        rules(given.body.limits) {
    q_d = given.q_rad;
    message.F_T_NE = column_major(nominal_tool());  // what Desk calls the end effector's nominal frame
    message.NE_T_EE = kIdentity;
    message.EE_T_K = kIdentity;
    message.m_ee = 0.73;
    message.robot_mode = ri::RobotMode::kIdle;
    message.motion_generator_mode = ri::MotionGeneratorMode::kIdle;
    message.controller_mode = ri::ControllerMode::kOther;
    lower_force.fill(10.0);
    upper_force.fill(10.0);
    lower_torque.fill(10.0);
    upper_torque.fill(10.0);
    thread = std::thread([this] { run(); });
  }

  ~State() {
    ending = true;
    thread.join();
  }

  /// The configured tool in the flange's frame.
  Transform nominal_tool() const {
    const double c = std::cos(options.body.tool.flange_to_tcp_yaw_rad);
    const double s = std::sin(options.body.tool.flange_to_tcp_yaw_rad);
    return {c, -s, 0, 0, s, c, 0, 0, 0, 0, 1, options.body.tool.flange_to_tcp_m, 0, 0, 0, 1};
  }

  void run() {
    while (!ending) {
      sockaddr_in client{};
      tcp = accept_from(listener, kLookUs, client);
      if (!tcp) continue;
      peer = client;
      serve();
      // Reset rather than a goodbye: what a dead computer, or its kernel, answers.
      const linger reset{1, 0};
      setsockopt(tcp.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      tcp.close();
      udp.close();
      const std::lock_guard lock(mutex);
      end_motion();
    }
  }

  void serve() {
    requests = RequestReader();
    unsent.clear();
    auto next = SteadyClock::now();
    while (!ending) {
      if (cable_out && udp) {
        live_alone();
        next = SteadyClock::now();
        continue;
      }
      if (!answer_requests(0)) return;
      if (!unsent.empty()) send({});
      if (!udp) {
        tcp.readable(kLookUs);
        next = SteadyClock::now();
        continue;
      }
      send_state();
      next =
          std::max(next + std::chrono::microseconds(options.period_us), options.punctual ? next : SteadyClock::now());
      if (!await_command(next)) return;
      const std::lock_guard lock(mutex);
      advance();
    }
  }

  /// A millisecond with the cable out: nothing comes, nothing leaves, and what TCP has to say waits.
  void live_alone() {
    std::this_thread::sleep_for(std::chrono::microseconds(options.period_us));
    command.reset();
    const std::lock_guard lock(mutex);
    advance();
  }

  /// Over TCP, which delivers late rather than never.
  void send(std::span<const std::uint8_t> bytes) {
    unsent.insert(unsent.end(), bytes.begin(), bytes.end());
    if (cable_out) return;
    tcp.send(unsent);
    unsent.clear();
  }

  // ---- TCP ----

  /// @return false at the client's end
  bool answer_requests(std::int64_t timeout_us) {
    if (!requests.read(tcp, timeout_us)) return false;
    while (const std::optional<Request> request = requests.next()) {
      const std::lock_guard lock(mutex);
      answer(*request);
    }
    return true;
  }

  template <typename T>
  void reply(const Request& request, const typename T::Response& response) {
    const typename T::template Message<typename T::Response> bytes(
        ri::CommandHeader(T::kCommand, request.header.command_id,
                          sizeof(typename T::template Message<typename T::Response>)),
        response);
    send({reinterpret_cast<const std::uint8_t*>(&bytes), sizeof bytes});
  }

  void answer(const Request& request) {
    switch (request.header.command) {
      case ri::Command::kConnect:
        return connect(request);
      case ri::Command::kMove:
        return start_move(request);
      case ri::Command::kStopMove:
        ++received.stops;
        if (!is_moving()) return refuse<ri::StopMove>(request);
        end_motion();
        reply_move(ri::Move::Status::kPreempted);
        return reply<ri::StopMove>(request, ri::StopMove::Response(ri::StopMove::Status::kSuccess));
      case ri::Command::kAutomaticErrorRecovery:
        return recover(request);
      case ri::Command::kSetCollisionBehavior:
        return set<ri::SetCollisionBehavior>(request, [this](const ri::SetCollisionBehavior::Request& given) {
          std::copy_n(given.lower_torque_thresholds_nominal.begin(), 7, lower_torque.begin());
          std::copy_n(given.upper_torque_thresholds_nominal.begin(), 7, upper_torque.begin());
          std::copy_n(given.lower_force_thresholds_nominal.begin(), 6, lower_force.begin());
          std::copy_n(given.upper_force_thresholds_nominal.begin(), 6, upper_force.begin());
          received.upper_force_n = upper_force;
        });
      case ri::Command::kSetJointImpedance:
        return set<ri::SetJointImpedance>(request, [this](const ri::SetJointImpedance::Request& given) {
          std::copy_n(given.K_theta.begin(), 7, received.joint_stiffness.begin());
        });
      case ri::Command::kSetCartesianImpedance:
        return set<ri::SetCartesianImpedance>(request, [](const auto&) {});
      case ri::Command::kSetGuidingMode:
        return set<ri::SetGuidingMode>(request, [](const auto&) {});
      case ri::Command::kSetEEToK:
        return set<ri::SetEEToK>(request,
                                 [this](const ri::SetEEToK::Request& given) { message.EE_T_K = given.EE_T_K; });
      case ri::Command::kSetNEToEE:
        return set<ri::SetNEToEE>(request, [this](const ri::SetNEToEE::Request& given) {
          message.NE_T_EE = given.NE_T_EE;
          received.NE_T_EE = given.NE_T_EE;
        });
      case ri::Command::kSetLoad:
        return set<ri::SetLoad>(request, [this](const ri::SetLoad::Request& given) {
          message.m_load = given.m_load;
          message.F_x_Cload = given.F_x_Cload;
          message.I_load = given.I_load;
          received.load_kg = given.m_load;
          ++received.loads;
        });
      case ri::Command::kSetFilters:
        return set<ri::SetFilters>(request, [](const auto&) {});
      case ri::Command::kGetCartesianLimit:
        return reply<ri::GetCartesianLimit>(request,
                                            ri::GetCartesianLimit::Response(ri::GetCartesianLimit::Status::kSuccess));
      case ri::Command::kLoadModelLibrary:
        return give_model(request);
    }
  }

  void connect(const Request& request) {
    ++received.connects;
    // Not parsed as a Connect::Request: a client of another version still sends these two numbers.
    std::uint16_t version = 0;
    std::uint16_t port = 0;
    std::memcpy(&version, request.payload.data(), sizeof version);
    std::memcpy(&port, request.payload.data() + sizeof version, sizeof port);
    const bool same = version == options.version;
#pragma pack(push, 1)
    struct {
      ri::CommandHeader header;
      ri::Connect::Status status;
      std::uint16_t version;
    } answer{{ri::Command::kConnect, request.header.command_id, sizeof answer},
             same ? ri::Connect::Status::kSuccess : ri::Connect::Status::kIncompatibleLibraryVersion,
             options.version};
#pragma pack(pop)
    send({reinterpret_cast<const std::uint8_t*>(&answer), sizeof answer});
    if (same) udp = datagrams_to(options.address, peer, port);
  }

  /// Settings and recovery are refused while a motion runs, as on the robot.
  template <typename T, typename Apply>
  void set(const Request& request, Apply apply) {
    if (is_moving()) return refuse<T>(request);
    const auto* typed = reinterpret_cast<const typename T::Request*>(request.payload.data());
    if (request.payload.size() != sizeof(typename T::Request)) {
      return reply<T>(request, typename T::Response(T::Status::kInvalidArgumentRejected));
    }
    apply(*typed);
    reply<T>(request, typename T::Response(T::Status::kSuccess));
  }

  template <typename T>
  void refuse(const Request& request) {
    reply<T>(request, typename T::Response(T::Status::kCommandNotPossibleRejected));
  }

  void give_model(const Request& request) {
    std::ifstream file(options.model_library, std::ios::binary);
    const std::vector<char> library{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (options.model_library.empty() || library.empty()) {
      return reply<ri::LoadModelLibrary>(request, ri::LoadModelLibrary::Response(ri::LoadModelLibrary::Status::kError));
    }
    using Message = ri::LoadModelLibrary::Message<ri::LoadModelLibrary::Response>;
    const Message head({ri::Command::kLoadModelLibrary, request.header.command_id,
                        static_cast<std::uint32_t>(sizeof(Message) + library.size())},
                       ri::LoadModelLibrary::Response(ri::LoadModelLibrary::Status::kSuccess));
    std::vector<std::uint8_t> bytes(sizeof head + library.size());
    std::memcpy(bytes.data(), &head, sizeof head);
    std::memcpy(bytes.data() + sizeof head, library.data(), library.size());
    send(bytes);
  }

  void start_move(const Request& request) {
    if (is_moving() || message.robot_mode != ri::RobotMode::kIdle) return refuse<ri::Move>(request);
    ++received.moves;
    const auto& move = *reinterpret_cast<const ri::Move::Request*>(request.payload.data());
    move_request = request;
    message.motion_generator_mode = static_cast<ri::MotionGeneratorMode>(
        static_cast<std::uint32_t>(move.motion_generator_mode) + 1);  // kIdle comes first in the state's
    message.controller_mode = static_cast<ri::ControllerMode>(move.controller_mode);
    message.robot_mode = ri::RobotMode::kMove;
    rules.begin(q_d);
    torque.fill(0.0);
    commanded = false;
    lost_in_a_row = 0;
    moving_ms = 0;
    reply<ri::Move>(request, ri::Move::Response(ri::Move::Status::kMotionStarted));
  }

  void recover(const Request& request) {
    using Recovery = ri::AutomaticErrorRecovery;
    ++received.recoveries;
    if (is_moving()) return refuse<Recovery>(request);
    if (message.robot_mode == ri::RobotMode::kUserStopped) {
      return reply<Recovery>(request, Recovery::Response(Recovery::Status::kEmergencyAborted));
    }
    if (!options.recovers) {
      return reply<Recovery>(request, Recovery::Response(Recovery::Status::kManualErrorRecoveryRequiredRejected));
    }
    message.errors.fill(false);
    message.reflex_reason.fill(false);
    message.robot_mode = ri::RobotMode::kIdle;
    reply<Recovery>(request, Recovery::Response(Recovery::Status::kSuccess));
  }

  // ---- motion ----

  bool is_moving() const { return message.robot_mode == ri::RobotMode::kMove; }

  void end_motion() {
    if (!is_moving()) return;
    message.robot_mode = ri::RobotMode::kIdle;
    message.motion_generator_mode = ri::MotionGeneratorMode::kIdle;
    message.controller_mode = ri::ControllerMode::kOther;
    q_d = body.q_rad();  // held where it is
  }

  void reply_move(ri::Move::Status status) { reply<ri::Move>(move_request, ri::Move::Response(status)); }

  /// The robot takes over: it brakes and waits for a person.
  void abort(std::size_t error) {
    message.errors[error] = true;
    message.reflex_reason[error] = true;
    const bool was_moving = is_moving();
    end_motion();
    message.robot_mode = ri::RobotMode::kReflex;
    if (was_moving) reply_move(ri::Move::Status::kReflexAborted);
  }

  // ---- one millisecond ----

  void send_state() {
    const std::lock_guard lock(mutex);
    ++message.message_id;
    message.q = body.q_rad();
    message.dq = body.dq_radps();
    message.theta = body.q_rad();
    message.dtheta = body.dq_radps();
    message.q_d = q_d;
    const bool position = message.motion_generator_mode == ri::MotionGeneratorMode::kJointPosition;
    message.dq_d = position ? rules.dq_radps() : Joints{};
    message.ddq_d = position ? rules.ddq_radps2() : Joints{};
    message.tau_J_d = torque;
    message.tau_ext_hat_filtered = body.external_torque_nm();
    const std::array<double, 3>& force = body.external_force_n();
    message.O_F_ext_hat_K = {force[0], force[1], force[2], 0.0, 0.0, 0.0};
    message.F_T_EE = product(message.F_T_NE, message.NE_T_EE);
    message.O_T_EE = product(column_major(link_transforms(body.q_rad()).back()), message.F_T_EE);
    message.O_T_EE[14] += options.kinematics_off_m;
    message.O_T_EE_d = message.O_T_EE;
    message.O_T_EE_c = message.O_T_EE;
    message.elbow = {message.q[2], message.q[3] > 0 ? 1.0 : -1.0};
    message.control_command_success_rate = is_moving() ? 1.0 - lost_in_a_row / 100.0 : 0.0;
    udp.send({reinterpret_cast<const std::uint8_t*>(&message), sizeof message});
  }

  /// Waits for the answer to the state just sent, or for the end of the millisecond. @return false at the client's end
  bool await_command(SteadyClock::time_point until) {
    command.reset();
    const auto patience = SteadyClock::now() + std::chrono::microseconds(kPatienceUs);
    for (;;) {
      std::array<std::uint8_t, 2 * sizeof(ri::RobotCommand)> bytes;
      while (udp.receive(bytes) == static_cast<ssize_t>(sizeof(ri::RobotCommand))) {
        ri::RobotCommand arrived;
        std::memcpy(static_cast<void*>(&arrived), bytes.data(), sizeof arrived);
        if (arrived.message_id == message.message_id) command = arrived;
      }
      const auto now = SteadyClock::now();
      const bool due = now >= until;
      const bool lockstep = is_moving() && commanded && !options.punctual;
      if (due && (!lockstep || command || now >= patience || ending || cable_out)) return true;
      if (!due && command) {
        std::this_thread::sleep_until(until);
        return true;
      }
      pollfd items[2] = {{tcp.fd(), POLLIN, 0}, {udp.fd(), POLLIN, 0}};
      const auto wait =
          due ? std::chrono::microseconds(kLookUs) : std::chrono::duration_cast<std::chrono::microseconds>(until - now);
      const timespec timeout{0, std::max<long>(1, wait.count()) * 1000};
      ppoll(items, 2, &timeout, nullptr);
      if (items[0].revents != 0 && !answer_requests(0)) return false;
    }
  }

  void advance() {
    if (user_stopped && message.robot_mode != ri::RobotMode::kUserStopped) {
      const bool was_moving = is_moving();
      end_motion();
      message.robot_mode = ri::RobotMode::kUserStopped;
      if (was_moving) reply_move(ri::Move::Status::kEmergencyAborted);
    }
    if (!user_stopped && message.robot_mode == ri::RobotMode::kUserStopped) message.robot_mode = ri::RobotMode::kIdle;

    if (is_moving()) {
      follow();
    } else {
      body.step_position(q_d, {});
      torque.fill(0.0);
    }
    watch_contacts();
    for (std::size_t i = 0; i < 7; ++i) {
      received.body_dq_max_radps[i] = std::max(received.body_dq_max_radps[i], std::abs(body.dq_radps()[i]));
      if (std::abs(body.dq_radps()[i]) > options.body.limits.dq_max_radps[i] && is_moving()) {
        return abort(kJointVelocityViolation);
      }
    }
  }

  void follow() {
    ++moving_ms;
    if (command && to_lose > 0) {
      --to_lose;
      command.reset();
    }
    if (!command) {
      if (!commanded) {
        if (moving_ms > kFirstCommandMs) return abort(kCommunication);
        return body.step_position(q_d, {});
      }
      ++received.lost;
      if (++lost_in_a_row >= kLostCyclesMax) return abort(kCommunication);
      return extrapolate();
    }
    commanded = true;
    lost_in_a_row = 0;
    ++received.commands;
    const bool finished = command->motion.motion_generation_finished;
    if (const std::optional<ErrorIndex> violation = obey(finished)) return abort(*violation);
    if (!finished) return;
    ++received.motions_finished;
    end_motion();
    reply_move(ri::Move::Status::kSuccess);
  }

  std::optional<ErrorIndex> obey(bool finished) {
    if (message.controller_mode == ri::ControllerMode::kExternalController) {
      torque = command->control.tau_J_d;
      std::optional<ErrorIndex> violation = rules.check_torque(torque);
      if (!violation) violation = rules.check_velocity(command->motion.dq_c, finished);
      if (!violation) body.step_torque(torque);
      return violation;
    }
    const std::optional<ErrorIndex> violation = rules.check_position(command->motion.q_c, finished);
    if (violation) return violation;
    q_d = rules.q_rad();
    body.step_position(q_d, rules.dq_radps());
    return std::nullopt;
  }

  void extrapolate() {
    if (message.controller_mode == ri::ControllerMode::kExternalController) return body.step_torque(torque);
    q_d = rules.extrapolate_position();
    body.step_position(q_d, rules.dq_radps());
  }

  void watch_contacts() {
    bool reflex_joint = false;
    bool reflex_tool = false;
    for (std::size_t i = 0; i < 7; ++i) {
      const double torque_nm = std::abs(body.external_torque_nm()[i]);
      message.joint_contact[i] = torque_nm > lower_torque[i] ? 1.0 : 0.0;
      message.joint_collision[i] = torque_nm > upper_torque[i] ? 1.0 : 0.0;
      reflex_joint = reflex_joint || torque_nm > upper_torque[i];
    }
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double force_n = std::abs(body.external_force_n()[axis]);
      message.cartesian_contact[axis] = force_n > lower_force[axis] ? 1.0 : 0.0;
      message.cartesian_collision[axis] = force_n > upper_force[axis] ? 1.0 : 0.0;
      reflex_tool = reflex_tool || force_n > upper_force[axis];
    }
    if (message.robot_mode == ri::RobotMode::kReflex || message.robot_mode == ri::RobotMode::kUserStopped) return;
    if (reflex_tool) return abort(kCartesianReflex);
    if (reflex_joint) abort(kJointReflex);
  }

  RobotServerOptions options;
  const Socket listener;
  std::atomic<bool> ending{false};
  std::atomic<bool> cable_out{false};

  // The server's thread.
  Socket tcp;
  Socket udp;
  sockaddr_in peer{};
  RequestReader requests;
  std::vector<std::uint8_t> unsent;
  std::optional<ri::RobotCommand> command;

  mutable std::mutex mutex;
  ri::RobotState message{};
  Received received;
  Body body;
  CommandRules rules;
  Joints q_d{};
  Joints torque{};
  Request move_request;
  bool commanded = false;
  int moving_ms = 0;
  int lost_in_a_row = 0;
  int to_lose = 0;
  bool user_stopped = false;
  Joints lower_torque{}, upper_torque{};
  std::array<double, 6> lower_force{}, upper_force{};

  std::thread thread;
};

RobotServer::RobotServer(const RobotServerOptions& options) : state_(std::make_unique<State>(options)) {}
RobotServer::~RobotServer() = default;

Received RobotServer::received() const {
  const std::lock_guard lock(state_->mutex);
  Received received = state_->received;
  received.extremes = state_->rules.extremes();
  return received;
}

RobotView RobotServer::view() const {
  const std::lock_guard lock(state_->mutex);
  RobotView view{state_->body.q_rad(), state_->body.dq_radps(), state_->is_moving(), "", state_->message.message_id};
  for (std::size_t i = 0; i < kErrors; ++i) {
    if (state_->message.errors[i] && view.error.empty()) view.error = error_name(i);
  }
  return view;
}

void RobotServer::push_joints(const Joints& torque_nm) {
  const std::lock_guard lock(state_->mutex);
  state_->body.push_joints(torque_nm);
}

void RobotServer::push_tool(const std::array<double, 3>& force_n) {
  const std::lock_guard lock(state_->mutex);
  state_->body.push_tool(force_n);
}

void RobotServer::lose_commands(int count) {
  const std::lock_guard lock(state_->mutex);
  state_->to_lose = count;
}

void RobotServer::pull_cable(bool out) { state_->cable_out = out; }

void RobotServer::press_user_stop(bool pressed) {
  const std::lock_guard lock(state_->mutex);
  state_->user_stopped = pressed;
}

void RobotServer::set_recovers(bool recovers) {
  const std::lock_guard lock(state_->mutex);
  state_->options.recovers = recovers;
}

bool RobotServer::wait_until(const std::function<bool(const RobotView&)>& condition) const {
  const auto latest = SteadyClock::now() + std::chrono::seconds(20);
  while (SteadyClock::now() < latest) {
    if (condition(view())) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

}  // namespace cliport::fci

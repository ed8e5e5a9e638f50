#include "robot_server.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>

#include "client.hpp"
#include "error_names.hpp"

namespace cliport::fci {

namespace ri = research_interface::robot;
using SteadyClock = std::chrono::steady_clock;

namespace {

constexpr std::int64_t kLookUs = 20'000;         // between looks at whether to end
constexpr std::int64_t kPatienceUs = 5'000'000;  // for a command, in steady time

}  // namespace

struct RobotServer::State {
  explicit State(const RobotServerOptions& given)
      : options(given), listener(listen_on(given.address, ri::kCommandPort)), robot(given.robot) {
    thread = std::thread([this] { run(); });
  }

  ~State() {
    ending = true;
    thread.join();
  }

  void run() {
    while (!ending) {
      if (!client.arrive(listener, kLookUs)) continue;
      unsent.clear();
      serve();
      client.leave(hanging_up.exchange(false));
      abandon();
    }
  }

  /// A motion whose client is gone ends as one whose commands are lost.
  void abandon() {
    const std::lock_guard lock(mutex);
    while (robot.is_moving()) robot.advance(std::nullopt, unsent);
  }

  void serve() {
    auto next = SteadyClock::now();
    while (!ending && !hanging_up) {
      if (cable_out && client.udp) {
        std::this_thread::sleep_for(std::chrono::microseconds(options.period_us));
        command.reset();
        advance();  // alone: nothing comes, and nothing leaves
        next = SteadyClock::now();
        continue;
      }
      if (!answer_requests()) return;
      flush();
      if (!client.udp) {
        client.tcp.readable(kLookUs);
        next = SteadyClock::now();
        continue;
      }
      send_state();
      next =
          std::max(next + std::chrono::microseconds(options.period_us), options.punctual ? next : SteadyClock::now());
      if (!await_command(next)) return;
      advance();
    }
  }

  void send_state() {
    const std::lock_guard lock(mutex);
    const ri::RobotState& state = robot.next_state();
    client.udp.send({reinterpret_cast<const std::uint8_t*>(&state), sizeof state});
  }

  void advance() {
    const std::lock_guard lock(mutex);
    robot.advance(command, unsent);
    flush();
  }

  /// TCP delivers late rather than never.
  void flush() {
    if (unsent.empty() || cable_out) return;
    client.tcp.send(unsent);
    unsent.clear();
  }

  /// @return false at the client's end
  bool answer_requests() {
    if (!client.requests.read(client.tcp, 0)) return false;
    while (const std::optional<Request> request = client.requests.next()) {
      const std::lock_guard lock(mutex);
      if (request->header.command == ri::Command::kConnect) {
        robot.count_connect();
        client.welcome(*request, options.address, options.version, unsent);
      } else {
        robot.answer(*request, unsent);
      }
      flush();
    }
    return true;
  }

  /// Waits for the answer to the state just sent, or for the end of the millisecond. @return false at the client's end
  bool await_command(SteadyClock::time_point until) {
    command.reset();
    const auto patience = SteadyClock::now() + std::chrono::microseconds(kPatienceUs);
    for (;;) {
      std::array<std::uint8_t, 2 * sizeof(ri::RobotCommand)> bytes;
      while (client.udp.receive(bytes) == static_cast<ssize_t>(sizeof(ri::RobotCommand))) {
        ri::RobotCommand arrived;
        std::memcpy(static_cast<void*>(&arrived), bytes.data(), sizeof arrived);
        if (arrived.message_id == robot.state().message_id) command = arrived;
      }
      const auto now = SteadyClock::now();
      const bool due = now >= until;
      const bool lockstep = robot.is_commanded() && !options.punctual;
      if (due && (!lockstep || command || now >= patience || ending || hanging_up || cable_out)) return true;
      if (!due && command) {
        std::this_thread::sleep_until(until);
        return true;
      }
      pollfd items[2] = {{client.tcp.fd(), POLLIN, 0}, {client.udp.fd(), POLLIN, 0}};
      const auto wait =
          due ? std::chrono::microseconds(kLookUs) : std::chrono::duration_cast<std::chrono::microseconds>(until - now);
      const timespec timeout{0, std::max<long>(1, wait.count()) * 1000};
      ppoll(items, 2, &timeout, nullptr);
      if (items[0].revents != 0 && !answer_requests()) return false;
    }
  }

  const RobotServerOptions options;
  const Socket listener;
  std::atomic<bool> ending{false};
  std::atomic<bool> cable_out{false};
  std::atomic<bool> hanging_up{false};

  // The server's thread.
  ClientOf<ri::Connect> client;
  std::vector<std::uint8_t> unsent;
  std::optional<ri::RobotCommand> command;

  // The server's thread changes it, under the mutex; tests look at it and disturb it, under the mutex.
  mutable std::mutex mutex;
  Robot robot;

  std::thread thread;
};

RobotServer::RobotServer(const RobotServerOptions& options) : state_(std::make_unique<State>(options)) {}
RobotServer::~RobotServer() = default;

Received RobotServer::received() const {
  const std::lock_guard lock(state_->mutex);
  return state_->robot.received();
}

RobotView RobotServer::view() const {
  const std::lock_guard lock(state_->mutex);
  const Robot& robot = state_->robot;
  RobotView view{robot.body().q_rad(), robot.body().dq_radps(), robot.is_moving(), "", robot.state().message_id};
  for (std::size_t i = 0; i < kErrors; ++i) {
    if (robot.state().errors[i] && view.error.empty()) view.error = error_name(i);
  }
  return view;
}

void RobotServer::push_joints(const Joints& torque_nm) {
  const std::lock_guard lock(state_->mutex);
  state_->robot.body().push_joints(torque_nm);
}

void RobotServer::push_tool(const std::array<double, 3>& force_n) {
  const std::lock_guard lock(state_->mutex);
  state_->robot.body().push_tool(force_n);
}

void RobotServer::lose_commands(int count) {
  const std::lock_guard lock(state_->mutex);
  state_->robot.lose_commands(count);
}

void RobotServer::pull_cable(bool out) { state_->cable_out = out; }

void RobotServer::press_user_stop(bool pressed) {
  const std::lock_guard lock(state_->mutex);
  state_->robot.press_user_stop(pressed);
}

void RobotServer::hang_up() { state_->hanging_up = true; }

void RobotServer::set_refuses(bool refuses) {
  const std::lock_guard lock(state_->mutex);
  state_->robot.set_refuses(refuses);
}

void RobotServer::set_recovers(bool recovers) {
  const std::lock_guard lock(state_->mutex);
  state_->robot.set_recovers(recovers);
}

}  // namespace cliport::fci

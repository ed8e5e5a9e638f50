#include "hand_server.hpp"

#include <research_interface/gripper/types.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <mutex>
#include <thread>

#include "client.hpp"

namespace cliport::fci {

namespace ri = research_interface::gripper;
using SteadyClock = std::chrono::steady_clock;

namespace {

constexpr std::int64_t kLookUs = 20'000;  // between looks at whether to end
constexpr std::int64_t kStepUs = 5'000;
constexpr double kHomingMps = 0.05;

using HandRequest = RequestOf<ri::CommandHeader>;

}  // namespace

struct HandServer::State {
  explicit State(const HandServerOptions& given)
      : options(given), listener(listen_on(given.address, ri::kCommandPort)), object_m(given.object_width_m) {
    message.width = given.width_m;
    message.max_width = given.homed ? given.max_width_m : 0.0;
    message.temperature = 30;
    thread = std::thread([this] { run(); });
  }
  ~State() {
    ending = true;
    thread.join();
  }

  void run() {
    while (!ending) {
      if (!client.arrive(listener, kLookUs)) continue;
      auto next = SteadyClock::now();
      while (!ending && client.requests.read(client.tcp, 0)) {
        while (const std::optional<HandRequest> request = client.requests.next()) {
          const std::lock_guard lock(mutex);
          answer(*request);
        }
        {
          const std::lock_guard lock(mutex);
          step();
        }
        std::this_thread::sleep_until(next += std::chrono::microseconds(kStepUs));
      }
      client.leave(false);
      running.reset();
    }
  }

  /// The numbers are those of every command of the hand.
  void reply(const HandRequest& request, ri::Move::Status status) {
    if (hanging) return;
    std::vector<std::uint8_t> answer;
    append_answer(request, answer, status);
    client.tcp.send(answer);
  }

  void end(ri::Move::Status status) {
    if (running) reply(*running, status);
    running.reset();
  }

  void start(const HandRequest& request, double to_m, double speed_mps) {
    end(ri::Move::Status::kAborted);
    running = request;
    target_m = std::clamp(to_m, 0.0, options.max_width_m);
    this->speed_mps = std::max(1e-3, speed_mps);
  }

  void answer(const HandRequest& request) {
    switch (request.header.command) {
      case ri::Command::kConnect: {
        ++received.connects;
        std::vector<std::uint8_t> answer;
        client.welcome(request, options.address, options.version, answer);
        client.tcp.send(answer);
        return;
      }
      case ri::Command::kHoming:
        ++received.homings;
        message.max_width = options.max_width_m;
        message.is_grasped = false;
        return start(request, options.max_width_m, kHomingMps);
      case ri::Command::kMove: {
        ++received.moves;
        const auto* move = request.as<ri::Move::Request>();
        if (move == nullptr) return reply(request, ri::Move::Status::kFail);
        message.is_grasped = false;
        return start(request, move->width, move->speed);
      }
      case ri::Command::kGrasp: {
        ++received.grasps;
        const auto* grasp = request.as<ri::Grasp::Request>();
        if (grasp == nullptr) return reply(request, ri::Move::Status::kFail);
        received.grasp_force_n = grasp->force;
        grasp_width_m = grasp->width;
        inner_m = grasp->epsilon.inner;
        outer_m = grasp->epsilon.outer;
        return start(request, 0.0, grasp->speed);
      }
      case ri::Command::kStop:
        ++received.stops;
        end(ri::Move::Status::kAborted);
        return reply(request, ri::Move::Status::kSuccess);
    }
  }

  void step() {
    if (running && !hanging) {
      const double reach_m = speed_mps * kStepUs * 1e-6 / options.time_scale;
      const double width_m = message.width;  // a copy: the message is packed, and its doubles are not aligned
      const double blocked_m =
          object_m && running->header.command == ri::Command::kGrasp ? std::min(*object_m, width_m) : 0.0;
      const double stop_at_m = std::max(target_m, blocked_m);
      message.width = width_m + std::clamp(stop_at_m - width_m, -reach_m, reach_m);
      if (std::abs(message.width - stop_at_m) < 1e-9) arrive();
    }
    if (!client.udp) return;
    ++message.message_id;
    client.udp.send({reinterpret_cast<const std::uint8_t*>(&message), sizeof message});
  }

  void arrive() {
    if (running->header.command != ri::Command::kGrasp) return end(ri::Move::Status::kSuccess);
    // The hand does not know whether anything is between its fingers: closed empty ones have "grasped" width 0.
    message.is_grasped = message.width >= grasp_width_m - inner_m && message.width <= grasp_width_m + outer_m;
    end(message.is_grasped ? ri::Move::Status::kSuccess : ri::Move::Status::kUnsuccessful);
  }

  const HandServerOptions options;
  const Socket listener;
  std::atomic<bool> ending{false};

  ClientOf<ri::Connect> client;
  std::optional<HandRequest> running;
  double target_m = 0.0;
  double speed_mps = 0.0;
  double grasp_width_m = 0.0, inner_m = 0.0, outer_m = 0.0;

  mutable std::mutex mutex;
  ri::GripperState message{};
  HandReceived received;
  std::optional<double> object_m;
  bool hanging = false;

  std::thread thread;
};

HandServer::HandServer(const HandServerOptions& options) : state_(std::make_unique<State>(options)) {}
HandServer::~HandServer() = default;

HandReceived HandServer::received() const {
  const std::lock_guard lock(state_->mutex);
  return state_->received;
}

HandView HandServer::view() const {
  const std::lock_guard lock(state_->mutex);
  return {state_->message.width, state_->message.is_grasped};
}

void HandServer::put_object(std::optional<double> width_m) {
  const std::lock_guard lock(state_->mutex);
  state_->object_m = width_m;
  if (!width_m) state_->message.is_grasped = false;
}

void HandServer::hang(bool hanging) {
  const std::lock_guard lock(state_->mutex);
  state_->hanging = hanging;
}

}  // namespace cliport::fci

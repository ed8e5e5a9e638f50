#include "cliport/end_effector_thread.hpp"

#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <utility>

namespace cliport {
namespace {

constexpr std::chrono::milliseconds kPause{5};
constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

}  // namespace

EndEffectorThread::EndEffectorThread(EndEffector& end_effector, std::function<void(const std::string&)> warn)
    : end_effector_(end_effector),
      warn_(std::move(warn)),
      width_m_(kNotMeasured),
      worker_([this] { work(); }),
      watcher_([this] { watch(); }) {}

EndEffectorThread::~EndEffectorThread() {
  ending_ = true;
  worker_.join();
  watcher_.join();
}

std::optional<double> EndEffectorThread::width_m() const {
  const double width_m = width_m_.load(std::memory_order_relaxed);
  return std::isnan(width_m) ? std::nullopt : std::optional(width_m);
}

void EndEffectorThread::work() {
  bool done = false;  // open, as every start is
  while (!ending_) {
    const bool commanded = commanded_.load(std::memory_order_acquire);
    if (commanded != done) {
      carry_out(commanded);
      done = commanded;
    }
    look();
    std::this_thread::sleep_for(kPause);  // read() may be as quick as reading a pin
  }
}

void EndEffectorThread::carry_out(bool grasp) {
  doing_.store(grasp ? Doing::kGrasping : Doing::kReleasing, std::memory_order_release);
  try {
    grasp ? end_effector_.grasp() : end_effector_.release();
  } catch (const std::exception& error) {
    warn_(std::string("end effector: ") + (grasp ? "grasp" : "release") + " failed: " + error.what());
  }
  doing_.store(Doing::kNothing, std::memory_order_release);
}

void EndEffectorThread::look() {
  try {
    const EndEffectorReading reading = end_effector_.read();
    width_m_.store(reading.width_m.value_or(kNotMeasured), std::memory_order_relaxed);
    holding_.store(reading.holding, std::memory_order_release);
  } catch (const std::exception& error) {
    // An end effector that cannot be read holds nothing that anybody may rely on.
    width_m_.store(kNotMeasured, std::memory_order_relaxed);
    if (holding_.exchange(false)) warn_(std::string("end effector: its state cannot be read: ") + error.what());
  }
}

void EndEffectorThread::watch() {
  bool told = false;
  while (!ending_ || doing_ != Doing::kNothing) {
    std::this_thread::sleep_for(kPause);
    const Doing doing = doing_.load(std::memory_order_acquire);
    if (doing == Doing::kNothing) continue;
    const bool outdated = commanded_.load(std::memory_order_acquire) != (doing == Doing::kGrasping);
    if (!ending_ && !outdated) continue;
    try {
      end_effector_.stop();
      told = false;
    } catch (const std::exception& error) {
      // Tried again: a hand that does not answer now may answer before its command has ended.
      if (!told) warn_(std::string("end effector: stop failed: ") + error.what());
      told = true;
    }
  }
}

}  // namespace cliport

#include "cliport/gripper.hpp"

#include <chrono>
#include <exception>
#include <utility>

namespace cliport {
namespace {

constexpr std::chrono::milliseconds kPause{5};

}  // namespace

GripperThread::GripperThread(Gripper& gripper, std::function<void(const std::string&)> warn)
    : gripper_(gripper), warn_(std::move(warn)), worker_([this] { work(); }), watcher_([this] { watch(); }) {}

GripperThread::~GripperThread() {
  ending_ = true;
  worker_.join();
  watcher_.join();
}

void GripperThread::work() {
  bool done = false;  // open, as every start is
  while (!ending_) {
    const bool wanted = wanted_.load(std::memory_order_acquire);
    if (wanted != done) {
      carry_out(wanted);
      done = wanted;
    }
    look();
    std::this_thread::sleep_for(kPause);  // holds() may be as quick as reading a pin
  }
}

void GripperThread::carry_out(bool closed) {
  doing_.store(closed ? Doing::kGrasping : Doing::kReleasing, std::memory_order_release);
  try {
    closed ? gripper_.grasp() : gripper_.release();
  } catch (const std::exception& error) {
    warn_(std::string("gripper: ") + (closed ? "grasp" : "release") + " failed: " + error.what());
  }
  doing_.store(Doing::kNothing, std::memory_order_release);
}

void GripperThread::look() {
  try {
    holds_.store(gripper_.holds(), std::memory_order_release);
  } catch (const std::exception& error) {
    // A gripper that cannot be read holds nothing that anybody may rely on.
    if (holds_.exchange(false)) warn_(std::string("gripper: its state cannot be read: ") + error.what());
  }
}

void GripperThread::watch() {
  bool told = false;
  while (!ending_ || doing_ != Doing::kNothing) {
    std::this_thread::sleep_for(kPause);
    const Doing doing = doing_.load(std::memory_order_acquire);
    if (doing == Doing::kNothing) continue;
    const bool outdated = wanted_.load(std::memory_order_acquire) != (doing == Doing::kGrasping);
    if (!ending_ && !outdated) continue;
    try {
      gripper_.stop();
      told = false;
    } catch (const std::exception& error) {
      // Tried again: a hand that does not answer now may answer before its command has ended.
      if (!told) warn_(std::string("gripper: stop failed: ") + error.what());
      told = true;
    }
  }
}

}  // namespace cliport

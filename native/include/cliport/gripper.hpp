// A gripper whose commands block for a second or more, on a thread of its own: the cycle asks and looks, and never
// waits.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace cliport {

/// A vacuum pump or a hand, as its maker's library drives it. Calls block; they may throw what they like.
/// grasp, release and holds come from one thread; stop comes from another while one of them blocks.
class Gripper {
 public:
  virtual ~Gripper() = default;
  /// Until something is held, or the attempt has ended without.
  virtual void grasp() = 0;
  /// Until it is open, or without vacuum.
  virtual void release() = 0;
  /// Makes a grasp or release that blocks return soon.
  virtual void stop() = 0;
  /// Whether something is held. May wait for the gripper's next state, at most 0.1 s.
  virtual bool holds() = 0;
};

/// Carries out what the cycle wants last. A wish that changes while a command blocks stops that command first.
class GripperThread {
 public:
  /// @param warn called on the gripper's thread with what went wrong when a call throws, once for each wish
  /// @param gripper outlives this
  explicit GripperThread(Gripper& gripper, std::function<void(const std::string&)> warn);
  /// Ends a command that blocks; what is held stays held.
  ~GripperThread();
  GripperThread(const GripperThread&) = delete;
  GripperThread& operator=(const GripperThread&) = delete;

  /// Control thread: what Reference::suction asks for. Wait-free.
  void want(bool closed) { wanted_.store(closed, std::memory_order_release); }
  /// Control thread: what Measured::sealed should say. Wait-free.
  bool holds() const { return holds_.load(std::memory_order_acquire); }

 private:
  enum class Doing : int { kNothing, kGrasping, kReleasing };

  void work();
  void watch();
  void carry_out(bool closed);
  void look();

  Gripper& gripper_;
  const std::function<void(const std::string&)> warn_;
  std::atomic<bool> wanted_{false};
  std::atomic<bool> holds_{false};
  std::atomic<bool> ending_{false};
  std::atomic<Doing> doing_{Doing::kNothing};
  std::thread worker_, watcher_;
};

}  // namespace cliport

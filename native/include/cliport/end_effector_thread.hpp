// An end effector whose commands block for a second or more, on a thread of its own: the cycle asks and looks, and
// never waits.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "cliport/end_effector.hpp"

namespace cliport {

/// Carries out the cycle's newest command. A command that changes while the last one blocks stops that one first.
class EndEffectorThread {
 public:
  /// @param warn called on the end effector's thread with what went wrong when a call throws, once for each command
  /// @param end_effector outlives this
  explicit EndEffectorThread(EndEffector& end_effector, std::function<void(const std::string&)> warn);
  /// Ends a command that blocks; what is held stays held.
  ~EndEffectorThread();
  EndEffectorThread(const EndEffectorThread&) = delete;
  EndEffectorThread& operator=(const EndEffectorThread&) = delete;

  /// Control thread: what Reference::grasp asks for. Wait-free.
  void command(bool grasp) { commanded_.store(grasp, std::memory_order_release); }
  /// Control thread: what Measured::holding should say. Wait-free.
  bool holding() const { return holding_.load(std::memory_order_acquire); }
  /// Control thread: what Measured::width_m should say. Wait-free.
  std::optional<double> width_m() const;

 private:
  enum class Doing : int { kNothing, kGrasping, kReleasing };

  void work();
  void watch();
  void carry_out(bool grasp);
  void look();

  EndEffector& end_effector_;
  const std::function<void(const std::string&)> warn_;
  std::atomic<bool> commanded_{false};
  std::atomic<bool> holding_{false};
  std::atomic<double> width_m_;  ///< NaN: not measured
  std::atomic<bool> ending_{false};
  std::atomic<Doing> doing_{Doing::kNothing};
  std::thread worker_, watcher_;
};

}  // namespace cliport

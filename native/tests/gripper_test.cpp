// A blocking gripper on a thread of its own, in simulated time.
#include "sim/gripper.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace cliport {
namespace {

constexpr std::int64_t kMs = 1'000'000;

/// Advances simulated time whenever the gripper waits for it, until something has come true.
void pass_time(sim::VirtualClock& clock, const std::function<bool()>& until) {
  for (int i = 0; i < 2000 && !until(); ++i) {
    clock.advance(10 * kMs);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(until());
}

TEST(GripperThread, GraspsAndReleasesWhileTheCycleNeverWaits) {
  sim::VirtualClock clock;
  sim::Gripper gripper({}, clock);
  gripper.put(true);
  GripperThread thread(gripper, [](const std::string& what) { ADD_FAILURE() << what; });
  thread.want(true);
  clock.wait_for_sleeper();
  EXPECT_FALSE(thread.holds()) << "a grasp takes its time";
  pass_time(clock, [&] { return thread.holds(); });
  EXPECT_GE(clock.now_ns(), 400 * kMs);
  thread.want(false);
  pass_time(clock, [&] { return !thread.holds(); });
}

TEST(GripperThread, AGraspOfNothingHoldsNothing) {
  sim::VirtualClock clock;
  sim::Gripper gripper({}, clock);
  GripperThread thread(gripper, [](const std::string&) {});
  thread.want(true);
  pass_time(clock, [&] { return clock.now_ns() > 1000 * kMs; });
  EXPECT_FALSE(thread.holds());
}

TEST(GripperThread, AWishThatChangesEndsTheCommandThatBlocks) {
  sim::VirtualClock clock;
  sim::Gripper gripper({.grasp_s = 1e6, .release_s = 0.01}, clock);
  gripper.put(true);
  GripperThread thread(gripper, [](const std::string&) {});
  thread.want(true);
  clock.wait_for_sleeper();
  thread.want(false);
  pass_time(clock, [&] { return clock.now_ns() > 200 * kMs; });
  EXPECT_FALSE(thread.holds()) << "the grasp was stopped, not waited for";
}

TEST(GripperThread, ItsEndInterruptsAGraspThatNeverEnds) {
  sim::VirtualClock clock;
  sim::Gripper gripper({.grasp_s = 1e6}, clock);
  auto thread = std::make_unique<GripperThread>(gripper, [](const std::string&) {});
  thread->want(true);
  clock.wait_for_sleeper();
  std::thread ending([&] { thread.reset(); });
  for (int i = 0; i < 200; ++i) {
    clock.advance(10 * kMs);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ending.join();
  EXPECT_EQ(thread, nullptr);
}

/// A hand whose cable is loose.
class Broken final : public Gripper {
 public:
  void grasp() override { throw std::runtime_error("no answer"); }
  void release() override {}
  void stop() override {}
  bool holds() override { return false; }
};

TEST(GripperThread, WhatFailsIsToldOnceAndEndsNothing) {
  Broken broken;
  std::mutex mutex;
  std::vector<std::string> told;
  {
    GripperThread thread(broken, [&](const std::string& what) {
      const std::lock_guard lock(mutex);
      told.push_back(what);
    });
    thread.want(true);
    for (int i = 0; i < 1000; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      const std::lock_guard lock(mutex);
      if (!told.empty()) break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    EXPECT_FALSE(thread.holds());
  }
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0], "gripper: grasp failed: no answer");
}

/// A hand that does not answer its first stops.
class Deaf final : public Gripper {
 public:
  explicit Deaf(int unanswered) : unanswered_(unanswered) {}
  void grasp() override {
    grasping_ = true;
    while (!stopped_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  void release() override { released_ = true; }
  void stop() override {
    if (unanswered_-- > 0) throw std::runtime_error("no answer");
    stopped_ = true;
  }
  bool holds() override { return false; }
  bool grasping() const { return grasping_; }
  bool released() const { return released_; }

 private:
  std::atomic<int> unanswered_;
  std::atomic<bool> grasping_{false}, stopped_{false}, released_{false};
};

TEST(GripperThread, AStopThatFailsIsToldOnceAndTriedAgain) {
  Deaf deaf(3);
  std::mutex mutex;
  std::vector<std::string> told;
  {
    GripperThread thread(deaf, [&](const std::string& what) {
      const std::lock_guard lock(mutex);
      told.push_back(what);
    });
    const auto wait_until = [](const std::function<bool()>& come) {
      for (int i = 0; i < 5000 && !come(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    };
    thread.want(true);
    wait_until([&] { return deaf.grasping(); });
    thread.want(false);
    wait_until([&] { return deaf.released(); });
    EXPECT_TRUE(deaf.released()) << "the grasp goes on although nobody wants it";
  }
  EXPECT_EQ(told, (std::vector<std::string>{"gripper: stop failed: no answer"}));
}

}  // namespace
}  // namespace cliport

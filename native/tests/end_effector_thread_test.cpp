// A blocking end effector on a thread of its own, in simulated time.
#include "cliport/end_effector_thread.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "sim/end_effector.hpp"

namespace cliport {
namespace {

constexpr std::int64_t kMs = 1'000'000;

/// Advances simulated time whenever the end effector waits for it, until something has come true.
void pass_time(sim::VirtualClock& clock, const std::function<bool()>& until) {
  for (int i = 0; i < 2000 && !until(); ++i) {
    clock.advance(10 * kMs);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(until());
}

/// Simulated time that passes until its end. Declared before the thread whose commands wait for it: on a busy machine
/// one may begin to wait only when the test is over, and the end of the thread waits for the command.
class PassingTime {
 public:
  explicit PassingTime(sim::VirtualClock& clock)
      : thread_([&clock](const std::stop_token& end) {
          while (!end.stop_requested()) {
            clock.advance(10 * kMs);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          }
        }) {}

 private:
  std::jthread thread_;
};

TEST(EndEffectorThread, GraspsAndReleasesWhileTheCycleNeverWaits) {
  sim::VirtualClock clock;
  sim::EndEffector cup({}, clock);
  cup.put(true);
  EndEffectorThread thread(cup, [](const std::string& what) { ADD_FAILURE() << what; });
  thread.command(true);
  clock.wait_for_sleeper();
  EXPECT_FALSE(thread.holding()) << "a grasp takes its time";
  pass_time(clock, [&] { return thread.holding(); });
  EXPECT_GE(clock.now_ns(), 400 * kMs);
  thread.command(false);
  pass_time(clock, [&] { return !thread.holding(); });
}

TEST(EndEffectorThread, AGraspOfNothingHoldsNothing) {
  sim::VirtualClock clock;
  sim::EndEffector cup({}, clock);
  EndEffectorThread thread(cup, [](const std::string&) {});
  thread.command(true);
  clock.wait_for_sleeper();
  pass_time(clock, [&] { return clock.now_ns() > 1000 * kMs; });
  EXPECT_FALSE(thread.holding());
}

TEST(EndEffectorThread, ACommandThatChangesEndsTheCommandThatBlocks) {
  sim::VirtualClock clock;
  sim::EndEffector cup({.grasp_s = 1e6, .release_s = 0.01}, clock);
  cup.put(true);
  std::optional<PassingTime> rest;
  EndEffectorThread thread(cup, [](const std::string&) {});
  thread.command(true);
  clock.wait_for_sleeper();
  thread.command(false);
  pass_time(clock, [&] { return clock.now_ns() > 200 * kMs; });
  EXPECT_FALSE(thread.holding()) << "the grasp was stopped, not waited for";
  rest.emplace(clock);
}

TEST(EndEffectorThread, ItsEndInterruptsAGraspThatNeverEnds) {
  sim::VirtualClock clock;
  sim::EndEffector cup({.grasp_s = 1e6}, clock);
  auto thread = std::make_unique<EndEffectorThread>(cup, [](const std::string&) {});
  thread->command(true);
  clock.wait_for_sleeper();
  const PassingTime rest(clock);
  thread.reset();
  EXPECT_EQ(thread, nullptr);
}

/// A hand whose cable is loose.
class Broken final : public EndEffector {
 public:
  void grasp() override { throw std::runtime_error("no answer"); }
  void release() override {}
  void stop() override {}
  EndEffectorReading read() override { return {}; }
};

TEST(EndEffectorThread, WhatFailsIsToldOnceAndEndsNothing) {
  Broken broken;
  std::mutex mutex;
  std::vector<std::string> told;
  {
    EndEffectorThread thread(broken, [&](const std::string& what) {
      const std::lock_guard lock(mutex);
      told.push_back(what);
    });
    thread.command(true);
    for (int i = 0; i < 1000; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      const std::lock_guard lock(mutex);
      if (!told.empty()) break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    EXPECT_FALSE(thread.holding());
  }
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0], "end effector: grasp failed: no answer");
}

/// A hand that does not answer its first stops.
class Deaf final : public EndEffector {
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
  EndEffectorReading read() override { return {}; }
  bool grasping() const { return grasping_; }
  bool released() const { return released_; }

 private:
  std::atomic<int> unanswered_;
  std::atomic<bool> grasping_{false}, stopped_{false}, released_{false};
};

TEST(EndEffectorThread, AStopThatFailsIsToldOnceAndTriedAgain) {
  Deaf deaf(3);
  std::mutex mutex;
  std::vector<std::string> told;
  {
    EndEffectorThread thread(deaf, [&](const std::string& what) {
      const std::lock_guard lock(mutex);
      told.push_back(what);
    });
    const auto wait_until = [](const std::function<bool()>& come) {
      for (int i = 0; i < 5000 && !come(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    };
    thread.command(true);
    wait_until([&] { return deaf.grasping(); });
    thread.command(false);
    wait_until([&] { return deaf.released(); });
    EXPECT_TRUE(deaf.released()) << "the grasp goes on although nobody wants it";
  }
  EXPECT_EQ(told, (std::vector<std::string>{"end effector: stop failed: no answer"}));
}

}  // namespace
}  // namespace cliport

#include "franka/realtime_guard.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>

#include <thread>

namespace cliport::fci {
namespace {

TEST(RealtimeGuard, ARealTimeThreadThatNeverSleepsLosesItsPriority) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "the thread sanitizer holds signals back until a thread calls something that it knows";
#endif
  ASSERT_TRUE(guard_realtime());
  bool granted = false;
  int policy = SCHED_FIFO;
  std::thread busy([&] {
    const sched_param high{sched_get_priority_min(SCHED_FIFO)};
    granted = pthread_setschedparam(pthread_self(), SCHED_FIFO, &high) == 0;
    // Spins, as libfranka may; ends only when the guard has acted, or after many seconds of processor time.
    for (std::uint64_t i = 0; granted && i < 4'000'000'000 && policy != SCHED_OTHER; ++i) {
      if (i % 1'000'000 == 0) policy = sched_getscheduler(0);
    }
  });
  busy.join();
  if (!granted) GTEST_SKIP() << "this user may not have real-time priority";
  EXPECT_EQ(policy, SCHED_OTHER);
}

}  // namespace
}  // namespace cliport::fci

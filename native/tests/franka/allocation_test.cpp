// The cycle on the control thread allocates nothing, from the robot's state to the reference. What libfranka and Poco
// do around it is theirs: receiving a datagram allocates its sender's address.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <utility>

#include "franka_cell.hpp"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they have allocators of their own

namespace {

thread_local std::uint64_t allocations = 0;  // of this thread

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace cliport::fci {
namespace {

// Allocations of this thread when it last looked at the clock, and the time before.
thread_local std::uint64_t at_look = 0;
thread_local std::uint64_t at_look_before = 0;

class FrankaCycle : public ::testing::TestWithParam<Drive> {};
INSTANTIATE_TEST_SUITE_P(Drives, FrankaCycle, ::testing::Values(Drive::kTorque, Drive::kPosition));

TEST_P(FrankaCycle, AllocatesNothing) {
  std::atomic<std::uint64_t> cycles{0};
  std::atomic<std::uint64_t> allocated{0};
  CellOptions options;
  options.ip = "127.0.0.8";
  options.drive = GetParam();
  // A cycle looks at the clock twice: when the robot's state has come, and when the controller begins.
  options.clock = [] {
    at_look_before = std::exchange(at_look, allocations);
    return steady_ns();
  };
  options.observe = [&](std::int64_t, const Measured& measured, const Reference&) {
    if (!measured.following) return;
    ++cycles;
    allocated += allocations - at_look_before;
  };
  FrankaCell cell(options);
  cell.arm_it();
  ASSERT_TRUE(cell.carry_out({move_to(0.5, 0.2, 0.25)}));
  EXPECT_GT(cycles, 200U);
  EXPECT_EQ(allocated, 0U);
}

}  // namespace
}  // namespace cliport::fci

#endif

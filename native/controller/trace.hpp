// What the arm was asked for and what it did, cycle by cycle: a ring in a file that outlives the process.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "cliport/controller.hpp"

namespace cliport {

/// A trace file that cannot be made, with what to do about it.
class TraceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Fixed layout, little-endian: a TraceHeader, then `capacity` TraceRows used as a ring. Row n lies at n % capacity.
struct TraceHeader {
  char magic[16] = "cliport-trace-1";
  std::uint64_t capacity = 0;
  std::atomic<std::uint64_t> rows{0};  ///< rows ever written; the newest is rows - 1
  std::uint64_t row_bytes = 0;
  std::uint64_t reserved[3] = {};
};
static_assert(sizeof(TraceHeader) == 64);

struct TraceRow {
  std::int64_t stamp_ns = 0;  ///< CLOCK_MONOTONIC at the cycle's start
  std::uint64_t flags = 0;    ///< bit 0 contact, bit 1 holding, bit 2 grasp commanded
  Joints q_ref_rad{};         ///< what the arm was to follow in this cycle
  Joints q_rad{};             ///< measured at its start
};
static_assert(sizeof(TraceRow) == 128);

/// The control thread writes into mapped memory: no system call, no lock, no allocation. Put the file where there is
/// no disk behind it (/dev/shm): writing pages back would hold the thread up.
class Trace {
 public:
  static constexpr std::uint64_t kRows = 65'536;  ///< a good minute, 8 MiB

  /// @throws TraceError when the file cannot be made
  explicit Trace(const std::string& path);
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  void add(std::int64_t stamp_ns, const Measured& measured, const Reference& reference) noexcept;

 private:
  static constexpr std::size_t kBytes = sizeof(TraceHeader) + kRows * sizeof(TraceRow);
  TraceHeader* header_ = nullptr;
  TraceRow* rows_ = nullptr;
};

}  // namespace cliport

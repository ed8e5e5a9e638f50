#include "trace.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace cliport {
namespace {

[[noreturn]] void fail(const std::string& path) {
  throw TraceError("Could not make the trace file " + path + ": " + std::strerror(errno) +
                   ". Choose a path in a folder that exists and is writable, e.g. /dev/shm/cliport.trace");
}

}  // namespace

Trace::Trace(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) fail(path);
  // Allocated now: a full disk is an error at the start, not a bus error in the cycle.
  errno = ::posix_fallocate(file, 0, static_cast<off_t>(kBytes));
  void* memory =
      errno == 0 ? ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0) : MAP_FAILED;
  const int error = errno;
  ::close(file);
  errno = error;
  if (memory == MAP_FAILED) fail(path);
  header_ = new (memory) TraceHeader;
  header_->capacity = kRows;
  header_->row_bytes = sizeof(TraceRow);
  rows_ = reinterpret_cast<TraceRow*>(static_cast<char*>(memory) + sizeof(TraceHeader));
}

Trace::~Trace() { ::munmap(header_, kBytes); }

void Trace::add(std::int64_t stamp_ns, const Measured& measured, const Reference& reference) noexcept {
  const std::uint64_t row = header_->rows.load(std::memory_order_relaxed);
  rows_[row % kRows] = {
      .stamp_ns = stamp_ns,
      .flags = (measured.contact ? 1u : 0u) | (measured.holding ? 2u : 0u) | (reference.grasp ? 4u : 0u),
      .q_ref_rad = reference.q_rad,
      .q_rad = measured.q_rad,
  };
  header_->rows.store(row + 1, std::memory_order_release);
}

}  // namespace cliport

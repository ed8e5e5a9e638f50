// Threads that help with a loop which would rather not wait for them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace cliport {

/// A few threads, started when first needed and kept for the life of the process, so that a call pays for waking a
/// thread but not for making one.
class ThreadPool {
 public:
  static ThreadPool& shared();

  /// Runs work(0) on this thread and, on helpers that come in time, work(1) to work(workers - 1); returns when every
  /// one that began has ended. A helper that has not begun when work(0) returns is sent away: on a busy machine the
  /// caller does all by itself. So `work` takes its parts from a common counter and must not throw. Any thread, at any
  /// time.
  void run(int workers, const std::function<void(int worker)>& work);

 private:
  struct Task {
    const std::function<void(int)>* work;
    int next, end;  // the workers that are still to begin
    int running = 0;
  };

  void add_threads(int helpers);
  void help();

  std::mutex mutex_;
  std::condition_variable called_, ended_;
  std::deque<Task*> tasks_;
  int thread_count_ = 0;
};

}  // namespace cliport

#include "thread_pool.hpp"

#include <algorithm>
#include <system_error>
#include <thread>

namespace cliport {

ThreadPool& ThreadPool::shared() {
  static ThreadPool* pool = new ThreadPool;  // never destroyed: its threads may still wait when the process ends
  return *pool;
}

void ThreadPool::run(int workers, const std::function<void(int)>& work) {
  if (workers <= 1) return work(0);
  Task task{&work, 1, workers};
  {
    const std::lock_guard lock(mutex_);
    add_threads(workers - 1);
    tasks_.push_back(&task);
  }
  called_.notify_all();
  work(0);
  std::unique_lock lock(mutex_);
  std::erase(tasks_, &task);
  ended_.wait(lock, [&task] { return task.running == 0; });
}

void ThreadPool::add_threads(int helpers) {
  for (; thread_count_ < helpers; ++thread_count_) {
    try {
      std::thread([this] { help(); }).detach();
    } catch (const std::system_error&) {
      return;  // no more threads to be had: those there are will do
    }
  }
}

void ThreadPool::help() {
  std::unique_lock lock(mutex_);
  for (;;) {
    called_.wait(lock, [this] { return !tasks_.empty(); });
    Task* task = tasks_.front();
    const int worker = task->next++;
    if (task->next == task->end) tasks_.pop_front();
    ++task->running;
    lock.unlock();
    (*task->work)(worker);
    lock.lock();
    if (--task->running == 0) ended_.notify_all();
  }
}

}  // namespace cliport

// A thread of its own for work that blocks for long, with promises on the JavaScript thread. Node's thread pool has
// four threads, which cameras and pictures need.
#pragma once

#include <napi.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace cliport::addon {

/// Runs tasks one after another. All but `Task::work` happens on the JavaScript thread.
class TaskThread : public std::enable_shared_from_this<TaskThread> {
 public:
  struct Task {
    /// On the thread. May throw anything; `settle` hears of it.
    std::function<void()> work;
    /// Afterwards: resolves or rejects a promise. Whatever both functions keep is destroyed after it.
    std::function<void(Napi::Env, std::exception_ptr)> settle;
    /// Asks, from the JavaScript thread, for an early end of `work`, which need not have begun. May be empty.
    std::function<void()> cancel;
  };

  static std::shared_ptr<TaskThread> start(Napi::Env env, std::function<void()> begin) {
    std::shared_ptr<TaskThread> made(new TaskThread);
    made->wake(env);
    made->thread_ = std::thread([made, begin = std::move(begin)] {
      begin();
      made->loop();
    });
    napi_add_env_cleanup_hook(env, end_with_environment, made.get());
    made->env_ = env;
    return made;
  }

  void post(std::shared_ptr<Task> task) {
    std::lock_guard lock(mutex_);
    if (++pending_ == 1 && function_ != nullptr) napi_ref_threadsafe_function(env_, function_);
    queue_.push_back(std::move(task));
    changed_.notify_all();
  }

  bool ended() const { return ended_; }

  /// Cancels all tasks; the thread leaves when its present one is over. Promises still settle.
  void end() {
    ended_ = true;
    cancel_all();
    std::lock_guard lock(mutex_);
    leaving_ = true;
    changed_.notify_all();
  }

 private:
  TaskThread() = default;

  void wake(Napi::Env env) {
    auto* owner = new std::shared_ptr<TaskThread>(shared_from_this());
    const napi_status status = napi_create_threadsafe_function(
        env, nullptr, nullptr, Napi::String::New(env, "cliport engine"), 0, 1, owner,
        [](napi_env, void* data, void*) {
          auto* held = static_cast<std::shared_ptr<TaskThread>*>(data);
          {
            std::lock_guard lock((*held)->mutex_);
            (*held)->function_ = nullptr;
          }
          delete held;
        },
        this,
        [](napi_env inner, napi_value, void* context, void*) { static_cast<TaskThread*>(context)->settle_all(inner); },
        &function_);
    if (status != napi_ok) {
      delete owner;
      throw Napi::Error::New(env, "Could not make a thread-safe function");
    }
    napi_unref_threadsafe_function(env, function_);  // an idle thread keeps no process alive
  }

  void loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return !queue_.empty() || leaving_; });
      if (queue_.empty()) break;
      present_ = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      std::exception_ptr error;
      try {
        present_->work();
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      done_.emplace_back(std::move(present_), error);
      if (function_ != nullptr) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
    }
    left_ = true;
    if (function_ != nullptr) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
    changed_.notify_all();
  }

  void settle_all(napi_env environment) {
    if (environment == nullptr) return;  // tear-down: nobody waits any more
    const Napi::Env env(environment);
    std::vector<std::pair<std::shared_ptr<Task>, std::exception_ptr>> done;
    napi_threadsafe_function release = nullptr;
    {
      std::lock_guard lock(mutex_);
      done.swap(done_);
      pending_ -= done.size();
      if (pending_ == 0 && function_ != nullptr) napi_unref_threadsafe_function(env_, function_);
      if (left_ && function_ != nullptr) std::swap(release, function_);
    }
    for (auto& [task, error] : done) {
      const Napi::HandleScope scope(env);
      task->settle(env, error);
      task.reset();
    }
    if (release == nullptr) return;
    napi_remove_env_cleanup_hook(env_, end_with_environment, this);
    thread_.join();  // it has nothing left to do
    napi_release_threadsafe_function(release, napi_tsfn_release);
  }

  void cancel_all() {
    std::lock_guard lock(mutex_);
    if (present_ && present_->cancel) present_->cancel();
    for (const auto& task : queue_) {
      if (task->cancel) task->cancel();
    }
  }

  /// The environment goes: nothing of JavaScript may be touched afterwards. A library that does not end what it does
  /// within kTeardown is left behind; its thread keeps what it needs.
  static void end_with_environment(void* data) {
    const std::shared_ptr<TaskThread> self = static_cast<TaskThread*>(data)->shared_from_this();
    self->end();
    std::unique_lock lock(self->mutex_);
    const bool left = self->changed_.wait_for(lock, kTeardown, [&] { return self->left_; });
    lock.unlock();
    if (left) {
      self->thread_.join();
      self->done_.clear();  // while what they refer to can still be released
    } else {
      // For ever: what waits refers to JavaScript that is gone when the thread would destroy it.
      new std::shared_ptr<TaskThread>(self);
      self->thread_.detach();
    }
  }

  static constexpr std::chrono::seconds kTeardown{2};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Task>> queue_;
  std::shared_ptr<Task> present_;
  std::vector<std::pair<std::shared_ptr<Task>, std::exception_ptr>> done_;
  std::size_t pending_ = 0;
  bool leaving_ = false;
  bool left_ = false;
  bool ended_ = false;
  napi_env env_ = nullptr;
  napi_threadsafe_function function_ = nullptr;
  std::thread thread_;
};

}  // namespace cliport::addon

// Wakes the JavaScript thread from any thread, also while the environment is being torn down.
#pragma once

#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

namespace realsense {

/// A thread-safe function of one argument-less callback. Rings coalesce: at most one is queued.
///
/// Node frees the underlying object when the environment ends, whoever still holds it, so every use is under a lock
/// that the finalizer takes first.
class ThreadSafeNotifier : public std::enable_shared_from_this<ThreadSafeNotifier> {
 public:
  static std::shared_ptr<ThreadSafeNotifier> create(Napi::Env env, const Napi::Function& callback) {
    auto notifier = std::make_shared<ThreadSafeNotifier>();
    auto* owner = new std::shared_ptr<ThreadSafeNotifier>(notifier);
    const napi_status status = napi_create_threadsafe_function(
        env, callback, nullptr, Napi::String::New(env, "realsense"), 1, 1, owner,
        [](napi_env, void* finalize_data, void*) {
          auto* held = static_cast<std::shared_ptr<ThreadSafeNotifier>*>(finalize_data);
          {
            std::lock_guard lock((*held)->mutex_);
            (*held)->function_ = nullptr;
          }
          delete held;
        },
        notifier.get(),
        [](napi_env inner, napi_value js_callback, void*, void*) {
          if (inner == nullptr || js_callback == nullptr) return;  // tear-down: nobody is there any more
          napi_value undefined;
          if (napi_get_undefined(inner, &undefined) != napi_ok) return;
          napi_call_function(inner, undefined, js_callback, 0, nullptr, nullptr);
        },
        &notifier->function_);
    if (status != napi_ok) {
      delete owner;
      throw Napi::Error::New(env, "Could not make a thread-safe function");
    }
    napi_unref_threadsafe_function(env, notifier->function_);  // an open camera alone keeps no process alive
    return notifier;
  }

  /// Any thread; never blocks.
  void notify() {
    std::lock_guard lock(mutex_);
    if (function_ != nullptr) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
  }

  /// JavaScript thread: whether somebody waits, so that the process must stay alive.
  void keep_alive(Napi::Env env, bool alive) {
    std::lock_guard lock(mutex_);
    if (function_ == nullptr) return;
    alive ? napi_ref_threadsafe_function(env, function_) : napi_unref_threadsafe_function(env, function_);
  }

  /// JavaScript thread.
  void close() {
    napi_threadsafe_function function = nullptr;
    {
      std::lock_guard lock(mutex_);
      function = function_;
      function_ = nullptr;
    }
    if (function != nullptr) napi_release_threadsafe_function(function, napi_tsfn_abort);
  }

 private:
  std::mutex mutex_;
  napi_threadsafe_function function_ = nullptr;
};

}  // namespace realsense

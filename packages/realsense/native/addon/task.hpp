// Failures as JavaScript errors, and work on the thread pool as promises.
#pragma once

#include <napi.h>

#include <functional>
#include <string>
#include <utility>

#include "../library.hpp"

namespace realsense {

inline Napi::Error error_of(Napi::Env env, const std::string& code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

/// Failures of the library become JavaScript errors with a code.
template <typename Work>
auto guarded(Napi::Env env, Work work) {
  try {
    return work();
  } catch (const Failure& failure) {
    throw error_of(env, failure.code, failure.what());
  }
}

/// Work that may take long, on the thread pool; `result` makes the value on the JavaScript thread.
template <typename Value>
class Task final : public Napi::AsyncWorker {
 public:
  static Napi::Promise run(Napi::Env env, std::function<Value()> work,
                           std::function<Napi::Value(Napi::Env, const Value&)> result) {
    auto* task = new Task(env, std::move(work), std::move(result));
    const Napi::Promise promise = task->deferred_.Promise();
    task->Queue();
    return promise;
  }

 private:
  Task(Napi::Env env, std::function<Value()> work, std::function<Napi::Value(Napi::Env, const Value&)> result)
      : Napi::AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)),
        result_(std::move(result)) {}

  void Execute() override {
    try {
      value_ = work_();
    } catch (const Failure& failure) {
      code_ = failure.code;
      SetError(failure.what());
    } catch (const std::exception& error) {
      code_ = "LIBRARY_ERROR";
      SetError(error.what());
    }
  }
  void OnOK() override { deferred_.Resolve(result_(Env(), value_)); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error_of(Env(), code_, error.Message()).Value()); }

  Napi::Promise::Deferred deferred_;
  std::function<Value()> work_;
  std::function<Napi::Value(Napi::Env, const Value&)> result_;
  Value value_{};
  std::string code_;
};

}  // namespace realsense

// The JavaScript class that reports cameras that come and go.
#include <mutex>
#include <vector>

#include "classes.hpp"
#include "environment.hpp"
#include "task.hpp"
#include "thread_safe_notifier.hpp"
#include "values.hpp"

namespace realsense {
namespace {

/// Cameras that came and went since the last `take`.
class WatcherWrap : public Napi::ObjectWrap<WatcherWrap> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Watcher",
        {InstanceMethod<&WatcherWrap::take>("take"), InstanceMethod<&WatcherWrap::keep_alive>("keepAlive"),
         InstanceMethod<&WatcherWrap::close>("close")});
  }

  explicit WatcherWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<WatcherWrap>(info) {
    guarded(info.Env(), [&] {
      library();
      queue_ = std::make_shared<Queue>();
      notifier_ = ThreadSafeNotifier::create(info.Env(), info[0].As<Napi::Function>());
      id_ = listen_devices([queue = queue_, notifier = notifier_](const DevicesChanged& change) {
        {
          std::lock_guard lock(queue->mutex);
          queue->changes.push_back(change);
        }
        notifier->notify();
      });
      environment_ = &environment(info.Env());
      environment_->listeners.insert(id_);
    });
  }

  ~WatcherWrap() override {
    if (id_) unlisten_devices(id_);
  }

 private:
  struct Queue {
    std::mutex mutex;
    std::vector<DevicesChanged> changes;
  };

  Napi::Value take(const Napi::CallbackInfo& info) {
    std::vector<DevicesChanged> changes;
    {
      std::lock_guard lock(queue_->mutex);
      changes.swap(queue_->changes);
    }
    auto array = Napi::Array::New(info.Env(), changes.size());
    for (std::uint32_t i = 0; i < changes.size(); ++i) {
      auto object = Napi::Object::New(info.Env());
      object.Set("added", to_js(info.Env(), changes[i].added));
      object.Set("removed", to_js(info.Env(), changes[i].removed));
      array.Set(i, object);
    }
    return array;
  }
  void keep_alive(const Napi::CallbackInfo& info) { notifier_->keep_alive(info.Env(), info[0].ToBoolean()); }
  void close(const Napi::CallbackInfo&) {
    if (!id_) return;
    unlisten_devices(id_);
    environment_->listeners.erase(id_);
    id_ = 0;
    notifier_->close();
  }

  std::shared_ptr<Queue> queue_;
  std::shared_ptr<ThreadSafeNotifier> notifier_;
  Environment* environment_ = nullptr;
  int id_ = 0;
};

}  // namespace

Napi::Function watcher_class(Napi::Env env) { return WatcherWrap::define(env); }

}  // namespace realsense

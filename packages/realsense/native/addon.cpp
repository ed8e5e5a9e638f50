// The binding: plain values in, plain values out. Options are checked, named and documented in TypeScript (src/).
#include <napi.h>

#include <functional>
#include <map>
#include <set>
#include <variant>

#include "thread_safe_notifier.hpp"
#include "session.hpp"
#include "software.hpp"

namespace realsense {
namespace {

/// What lives as long as one environment (the main thread's or a worker's).
struct Environment {
  std::vector<std::weak_ptr<Session>> sessions;
  std::vector<std::weak_ptr<SoftwareDevice>> software;
  std::set<int> listeners;
};

std::atomic<int> environments{0};
/// How long the end of an environment waits for the library. Node itself never waits longer than this for us.
constexpr int kTeardownMs = 2000;

Environment& environment(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

/// Ends every session of an environment, in bounded time; whether the library let go of all.
bool stop_sessions(Environment& ending) {
  for (const auto& weak : ending.sessions) {
    if (const auto session = weak.lock()) session->request_stop();
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kTeardownMs);
  bool all_stopped = true;
  for (const auto& weak : ending.sessions) {
    if (const auto session = weak.lock()) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      all_stopped = session->wait_stopped(std::max<int>(1, static_cast<int>(left.count()))) && all_stopped;
    }
  }
  ending.sessions.clear();
  return all_stopped;
}

/// Runs before the environment's memory goes: no thread may touch JavaScript afterwards.
void end_environment(void* data) {
  auto* ending = static_cast<Environment*>(data);
  for (const int id : ending->listeners) unlisten_devices(id);
  ending->listeners.clear();
  const bool all_stopped = stop_sessions(*ending);
  for (const auto& weak : ending->software) {
    if (const auto device = weak.lock()) device->unplug();
  }
  if (--environments == 0 && all_stopped) delete_shared_context();
}

Napi::Error error_of(Napi::Env env, const std::string& code, const std::string& message) {
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

// --- JavaScript to C++. The TypeScript side has checked the shapes, so a wrong one is our own mistake.

std::string text(const Napi::Object& object, const char* key) {
  const Napi::Value value = object.Get(key);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
}
double number(const Napi::Object& object, const char* key, double fallback = 0) {
  const Napi::Value value = object.Get(key);
  return value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : fallback;
}
int integer(const Napi::Object& object, const char* key, int fallback = 0) {
  return static_cast<int>(number(object, key, fallback));
}
bool flag(const Napi::Object& object, const char* key) { return object.Get(key).ToBoolean(); }

template <typename Each>
void each(const Napi::Object& object, const char* key, Each visit) {
  const Napi::Value value = object.Get(key);
  if (!value.IsArray()) return;
  const Napi::Array array = value.As<Napi::Array>();
  for (std::uint32_t i = 0; i < array.Length(); ++i) visit(array.Get(i).As<Napi::Object>());
}

template <std::size_t N>
void numbers(const Napi::Object& object, const char* key, float (&out)[N]) {
  const Napi::Array array = object.Get(key).As<Napi::Array>();
  for (std::uint32_t i = 0; i < N; ++i) out[i] = array.Get(i).As<Napi::Number>().FloatValue();
}

OptionValue option_value(const Napi::Object& object) {
  return {text(object, "name"), static_cast<float>(number(object, "value"))};
}

SessionOptions session_options(const Napi::Object& object) {
  SessionOptions options;
  options.serial = text(object, "serial");
  options.file = text(object, "file");
  options.real_time = flag(object, "realTime");
  options.every_frame = flag(object, "everyFrame");
  options.pair_latest = flag(object, "pairLatest");
  options.align_to = integer(object, "alignTo");
  options.preset_json = text(object, "presetJson");
  options.record_file = text(object, "recordFile");
  options.depth_in_metres = flag(object, "depthInMetres");
  options.lease = flag(object, "lease");
  options.keep = integer(object, "keep", options.keep);
  each(object, "streams", [&](const Napi::Object& stream) {
    options.streams.push_back({integer(stream, "type"), integer(stream, "index", -1), integer(stream, "width"),
                               integer(stream, "height"), integer(stream, "fps"), integer(stream, "format")});
  });
  each(object, "filters", [&](const Napi::Object& filter) {
    FilterRequest request{text(filter, "name"), {}};
    each(filter, "options", [&](const Napi::Object& option) { request.options.push_back(option_value(option)); });
    options.filters.push_back(std::move(request));
  });
  each(object, "options", [&](const Napi::Object& option) {
    options.options.push_back({text(option, "sensor"), option_value(option)});
  });
  return options;
}

std::optional<SoftwareStream> software_stream(const Napi::Object& options, const char* key) {
  const Napi::Value value = options.Get(key);
  if (!value.IsObject()) return std::nullopt;
  const auto object = value.As<Napi::Object>();
  SoftwareStream stream;
  stream.width = integer(object, "width");
  stream.height = integer(object, "height");
  stream.fps = integer(object, "fps");
  stream.format = integer(object, "format");
  stream.bytes_per_pixel = integer(object, "bytesPerPixel");
  stream.intrinsics = {stream.width,
                       stream.height,
                       static_cast<float>(number(object, "cx")),
                       static_cast<float>(number(object, "cy")),
                       static_cast<float>(number(object, "fx")),
                       static_cast<float>(number(object, "fy")),
                       integer(object, "model"),
                       {}};
  numbers(object, "coefficients", stream.intrinsics.coeffs);
  return stream;
}

// --- C++ to JavaScript

Napi::Object to_js(Napi::Env env, const DeviceInfo& info) {
  auto object = Napi::Object::New(env);
  object.Set("serial", info.serial);
  object.Set("name", info.name);
  object.Set("firmware", info.firmware);
  object.Set("recommendedFirmware", info.recommended_firmware);
  object.Set("port", info.port);
  object.Set("usb", info.usb);
  object.Set("productLine", info.product_line);
  object.Set("software", info.software);
  return object;
}

Napi::Object to_js(Napi::Env env, const ProfileInfo& info) {
  auto object = Napi::Object::New(env);
  object.Set("sensor", snake_case(info.sensor));
  object.Set("type", info.type);
  object.Set("index", info.index);
  object.Set("format", info.format);
  object.Set("width", info.width);
  object.Set("height", info.height);
  object.Set("fps", info.fps);
  object.Set("isDefault", info.is_default);
  return object;
}

Napi::Object to_js(Napi::Env env, const OptionInfo& info) {
  auto object = Napi::Object::New(env);
  object.Set("sensor", info.sensor);
  object.Set("name", info.name);
  object.Set("description", info.description);
  object.Set("value", info.value);
  object.Set("min", info.min);
  object.Set("max", info.max);
  object.Set("step", info.step);
  object.Set("default", info.fallback);
  object.Set("readOnly", info.read_only);
  return object;
}

Napi::Object to_js(Napi::Env env, const Attempt& tried) {
  auto object = Napi::Object::New(env);
  object.Set("name", tried.name);
  object.Set("reason", tried.reason);
  return object;
}

Napi::Value to_js(Napi::Env env, const std::string& words) { return Napi::String::New(env, words); }

template <typename Item>
Napi::Array to_js(Napi::Env env, const std::vector<Item>& items) {
  auto array = Napi::Array::New(env, items.size());
  for (std::uint32_t i = 0; i < items.size(); ++i) array.Set(i, to_js(env, items[i]));
  return array;
}

Napi::Object to_js(Napi::Env env, const LibraryInfo& info) {
  auto object = Napi::Object::New(env);
  object.Set("found", info.found);
  object.Set("path", info.path);
  object.Set("version", info.version);
  object.Set("code", info.code);
  object.Set("reason", info.reason);
  object.Set("tried", to_js(env, info.tried));
  object.Set("missingOptional", to_js(env, info.missing_optional));
  return object;
}

template <std::size_t N>
Napi::Array to_js(Napi::Env env, const float (&values)[N]) {
  auto array = Napi::Array::New(env, N);
  for (std::uint32_t i = 0; i < N; ++i) array.Set(i, values[i]);
  return array;
}

Napi::Object to_js(Napi::Env env, const abi::Intrinsics& intrinsics) {
  auto object = Napi::Object::New(env);
  object.Set("width", intrinsics.width);
  object.Set("height", intrinsics.height);
  object.Set("fx", intrinsics.fx);
  object.Set("fy", intrinsics.fy);
  object.Set("cx", intrinsics.ppx);
  object.Set("cy", intrinsics.ppy);
  object.Set("model", intrinsics.model);
  object.Set("coefficients", to_js(env, intrinsics.coeffs));
  return object;
}

Napi::BigInt nanoseconds(Napi::Env env, std::int64_t value) { return Napi::BigInt::New(env, value); }

const char* word(SessionState state) {
  switch (state) {
    case SessionState::kStarting:
      return "starting";
    case SessionState::kStreaming:
      return "streaming";
    case SessionState::kEnded:
      return "ended";
    case SessionState::kFailed:
      return "failed";
    case SessionState::kStopped:
      return "stopped";
  }
  return "";
}

Napi::Object to_js(Napi::Env env, const SessionStatus& status) {
  auto object = Napi::Object::New(env);
  object.Set("state", word(status.state));
  object.Set("finished", status.finished);
  object.Set("clean", status.clean);
  object.Set("code", status.code);
  object.Set("message", status.message);
  object.Set("lastArrivalNs", nanoseconds(env, status.last_arrival_ns));
  object.Set("device", to_js(env, status.device));
  object.Set("leases", status.leases);
  auto counts = Napi::Object::New(env);
  counts.Set("received", static_cast<double>(status.counts.received));
  counts.Set("incomplete", static_cast<double>(status.counts.incomplete));
  counts.Set("superseded", static_cast<double>(status.counts.superseded));
  counts.Set("untaken", static_cast<double>(status.counts.untaken));
  counts.Set("refused", static_cast<double>(status.counts.refused));
  counts.Set("taken", static_cast<double>(status.counts.taken));
  object.Set("counts", counts);
  return object;
}

class SessionWrap : public Napi::ObjectWrap<SessionWrap> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Session",
        {InstanceMethod<&SessionWrap::take>("take"), InstanceMethod<&SessionWrap::release>("release"),
         InstanceMethod<&SessionWrap::status>("status"), InstanceMethod<&SessionWrap::keep_alive>("keepAlive"),
         InstanceMethod<&SessionWrap::options>("options"), InstanceMethod<&SessionWrap::set_option>("setOption"),
         InstanceMethod<&SessionWrap::preset>("preset"), InstanceMethod<&SessionWrap::stop>("stop"),
         InstanceMethod<&SessionWrap::close>("close")});
  }

  /// (options, notification callback)
  explicit SessionWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SessionWrap>(info) {
    guarded(info.Env(), [&] {
      SessionOptions options = session_options(info[0].As<Napi::Object>());
      library();
      notifier_ = ThreadSafeNotifier::create(info.Env(), info[1].As<Napi::Function>());
      session_ = Session::start(std::move(options), [notifier = notifier_] { notifier->notify(); });
      auto& sessions = environment(info.Env()).sessions;
      std::erase_if(sessions, [](const auto& weak) { return weak.expired(); });
      sessions.push_back(session_);
    });
  }

  // Forgotten without close: the thread ends on its own. Frames that are leased stay with the session.
  ~SessionWrap() override {
    if (session_) session_->request_stop();
    if (notifier_) notifier_->close();
  }

 private:
  struct Lease {
    std::vector<Napi::Reference<Napi::ArrayBuffer>> buffers;
  };

  Napi::Value take(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const std::optional<Delivery> taken = guarded(env, [&] { return session_->take(); });
    if (!taken) return env.Null();
    auto object = Napi::Object::New(env);
    object.Set("sequence", static_cast<double>(taken->sequence));
    object.Set("lease", taken->lease);
    auto images = Napi::Array::New(env, taken->images.size());
    for (std::uint32_t i = 0; i < taken->images.size(); ++i) images.Set(i, image(env, taken->images[i], taken->lease));
    object.Set("images", images);
    if (taken->depth_to_color) {
      auto extrinsics = Napi::Object::New(env);
      extrinsics.Set("rotation", to_js(env, taken->depth_to_color->rotation));
      extrinsics.Set("translation", to_js(env, taken->depth_to_color->translation));
      object.Set("depthToColor", extrinsics);
    }
    return object;
  }

  Napi::Object image(Napi::Env env, const Image& image, int lease) {
    auto object = Napi::Object::New(env);
    object.Set("type", image.type);
    object.Set("index", image.index);
    object.Set("format", image.format);
    object.Set("metres", image.metres);
    object.Set("width", image.width);
    object.Set("height", image.height);
    object.Set("stride", image.stride);
    object.Set("fps", image.fps);
    object.Set("number", static_cast<double>(image.number));
    object.Set("timestampMs", image.timestamp_ms);
    object.Set("domain", image.domain);
    object.Set("arrivalNs", nanoseconds(env, image.arrival_ns));
    object.Set("depthUnitsM", image.depth_units_m);
    object.Set("intrinsics", to_js(env, image.intrinsics));
    auto metadata = Napi::Object::New(env);
    for (const auto& [key, value] : image.metadata) {
      metadata.Set(snake_case(library().frame_metadata_to_string(key)), static_cast<double>(value));
    }
    object.Set("metadata", metadata);
    object.Set("bytes", static_cast<double>(image.bytes));
    object.Set("buffer", image.buffer ? ring_buffer(env, image.buffer) : leased_buffer(env, image, lease));
    return object;
  }

  /// One JavaScript buffer for each buffer of the ring, made once; its memory lives until both sides let go.
  Napi::Value ring_buffer(Napi::Env env, const std::shared_ptr<PixelBuffer>& buffer) {
    if (const auto known = ring_.find(buffer.get()); known != ring_.end()) return known->second.second.Value();
    std::erase_if(ring_, [](const auto& entry) { return entry.second.first.expired(); });
    auto made = Napi::ArrayBuffer::New(
        env, buffer->data, buffer->capacity, [](Napi::Env, void*, std::shared_ptr<PixelBuffer>* held) { delete held; },
        new std::shared_ptr<PixelBuffer>(buffer));
    ring_.emplace(buffer.get(), std::pair{std::weak_ptr(buffer), Napi::Persistent(made)});
    return made;
  }

  /// The library's own memory. It is detached when the lease is released, so that a late reader sees an empty buffer.
  Napi::Value leased_buffer(Napi::Env env, const Image& image, int lease) {
    auto made = Napi::ArrayBuffer::New(env, const_cast<void*>(image.leased), image.bytes);
    leases_[lease].buffers.push_back(Napi::Persistent(made));
    return made;
  }

  void detach(int lease) {
    const auto found = leases_.find(lease);
    if (found == leases_.end()) return;
    for (auto& buffer : found->second.buffers) {
      if (!buffer.Value().IsDetached()) buffer.Value().Detach();
    }
    leases_.erase(found);
    session_->release_lease(lease);
  }

  void release(const Napi::CallbackInfo& info) { detach(info[0].As<Napi::Number>()); }

  Napi::Value status(const Napi::CallbackInfo& info) { return to_js(info.Env(), session_->status()); }

  void keep_alive(const Napi::CallbackInfo& info) { notifier_->keep_alive(info.Env(), info[0].ToBoolean()); }

  Napi::Value options(const Napi::CallbackInfo& info) {
    return Task<std::vector<OptionInfo>>::run(
        info.Env(), [session = session_] { return session->options(); },
        [](Napi::Env env, const std::vector<OptionInfo>& infos) { return to_js(env, infos); });
  }

  Napi::Value set_option(const Napi::CallbackInfo& info) {
    return Task<bool>::run(
        info.Env(),
        [session = session_, sensor = info[0].ToString().Utf8Value(),
         option = OptionValue{info[1].ToString().Utf8Value(), info[2].As<Napi::Number>().FloatValue()}] {
          session->set_option(sensor, option);
          return true;
        },
        [](Napi::Env env, const bool&) { return env.Undefined(); });
  }

  Napi::Value preset(const Napi::CallbackInfo& info) {
    return Task<std::string>::run(
        info.Env(), [session = session_] { return session->preset_json(); },
        [](Napi::Env env, const std::string& json) { return Napi::String::New(env, json); });
  }

  /// Begins the end; notifies when the library has let go (`status().finished`).
  void stop(const Napi::CallbackInfo&) {
    while (!leases_.empty()) detach(leases_.begin()->first);
    session_->request_stop();
  }

  /// After `stop`, finished or given up: notifies no more.
  void close(const Napi::CallbackInfo& info) {
    notifier_->close();
    ring_.clear();
    // Given up or finished: the end of the process does not wait for it (again).
    std::erase_if(environment(info.Env()).sessions, [&](const auto& weak) { return weak.lock() == session_; });
  }

  std::shared_ptr<ThreadSafeNotifier> notifier_;
  std::shared_ptr<Session> session_;
  std::map<int, Lease> leases_;
  std::map<PixelBuffer*, std::pair<std::weak_ptr<PixelBuffer>, Napi::Reference<Napi::ArrayBuffer>>> ring_;
};

class SoftwareWrap : public Napi::ObjectWrap<SoftwareWrap> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "SoftwareDevice",
                       {InstanceMethod<&SoftwareWrap::inject>("inject"), InstanceMethod<&SoftwareWrap::plug>("plug"),
                        InstanceMethod<&SoftwareWrap::unplug>("unplug")});
  }

  explicit SoftwareWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SoftwareWrap>(info) {
    const auto object = info[0].As<Napi::Object>();
    SoftwareOptions options;
    options.serial = text(object, "serial");
    options.name = text(object, "name");
    options.depth = software_stream(object, "depth");
    options.color = software_stream(object, "color");
    options.depth_units_m = static_cast<float>(number(object, "depthUnitsM"));
    numbers(object, "rotation", options.depth_to_color.rotation);
    numbers(object, "translation", options.depth_to_color.translation);
    guarded(info.Env(), [&] { device_ = SoftwareDevice::create(options); });
    environment(info.Env()).software.push_back(device_);
  }

  ~SoftwareWrap() override {
    if (device_) device_->unplug();
  }

 private:
  void inject(const Napi::CallbackInfo& info) {
    const auto object = info[0].As<Napi::Object>();
    InjectedFrame frame;
    frame.number = integer(object, "number");
    frame.timestamp_ms = number(object, "timestampMs");
    frame.domain = integer(object, "domain");
    const auto pixels = [&](const char* key, const void*& data, std::size_t& bytes) {
      const Napi::Value value = object.Get(key);
      if (!value.IsTypedArray()) return;
      const auto array = value.As<Napi::TypedArray>();
      data = static_cast<const std::uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
      bytes = array.ByteLength();
    };
    pixels("depth", frame.depth, frame.depth_bytes);
    pixels("color", frame.color, frame.color_bytes);
    guarded(info.Env(), [&] { device_->inject(frame); });
  }
  void plug(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] { device_->plug(); });
  }
  void unplug(const Napi::CallbackInfo&) { device_->unplug(); }

  std::shared_ptr<SoftwareDevice> device_;
};

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

Napi::Object init(Napi::Env env, Napi::Object exports) {
  auto* state = new Environment;
  env.SetInstanceData(state);  // deleted with the environment, after end_environment
  ++environments;
  napi_add_env_cleanup_hook(env, end_environment, state);

  exports.Set("load", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return to_js(info.Env(), load_library(info[0].IsString() ? info[0].ToString().Utf8Value() : ""));
              }));
  exports.Set("listDevices", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Task<std::vector<DeviceInfo>>::run(
                    info.Env(), [] { return list_devices(); },
                    [](Napi::Env e, const std::vector<DeviceInfo>& infos) { return to_js(e, infos); });
              }));
  exports.Set("listProfiles", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Task<std::vector<ProfileInfo>>::run(
                    info.Env(), [serial = info[0].ToString().Utf8Value()] { return list_profiles(serial); },
                    [](Napi::Env e, const std::vector<ProfileInfo>& infos) { return to_js(e, infos); });
              }));
  exports.Set("hardwareReset", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Task<bool>::run(
                    info.Env(),
                    [serial = info[0].ToString().Utf8Value()] {
                      hardware_reset(serial);
                      return true;
                    },
                    [](Napi::Env e, const bool&) { return e.Undefined(); });
              }));
  exports.Set("stopAll", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Boolean::New(info.Env(), stop_sessions(environment(info.Env())));
              }));
  exports.Set("softwareBuffersAlive", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Number::New(info.Env(), SoftwareDevice::buffers_alive());
              }));
  exports.Set("Session", SessionWrap::define(env));
  exports.Set("SoftwareDevice", SoftwareWrap::define(env));
  exports.Set("Watcher", WatcherWrap::define(env));
  return exports;
}

}  // namespace
}  // namespace realsense

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return realsense::init(env, exports); }
NODE_API_MODULE(realsense, Init)

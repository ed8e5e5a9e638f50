// The JavaScript class of one open camera.
#include <map>
#include <optional>
#include <utility>

#include "classes.hpp"
#include "environment.hpp"
#include "task.hpp"
#include "thread_safe_notifier.hpp"
#include "values.hpp"

namespace realsense {
namespace {

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

}  // namespace

Napi::Function session_class(Napi::Env env) { return SessionWrap::define(env); }

}  // namespace realsense

// The controller core and its protocol as an addon: the simulated cell steps the state machine of the real arm.
//
// cycle(), handle(), take() run on the JavaScript thread that made the object, the sockets on a thread of their own;
// both meet in the protocol, which has a mutex, and in the controller, which needs none.
#include "cliport/controller.hpp"

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "endpoint.hpp"
#include "keys.hpp"
#include "napi_arguments.hpp"
#include "napi_arm.hpp"
#include "protocol.hpp"
#include "realtime.hpp"

namespace cliport::addon {
namespace {

/// Endpoints that still run when the process exits. process.exit() on the main thread runs no finalizers, so their
/// threads are ended here, before the libraries that they use are torn down.
class LiveEndpoints {
 public:
  ~LiveEndpoints() {
    const std::lock_guard lock(mutex_);
    for (std::unique_ptr<Endpoint>* endpoint : endpoints_) endpoint->reset();
    endpoints_.clear();
  }
  void add(std::unique_ptr<Endpoint>* endpoint) {
    const std::lock_guard lock(mutex_);
    endpoints_.insert(endpoint);
  }
  void end(std::unique_ptr<Endpoint>* endpoint) {
    const std::lock_guard lock(mutex_);
    if (endpoints_.erase(endpoint) > 0) endpoint->reset();
  }

 private:
  std::mutex mutex_;
  std::unordered_set<std::unique_ptr<Endpoint>*> endpoints_;
};

LiveEndpoints& live_endpoints() {
  static LiveEndpoints endpoints;
  return endpoints;
}

EndEffectorKind end_effector_of(const Napi::Value& value, const std::string& name) {
  if (!value.IsString()) throw wrong_type(value.Env(), name, "a string");
  const std::string text = value.As<Napi::String>().Utf8Value();
  for (const EndEffectorKind kind :
       {EndEffectorKind::kSuctionCup, EndEffectorKind::kTwoFinger, EndEffectorKind::kDigitalOutput}) {
    if (text == to_string(kind)) return kind;
  }
  throw Napi::RangeError::New(value.Env(), "Expected 'suction_cup', 'two_finger' or 'digital_output' for " + name +
                                               " but received '" + text + "'");
}

ControllerConfig config_of(const Napi::Object& options) {
  const Napi::Value arm = options.Get("arm");
  ControllerConfig config = config_for(arm.IsUndefined() ? ArmModel::kPanda : arm_of(arm, "options.arm"));
  if (const Napi::Value tool = options.Get("tool"); !tool.IsUndefined()) {
    const Napi::Object object = object_of(tool, "options.tool");
    config.tool.flange_to_tcp_m = number_of(object.Get("flangeToTcpM"), "options.tool.flangeToTcpM");
    config.tool.flange_to_tcp_yaw_rad = number_of(object.Get("flangeToTcpYawRad"), "options.tool.flangeToTcpYawRad");
  }
  if (const Napi::Value box = options.Get("motionBoxM"); !box.IsUndefined()) {
    config.motion_box_m = numbers_of<6>(box, "options.motionBoxM");
  }
  if (const Napi::Value boxes = options.Get("keepOutM"); !boxes.IsUndefined()) {
    const Napi::Array array = array_of(boxes, "options.keepOutM");
    for (std::uint32_t i = 0; i < array.Length(); ++i) {
      config.keep_out_m.push_back(numbers_of<6>(array.Get(i), "options.keepOutM[" + std::to_string(i) + "]"));
    }
  }
  if (const Napi::Value kind = options.Get("endEffector"); !kind.IsUndefined()) {
    config.end_effector.kind = end_effector_of(kind, "options.endEffector");
  }
  if (const Napi::Value watchdog = options.Get("watchdogS"); !watchdog.IsUndefined()) {
    config.watchdog_s = number_of(watchdog, "options.watchdogS");
  }
  return config;
}

std::string backend_of(const Napi::Object& options) {
  const Napi::Value backend = options.Get("backend");
  if (!backend.IsString()) throw wrong_type(options.Env(), "options.backend", "a string");
  return backend.As<Napi::String>().Utf8Value();
}

Napi::Array uint8_arrays(Napi::Env env, const std::vector<std::string_view>& messages) {
  Napi::Array arrays = Napi::Array::New(env, messages.size());
  for (std::uint32_t i = 0; i < messages.size(); ++i) {
    Napi::Uint8Array bytes = Napi::Uint8Array::New(env, messages[i].size());
    std::copy(messages[i].begin(), messages[i].end(), bytes.Data());
    arrays.Set(i, bytes);
  }
  return arrays;
}

Napi::Object keys_object(Napi::Env env, const RuntimeKeys& keys) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("controllerPublic", keys.controller_public_key);
  object.Set("runtimePublic", keys.own.public_key);
  object.Set("runtimeSecret", keys.own.secret_key);
  return object;
}

/// The runtime's keys in a folder, or in the default one; made when they are missing.
Napi::Value runtime_keys(const Napi::CallbackInfo& info) {
  try {
    const std::filesystem::path folder =
        info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : default_key_folder().string();
    make_missing_keys(folder);
    return keys_object(info.Env(), read_runtime_keys(folder));
  } catch (const KeyError& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

class AddonController final : public Napi::ObjectWrap<AddonController> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Controller",
                       {
                           InstanceMethod<&AddonController::cycle>("cycle"),
                           InstanceMethod<&AddonController::handle>("handle"),
                           InstanceMethod<&AddonController::take>("take"),
                           InstanceMethod<&AddonController::heartbeat>("heartbeat"),
                           InstanceMethod<&AddonController::state>("state"),
                           InstanceMethod<&AddonController::listen>("listen"),
                           InstanceMethod<&AddonController::io_lag_ms>("ioLagMs"),
                           InstanceMethod<&AddonController::unheard_ms>("unheardMs"),
                           InstanceMethod<&AddonController::close>("close"),
                       });
  }

  explicit AddonController(const Napi::CallbackInfo& info) : Napi::ObjectWrap<AddonController>(info) {
    const Napi::Object options = object_of(info[0], "options");
    input_ = Napi::Persistent(object_of(info[1], "input"));
    output_ = Napi::Persistent(object_of(info[2], "output"));
    read_measured();
    write_reference({});  // the buffers' sizes are checked now rather than in the first cycle
    const ControllerConfig config = config_of(options);
    try {
      controller_ = std::make_unique<Controller>(config, numbers_of<7>(options.Get("qRad"), "options.qRad"));
    } catch (const std::invalid_argument& error) {
      throw Napi::RangeError::New(info.Env(), error.what());
    }
    // Time of a message is that of the last cycle, which is never later than the message: see ReceiptStamp.
    protocol_ = std::make_unique<Protocol>(*controller_, config, backend_of(options),
                                           [this] { return now_ns_.load(std::memory_order_acquire); });
  }

  ~AddonController() override { live_endpoints().end(&endpoint_); }

 private:
  void cycle(const Napi::CallbackInfo& info) {
    if (!info[0].IsBigInt()) throw wrong_type(info.Env(), "nowNs", "a bigint");
    bool lossless = false;
    const std::int64_t now_ns = info[0].As<Napi::BigInt>().Int64Value(&lossless);
    if (!lossless || now_ns < now_ns_.load(std::memory_order_relaxed)) {
      throw Napi::RangeError::New(info.Env(), "Expected nowNs not to go back: it was " + std::to_string(now_ns_) +
                                                  " and now is " + info[0].ToString().Utf8Value());
    }
    const Measured measured = read_measured();
    cliport::Reference reference;
    now_ns_.store(now_ns, std::memory_order_release);
    controller_->cycle(now_ns, measured, reference);
    write_reference(reference);
  }

  Napi::Value handle(const Napi::CallbackInfo& info) {
    const std::span<std::uint8_t> bytes = typed_array_of<std::uint8_t>(info[0], "request");
    const std::string_view request(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const Handled handled = protocol_->handle(request, Channel::kCommands, protocol_->now_ns());
    set_busy();
    return uint8_arrays(info.Env(), {handled.replies.begin(), handled.replies.end()});
  }

  /// All events, not only those of one session: in process nobody else publishes them.
  Napi::Value take(const Napi::CallbackInfo& info) {
    std::vector<LoggedEvent> events;
    protocol_->events_since(event_cursor_, events);
    std::vector<std::string_view> replies;
    for (const LoggedEvent& event : events) replies.push_back(*event.reply);
    return uint8_arrays(info.Env(), replies);
  }

  void heartbeat(const Napi::CallbackInfo&) { protocol_->beat_for_lease_holder(); }

  Napi::Value state(const Napi::CallbackInfo& info) {
    const std::string bytes = protocol_->state();
    Napi::Uint8Array array = Napi::Uint8Array::New(info.Env(), bytes.size());
    std::copy(bytes.begin(), bytes.end(), array.Data());
    return array;
  }

  Napi::Value listen(const Napi::CallbackInfo& info) {
    if (!info[0].IsString()) throw wrong_type(info.Env(), "address", "a string");
    if (endpoint_) {
      throw Napi::Error::New(info.Env(), "Already listening at " + endpoint_->address() + ": close() it first");
    }
    Napi::Object keys;
    try {
      // Where the system allows it, as in cliport-controller: what a busy machine holds up would pass for a heartbeat
      // time-out. Keys for this endpoint alone, which leave the process with nobody but the caller.
      const KeyPair own = make_key_pair();
      const KeyPair runtime = make_key_pair();
      endpoint_ = std::make_unique<Endpoint>(
          *protocol_, Endpoint::Options{.address = info[0].ToString().Utf8Value(),
                                        .keys = {.secret_key = own.secret_key, .runtimes = {runtime.public_key}},
                                        .realtime_priority = may_use_fifo() ? kEndpointPriority : 0});
      keys = keys_object(info.Env(), {.controller_public_key = own.public_key, .own = runtime});
    } catch (const std::runtime_error& error) {
      throw Napi::Error::New(info.Env(), error.what());
    }
    live_endpoints().add(&endpoint_);
    Napi::Object bound = Napi::Object::New(info.Env());
    bound.Set("address", endpoint_->address());
    bound.Set("keys", keys);
    return bound;
  }

  Napi::Value io_lag_ms(const Napi::CallbackInfo& info) {
    const std::int64_t lag_ns = endpoint_ ? monotonic_ns() - endpoint_->looked_ns() : 0;
    return Napi::Number::New(info.Env(), static_cast<double>(lag_ns) * 1e-6);
  }

  Napi::Value unheard_ms(const Napi::CallbackInfo& info) {
    const std::uint64_t session = endpoint_ ? controller_->snapshot().lease_session : 0;
    const std::int64_t unheard_ns = session == 0 ? 0 : now_ns_.load() - endpoint_->heard_ns(session);
    return Napi::Number::New(info.Env(), static_cast<double>(unheard_ns) * 1e-6);
  }

  void close(const Napi::CallbackInfo&) { live_endpoints().end(&endpoint_); }

  /// Looks the arrays up in every cycle, so that one that was transferred away is an error and not a crash.
  Measured read_measured() {
    const Napi::Object input = input_.Value();
    const std::span<double> q_rad = typed_array_of<double>(input.Get("qRad"), "input.qRad", 7);
    const std::span<double> dq_radps = typed_array_of<double>(input.Get("dqRadps"), "input.dqRadps", 7);
    const std::span<std::uint8_t> flags = typed_array_of<std::uint8_t>(input.Get("flags"), "input.flags", 2);
    Measured measured;
    std::copy(q_rad.begin(), q_rad.end(), measured.q_rad.begin());
    std::copy(dq_radps.begin(), dq_radps.end(), measured.dq_radps.begin());
    measured.contact = flags[0] != 0;
    measured.holding = flags[1] != 0;
    return measured;
  }

  void write_reference(const cliport::Reference& reference) {
    const Napi::Object output = output_.Value();
    const std::span<double> q_rad = typed_array_of<double>(output.Get("qRefRad"), "output.qRefRad", 7);
    const std::span<double> dq_radps = typed_array_of<double>(output.Get("dqRefRadps"), "output.dqRefRadps", 7);
    const std::span<std::uint8_t> flags = typed_array_of<std::uint8_t>(output.Get("flags"), "output.flags", 3);
    if (!controller_) return;
    std::copy(reference.q_rad.begin(), reference.q_rad.end(), q_rad.begin());
    std::copy(reference.dq_radps.begin(), reference.dq_radps.end(), dq_radps.begin());
    flags[0] = reference.grasp ? 1 : 0;
    flags[1] = static_cast<std::uint8_t>(controller_->snapshot().mode);
    flags[2] = protocol_->is_busy() ? 1 : 0;
  }

  /// Whoever runs cycles for as long as a command is active must run at least one after each message.
  void set_busy() { typed_array_of<std::uint8_t>(output_.Value().Get("flags"), "output.flags", 3)[2] = 1; }

  Napi::ObjectReference input_;
  Napi::ObjectReference output_;
  std::atomic<std::int64_t> now_ns_{0};
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<Protocol> protocol_;
  std::unique_ptr<Endpoint> endpoint_;  ///< owned together with live_endpoints(), which ends it
  std::uint64_t event_cursor_ = 0;
};

Napi::Object init(Napi::Env env, Napi::Object exports) {
  live_endpoints();  // made before the first endpoint, so that it ends after none
  exports.Set("Controller", AddonController::define(env));
  exports.Set("runtimeKeys", Napi::Function::New<runtime_keys>(env, "runtimeKeys"));
  return exports;
}

NODE_API_MODULE(controller, init)

}  // namespace
}  // namespace cliport::addon

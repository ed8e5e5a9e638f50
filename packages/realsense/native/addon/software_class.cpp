// The JavaScript class of a software camera (tests).
#include "classes.hpp"
#include "environment.hpp"
#include "task.hpp"
#include "values.hpp"

namespace realsense {
namespace {

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

}  // namespace

Napi::Function software_class(Napi::Env env) { return SoftwareWrap::define(env); }

}  // namespace realsense

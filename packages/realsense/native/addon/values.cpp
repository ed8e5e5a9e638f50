#include "values.hpp"

namespace realsense {
namespace {

bool flag(const Napi::Object& object, const char* key) { return object.Get(key).ToBoolean(); }

template <typename Each>
void each(const Napi::Object& object, const char* key, Each visit) {
  const Napi::Value value = object.Get(key);
  if (!value.IsArray()) return;
  const Napi::Array array = value.As<Napi::Array>();
  for (std::uint32_t i = 0; i < array.Length(); ++i) visit(array.Get(i).As<Napi::Object>());
}

OptionValue option_value(const Napi::Object& object) {
  return {text(object, "name"), static_cast<float>(number(object, "value"))};
}

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

}  // namespace

std::string text(const Napi::Object& object, const char* key) {
  const Napi::Value value = object.Get(key);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
}
double number(const Napi::Object& object, const char* key, double fallback) {
  const Napi::Value value = object.Get(key);
  return value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : fallback;
}
int integer(const Napi::Object& object, const char* key, int fallback) {
  return static_cast<int>(number(object, key, fallback));
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

}  // namespace realsense

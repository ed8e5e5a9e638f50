// heightmap.node: frames to heightmap on the thread pool (src/native/heightmap.ts).

#include "cliport/heightmap.hpp"

#include <napi.h>

#include "napi_arguments.hpp"

namespace cliport::addon {
namespace {

LensModel lens_model_of(const Napi::Value& value, const std::string& name) {
  const std::string word = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  if (word == "pinhole") return LensModel::kPinhole;
  if (word == "brown-conrady") return LensModel::kBrownConrady;
  if (word == "brown-conrady-two") return LensModel::kBrownConradyTwo;
  throw wrong_type(value.Env(), name, "'pinhole', 'brown-conrady' or 'brown-conrady-two'");
}

ColorCamera color_camera_of(const Napi::Value& value, const std::string& name) {
  const Napi::Object object = object_of(value, name);
  const std::string intrinsics = name + ".intrinsics";
  ColorCamera camera;
  camera.intrinsics = intrinsics_of(object_of(object.Get("intrinsics"), intrinsics), intrinsics);
  camera.T_color_depth = transform_of(object.Get("T_color_depth"), name + ".T_color_depth");
  camera.lens.model = lens_model_of(object.Get("lens"), name + ".lens");
  camera.lens.coefficients = numbers_of<5>(object.Get("coefficients"), name + ".coefficients");
  return camera;
}

RgbdFrame frame_of(const Napi::Value& value, const std::string& name, Pins& pins) {
  const Napi::Object object = object_of(value, name);
  RgbdFrame frame;
  frame.intrinsics = intrinsics_of(object, name);
  frame.T_base_camera = transform_of(object.Get("T_base_camera"), name + ".T_base_camera");
  const std::size_t pixels = frame.intrinsics.pixels();
  std::size_t color_pixels = pixels;
  if (const Napi::Value value = object.Get("colorCamera"); !value.IsUndefined()) {
    frame.color_camera = color_camera_of(value, name + ".colorCamera");
    color_pixels = frame.color_camera->intrinsics.pixels();
  }
  frame.color = typed_array_of<std::uint8_t>(object.Get("color"), name + ".color", 3 * color_pixels);
  pin(pins, object.Get("color").As<Napi::Object>());
  if (const Napi::Value raw = object.Get("depthRaw"); !raw.IsUndefined()) {
    frame.depth_raw = typed_array_of<std::uint16_t>(raw, name + ".depthRaw", pixels);
    frame.depth_scale_m = static_cast<float>(number_of(object.Get("depthScaleM"), name + ".depthScaleM"));
    pin(pins, raw.As<Napi::Object>());
  } else {
    frame.depth_m = typed_array_of<float>(object.Get("depthM"), name + ".depthM", pixels);
    pin(pins, object.Get("depthM").As<Napi::Object>());
  }
  if (const Napi::Value lens = object.Get("lens"); !lens.IsUndefined()) {
    frame.lens = {lens_model_of(lens, name + ".lens"),
                  numbers_of<5>(object.Get("coefficients"), name + ".coefficients")};
  }
  if (const Napi::Value labels = object.Get("labels"); !labels.IsUndefined()) {
    frame.labels = typed_array_of<std::uint8_t>(labels, name + ".labels", pixels);
    pin(pins, labels.As<Napi::Object>());
  }
  return frame;
}

HeightmapSpec spec_of(const Napi::Value& value) {
  const Napi::Object object = object_of(value, "spec");
  const auto number = [&object](const char* key) { return number_of(object.Get(key), std::string("spec.") + key); };
  HeightmapSpec spec;
  spec.x_min_m = number("xMinM");
  spec.x_max_m = number("xMaxM");
  spec.y_min_m = number("yMinM");
  spec.y_max_m = number("yMaxM");
  spec.z_min_m = number("zMinM");
  spec.z_max_m = number("zMaxM");
  spec.pixel_m = number("pixelM");
  return spec;
}

// What is done to a map once it is projected; 0: nothing.
struct Cleanup {
  double outlier_tolerance_m = 0.0;
  int outlier_support = 0;
  int hole_passes = 0;
};

Cleanup cleanup_of(const Napi::Object& options) {
  Cleanup cleanup;
  if (const Napi::Value value = options.Get("outliers"); !value.IsUndefined()) {
    const Napi::Object outliers = object_of(value, "options.outliers");
    cleanup.outlier_tolerance_m = number_of(outliers.Get("toleranceM"), "options.outliers.toleranceM");
    cleanup.outlier_support = integer_of(outliers.Get("minSupport"), "options.outliers.minSupport", 1, 8);
  }
  if (const Napi::Value passes = options.Get("holePasses"); !passes.IsUndefined()) {
    cleanup.hole_passes = integer_of(passes, "options.holePasses", 0, kMaxHolePasses);
  }
  return cleanup;
}

Status clean(const HeightmapView& map, const Cleanup& cleanup) {
  if (cleanup.outlier_support > 0) {
    const Status status = remove_outliers(map, cleanup.outlier_tolerance_m, cleanup.outlier_support);
    if (!status.ok()) return status;
  }
  return cleanup.hole_passes > 0 ? fill_holes(map, cleanup.hole_passes) : Status{};
}

HeightmapOptions options_of(const Napi::Object& object) {
  HeightmapOptions options;
  if (const Napi::Value fast = object.Get("fast"); !fast.IsUndefined()) {
    options.mode = boolean_of(fast, "options.fast") ? HeightmapMode::kFast : HeightmapMode::kExact;
  }
  if (const Napi::Value threads = object.Get("threads"); !threads.IsUndefined()) {
    options.threads = integer_of(threads, "options.threads", 1, kMaxHeightmapThreads);
  }
  return options;
}

// project(frames, spec, output, options?): Promise<void>
Napi::Value project(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Pins pins;
  const Napi::Array array = array_of(info[0], "frames");
  std::vector<RgbdFrame> frames;
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    frames.push_back(frame_of(array.Get(i), "frames[" + std::to_string(i) + "]", pins));
  }
  const HeightmapSpec spec = spec_of(info[1]);
  const std::size_t cells = static_cast<std::size_t>(spec.rows()) * static_cast<std::size_t>(spec.cols());
  const Napi::Object given = info[3].IsUndefined() ? Napi::Object::New(env) : object_of(info[3], "options");
  const HeightmapOptions options = options_of(given);
  const Cleanup cleanup = cleanup_of(given);
  throw_if_refused(env, check_heightmap(frames, spec, cells, 3 * cells, 0, options));

  const Napi::Object output = object_of(info[2], "output");
  const auto height_m = typed_array_of<float>(output.Get("heightM"), "output.heightM", cells);
  const auto color = typed_array_of<std::uint8_t>(output.Get("color"), "output.color", 3 * cells);
  pin(pins, output.Get("heightM").As<Napi::Object>());
  pin(pins, output.Get("color").As<Napi::Object>());
  std::span<std::uint8_t> labels;
  if (const Napi::Value value = output.Get("labels"); !value.IsUndefined()) {
    labels = typed_array_of<std::uint8_t>(value, "output.labels", cells);
    pin(pins, value.As<Napi::Object>());
  }

  return PromisedWork::start(env, std::move(pins),
                             [frames = std::move(frames), spec, height_m, color, labels, options, cleanup] {
                               const Status status = project_heightmap(frames, spec, height_m, color, labels, options);
                               if (!status.ok()) return status;
                               return clean({spec.rows(), spec.cols(), height_m, color}, cleanup);
                             });
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("project", Napi::Function::New(env, project, "project"));
  return exports;
}

}  // namespace
}  // namespace cliport::addon

static Napi::Object initialize(Napi::Env env, Napi::Object exports) { return cliport::addon::initialize(env, exports); }
NODE_API_MODULE(heightmap, initialize)

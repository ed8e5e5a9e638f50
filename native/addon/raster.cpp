// raster.node: the software rasteriser and a depth camera's faults (src/native/raster.ts).

#include "cliport/raster.hpp"

#include <napi.h>

#include <algorithm>
#include <cmath>

#include "cliport/sensor_noise.hpp"
#include "napi_arguments.hpp"

namespace cliport::addon {
namespace {

std::string at_index(const char* name, std::uint32_t i) {
  return std::string(name).append("[").append(std::to_string(i)).append("]");
}

Mesh mesh_of(const Napi::Value& value, const std::string& name) {
  const Napi::Object object = object_of(value, name);
  const auto positions = typed_array_of<float>(object.Get("positionsM"), name + ".positionsM");
  const auto color = typed_array_of<float>(object.Get("colorRgb"), name + ".colorRgb", positions.size() / 9 * 3);
  const int label = integer_of(object.Get("label"), name + ".label", 0, 255);
  return {{positions.begin(), positions.end()}, {color.begin(), color.end()}, static_cast<std::uint8_t>(label)};
}

View view_of(const Napi::Value& value, const std::string& name) {
  const Napi::Object object = object_of(value, name);
  return {intrinsics_of(object, name), transform_of(object.Get("T_base_camera"), name + ".T_base_camera")};
}

RenderTarget target_of(const Napi::Value& value, const std::string& name, std::size_t pixels, Pins& pins) {
  const Napi::Object object = object_of(value, name);
  RenderTarget target;
  target.color = typed_array_of<std::uint8_t>(object.Get("color"), name + ".color", 3 * pixels);
  target.depth_m = typed_array_of<float>(object.Get("depthM"), name + ".depthM", pixels);
  pin(pins, object.Get("color").As<Napi::Object>());
  pin(pins, object.Get("depthM").As<Napi::Object>());
  if (const Napi::Value labels = object.Get("labels"); !labels.IsUndefined()) {
    target.labels = typed_array_of<std::uint8_t>(labels, name + ".labels", pixels);
    pin(pins, labels.As<Napi::Object>());
  }
  return target;
}

Light light_of(const Napi::Value& value) {
  const Napi::Object object = object_of(value, "light");
  return {numbers_of<3>(object.Get("direction"), "light.direction"), number_of(object.Get("ambient"), "light.ambient"),
          boolean_of(object.Get("shadows"), "light.shadows")};
}

// Arguments of one render. Poses are copied; targets are the caller's memory.
struct Job {
  std::vector<Transform> T_base_object;
  std::vector<View> views;
  std::vector<RenderTarget> targets;
  Light light;
  std::array<double, 3> background;
};

class RasterizerObject : public Napi::ObjectWrap<RasterizerObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Rasterizer",
                       {InstanceMethod<&RasterizerObject::render>("render"),
                        InstanceMethod<&RasterizerObject::render_sync>("renderSync")});
  }

  explicit RasterizerObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<RasterizerObject>(info) {
    const Napi::Array array = array_of(info[0], "instances");
    std::vector<Mesh> meshes;
    for (std::uint32_t i = 0; i < array.Length(); ++i) {
      meshes.push_back(mesh_of(array.Get(i), at_index("instances", i)));
    }
    throw_if_refused(info.Env(), Rasterizer::check(meshes));
    meshes_ = meshes.size();
    rasterizer_ = std::make_shared<const Rasterizer>(std::move(meshes));
  }

 private:
  Job job_of(const Napi::CallbackInfo& info, Pins& pins) const {
    Job job;
    const auto poses = typed_array_of<double>(info[0], "T_base_object", 16 * meshes_);
    job.T_base_object.resize(meshes_);
    for (std::size_t i = 0; i < meshes_; ++i) {
      std::copy_n(poses.begin() + static_cast<std::ptrdiff_t>(16 * i), 16, job.T_base_object[i].begin());
    }
    const Napi::Array cameras = array_of(info[1], "cameras"), targets = array_of(info[2], "targets");
    if (targets.Length() != cameras.Length()) {
      throw Napi::RangeError::New(info.Env(), "Expected " + std::to_string(cameras.Length()) +
                                                  " elements for targets but received " +
                                                  std::to_string(targets.Length()));
    }
    for (std::uint32_t i = 0; i < cameras.Length(); ++i) {
      job.views.push_back(view_of(cameras.Get(i), at_index("cameras", i)));
      job.targets.push_back(
          target_of(targets.Get(i), at_index("targets", i), job.views.back().intrinsics.pixels(), pins));
    }
    job.light = light_of(info[3]);
    job.background = numbers_of<3>(info[4], "background");
    throw_if_refused(info.Env(),
                     rasterizer_->check(job.T_base_object, job.views, job.targets, job.light, job.background));
    return job;
  }

  static Status run(const Rasterizer& rasterizer, const Job& job) {
    return rasterizer.render(job.T_base_object, job.views, job.targets, job.light, job.background);
  }

  // render(T_base_object, cameras, targets, light, background): Promise<void>
  Napi::Value render(const Napi::CallbackInfo& info) {
    Pins pins;
    Job job = job_of(info, pins);
    return PromisedWork::start(info.Env(), std::move(pins),
                               [rasterizer = rasterizer_, job = std::move(job)] { return run(*rasterizer, job); });
  }

  void render_sync(const Napi::CallbackInfo& info) {
    Pins pins;
    throw_if_refused(info.Env(), run(*rasterizer_, job_of(info, pins)));
  }

  std::size_t meshes_ = 0;
  std::shared_ptr<const Rasterizer> rasterizer_;  // shared with renders that are under way
};

// addSensorNoise(target, width, height, noise, seed)
void add_noise(const Napi::CallbackInfo& info) {
  const int width = integer_of(info[1], "width", 1, kMaxImageSide);
  const int height = integer_of(info[2], "height", 1, kMaxImageSide);
  Pins pins;
  const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  const RenderTarget target = target_of(info[0], "target", pixels, pins);
  const Napi::Object object = object_of(info[3], "noise");
  const auto number = [&object](const char* key) { return number_of(object.Get(key), std::string("noise.") + key); };
  const SensorNoise noise{number("depthSigmaM"), number("colorSigma"), number("edgeHoleProbability"),
                          number("blobHoleProbability")};
  const double seed = number_of(info[4], "seed");
  if (!(seed >= 0.0 && seed <= 9007199254740991.0) || seed != std::floor(seed)) {
    throw Napi::RangeError::New(
        info.Env(), "Expected a whole number of at least 0 for seed but received " + info[4].ToString().Utf8Value());
  }
  throw_if_refused(info.Env(), add_sensor_noise(width, height, target.depth_m, target.color, noise,
                                                static_cast<std::uint64_t>(seed)));
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("Rasterizer", RasterizerObject::define(env));
  exports.Set("addSensorNoise", Napi::Function::New(env, add_noise, "addSensorNoise"));
  return exports;
}

}  // namespace
}  // namespace cliport::addon

static Napi::Object initialize(Napi::Env env, Napi::Object exports) { return cliport::addon::initialize(env, exports); }
NODE_API_MODULE(raster, initialize)

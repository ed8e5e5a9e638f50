// engine.node: graphs on ONNX Runtime's C interface, with all options of its execution providers
// (src/native/engine.ts).

#include <napi.h>
#include <sys/resource.h>

#include <chrono>
#include <cstring>
#include <unordered_map>

#include "napi_arguments.hpp"
#include "onnxruntime/session.hpp"
#include "task_thread.hpp"

namespace cliport::addon {
namespace {

using onnxruntime::Cancellation;
using onnxruntime::Failure;
using onnxruntime::FailureKind;
using onnxruntime::Library;
using onnxruntime::Session;
using onnxruntime::SessionSettings;
using onnxruntime::TensorDescription;

const char* code_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::kLibrary:
      return "LIBRARY";
    case FailureKind::kVersion:
      return "VERSION";
    case FailureKind::kOption:
      return "OPTION";
    case FailureKind::kProvider:
      return "PROVIDER";
    case FailureKind::kGraph:
      return "GRAPH";
    case FailureKind::kCanceled:
      return "CANCELED";
  }
  return "GRAPH";
}

/// An Error with `code` and `log`: what ONNX Runtime logged meanwhile, which often has the reason.
Napi::Value error_of(Napi::Env env, std::exception_ptr thrown, const std::vector<std::string>& log) {
  std::string message = "unknown error";
  const char* code = "GRAPH";
  try {
    std::rethrow_exception(thrown);
  } catch (const Failure& failure) {
    message = failure.what();
    code = code_of(failure.kind);
  } catch (const std::exception& error) {
    message = error.what();
  } catch (...) {  // nothing that ONNX Runtime or this file throws
  }
  const Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", code);
  Napi::Array lines = Napi::Array::New(env, log.size());
  for (std::uint32_t i = 0; i < log.size(); ++i) lines.Set(i, log[i]);
  error.Set("log", lines);
  return error.Value();
}

/// As src/io/policy/graph-spec.ts names types; those that no policy has for messages.
const char* type_name(int type) {
  static constexpr const char* kNames[] = {"undefined", "float32", "uint8",     "int8",       "uint16",  "int16",
                                           "int32",     "int64",   "string",    "bool",       "float16", "float64",
                                           "uint32",    "uint64",  "complex64", "complex128", "bfloat16"};
  return type >= 0 && type < static_cast<int>(std::size(kNames)) ? kNames[type] : "a newer type";
}

Napi::Array tensors_of(Napi::Env env, const std::vector<TensorDescription>& tensors) {
  Napi::Array list = Napi::Array::New(env, tensors.size());
  for (std::uint32_t i = 0; i < tensors.size(); ++i) {
    Napi::Object tensor = Napi::Object::New(env);
    tensor.Set("tensor", tensors[i].name);
    tensor.Set("type", type_name(tensors[i].type));
    Napi::Array shape = Napi::Array::New(env, tensors[i].shape.size());
    for (std::uint32_t side = 0; side < tensors[i].shape.size(); ++side) {
      shape.Set(side, static_cast<double>(tensors[i].shape[side]));
    }
    tensor.Set("shape", shape);
    list.Set(i, tensor);
  }
  return list;
}

Napi::Object assignments_of(Napi::Env env, const onnxruntime::Assignments& assignments) {
  Napi::Object providers = Napi::Object::New(env);
  for (const auto& [provider, operators] : assignments) {
    Napi::Object counts = Napi::Object::New(env);
    for (const auto& [type, count] : operators) counts.Set(type, count);
    providers.Set(provider, counts);
  }
  return providers;
}

Napi::Value typed_array(Napi::Env env, int type, std::span<const std::byte> bytes) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, bytes.size());
  std::memcpy(buffer.Data(), bytes.data(), bytes.size());
  switch (type) {
    case onnxruntime::abi::kFloat32:
      return Napi::Float32Array::New(env, bytes.size() / 4, buffer, 0);
    case onnxruntime::abi::kInt64:
      return Napi::BigInt64Array::New(env, bytes.size() / 8, buffer, 0);
    default:
      return Napi::Uint8Array::New(env, bytes.size(), buffer, 0);
  }
}

/// The memory of any typed array, not copied.
std::span<const std::byte> bytes_of_array(const Napi::Value& value, const std::string& name) {
  if (!value.IsTypedArray()) throw wrong_type(value.Env(), name, "a typed array");
  const auto array = value.As<Napi::TypedArray>();
  void* data = nullptr;
  if (napi_get_typedarray_info(value.Env(), value, nullptr, nullptr, &data, nullptr, nullptr) != napi_ok) {
    throw wrong_type(value.Env(), name, "a typed array");
  }
  return {static_cast<const std::byte*>(data), array.ByteLength()};
}

/// A record of strings, in its own order.
onnxruntime::Options options_of(const Napi::Value& value, const std::string& name) {
  onnxruntime::Options options;
  if (value.IsUndefined()) return options;
  const Napi::Object object = object_of(value, name);
  const Napi::Array keys = object.GetPropertyNames();
  for (std::uint32_t i = 0; i < keys.Length(); ++i) {
    const std::string key = keys.Get(i).ToString();
    const Napi::Value option = object.Get(key);
    if (!option.IsString()) throw wrong_type(value.Env(), name + "." + key, "a string");
    options.emplace_back(key, option.As<Napi::String>());
  }
  return options;
}

SessionSettings settings_of(const Napi::Object& object) {
  SessionSettings settings;
  const Napi::Value graph = object.Get("graph");
  if (graph.IsString()) {
    settings.path = graph.As<Napi::String>();
  } else {
    settings.bytes = bytes_of_array(graph, "settings.graph");
  }
  const Napi::Array providers = array_of(object.Get("providers"), "settings.providers");
  for (std::uint32_t i = 0; i < providers.Length(); ++i) {
    const std::string name = "settings.providers[" + std::to_string(i) + "]";
    const Napi::Object provider = object_of(providers.Get(i), name);
    settings.providers.push_back(
        {provider.Get("name").ToString(), options_of(provider.Get("options"), name + ".options")});
  }
  settings.threads = integer_of(object.Get("threads"), "settings.threads", 1, 256);
  settings.keep_memory = boolean_of(object.Get("keepMemory"), "settings.keepMemory");
  settings.config = options_of(object.Get("config"), "settings.config");
  return settings;
}

/// What the engine's thread works on.
struct Graphs {
  explicit Graphs(std::string path) : path(std::move(path)) {}
  std::string path;
  const Library* library = nullptr;
  std::unordered_map<std::string, std::unique_ptr<Session>> sessions;

  const Library& opened() {
    if (library == nullptr) library = &Library::open(path);
    return *library;
  }
  Session& session(const std::string& name) {
    const auto found = sessions.find(name);
    if (found == sessions.end()) throw Failure(FailureKind::kGraph, "Expected an open graph but received " + name);
    return *found->second;
  }
};

/// A thread begins with the priority of the one that starts it, and ONNX Runtime's with this one's. What the main
/// thread took for the link's sake is not meant for inference (src/io/policy/policy-worker.ts). On Linux a priority is
/// a thread's.
void take_ordinary_priority() {
#ifdef __linux__
  if (getpriority(PRIO_PROCESS, 0) < 0) setpriority(PRIO_PROCESS, 0, 0);
#endif
}

class Engine final : public Napi::ObjectWrap<Engine> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Engine",
                       {InstanceMethod<&Engine::library>("library"), InstanceMethod<&Engine::check>("check"),
                        InstanceMethod<&Engine::open>("open"), InstanceMethod<&Engine::run>("run"),
                        InstanceMethod<&Engine::release>("release"), InstanceMethod<&Engine::cancel>("cancel"),
                        InstanceMethod<&Engine::close>("close")});
  }

  explicit Engine(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<Engine>(info), graphs_(std::make_shared<Graphs>(info[0].ToString())) {
    thread_ = TaskThread::start(info.Env(), take_ordinary_priority);
  }
  ~Engine() override { thread_->end(); }

 private:
  using Value = std::function<Napi::Value(Napi::Env)>;

  /// Posts `work`, which returns what makes the answer on the JavaScript thread.
  template <typename Work>
  Napi::Promise post(Napi::Env env, Pins pins, std::shared_ptr<Cancellation> cancellation, Work work) {
    const auto deferred = Napi::Promise::Deferred::New(env);
    struct Answer {
      Value value;
      std::vector<std::string> log;
    };
    auto answer = std::make_shared<Answer>();
    auto task = std::make_shared<TaskThread::Task>();
    task->work = [answer, work = std::move(work)] {
      const onnxruntime::LogCapture capture;
      try {
        answer->value = work(capture);
      } catch (...) {
        answer->log = capture.lines();
        throw;
      }
    };
    task->settle = [answer, deferred, pins = std::make_shared<Pins>(std::move(pins))](Napi::Env e,
                                                                                      std::exception_ptr error) {
      pins->clear();
      if (error) return deferred.Reject(error_of(e, error, answer->log));
      deferred.Resolve(answer->value(e));
    };
    if (cancellation) task->cancel = [cancellation] { cancellation->cancel(); };
    if (thread_->ended()) {
      deferred.Reject(Napi::Error::New(env, "the engine was closed").Value());
    } else {
      thread_->post(std::move(task));
    }
    return deferred.Promise();
  }

  Napi::Value library(const Napi::CallbackInfo& info) {
    return post(info.Env(), {}, nullptr, [graphs = graphs_](const onnxruntime::LogCapture&) -> Value {
      const Library* library = &graphs->opened();
      return [library](Napi::Env env) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("path", library->path());
        object.Set("version", library->version());
        object.Set("build", library->build());
        Napi::Array providers = Napi::Array::New(env);
        for (const std::string& name : library->providers()) providers.Set(providers.Length(), name);
        object.Set("providers", providers);
        return object;
      };
    });
  }

  Napi::Value check(const Napi::CallbackInfo& info) {
    return post(
        info.Env(), {}, nullptr,
        [graphs = graphs_, choice = onnxruntime::ProviderChoice{info[0].ToString(), options_of(info[1], "options")}](
            const onnxruntime::LogCapture&) -> Value {
          onnxruntime::check_options(graphs->opened(), choice);
          return [](Napi::Env env) { return env.Undefined(); };
        });
  }

  Napi::Value open(const Napi::CallbackInfo& info) {
    const std::string name = info[0].ToString();
    const Napi::Object object = object_of(info[1], "settings");
    Pins pins;
    pin(pins, object);
    auto cancellation = cancellation_of(info[2]);
    return post(info.Env(), std::move(pins), cancellation,
                [graphs = graphs_, name, settings = settings_of(object),
                 cancellation](const onnxruntime::LogCapture& capture) -> Value {
                  const Library& library = graphs->opened();
                  graphs->sessions[name] = std::make_unique<Session>(library, settings, *cancellation);
                  return [inputs = graphs->session(name).inputs(), outputs = graphs->session(name).outputs(),
                          assignments = graphs->session(name).assignments(), log = capture.lines()](Napi::Env env) {
                    Napi::Object opened = Napi::Object::New(env);
                    opened.Set("inputs", tensors_of(env, inputs));
                    opened.Set("outputs", tensors_of(env, outputs));
                    opened.Set("assignments", assignments_of(env, assignments));
                    Napi::Array lines = Napi::Array::New(env);
                    for (const std::string& line : log) lines.Set(lines.Length(), line);
                    opened.Set("log", lines);
                    return opened;
                  };
                });
  }

  Napi::Value run(const Napi::CallbackInfo& info) {
    const std::string name = info[0].ToString();
    const Napi::Object feeds = object_of(info[1], "inputs");
    Pins pins;
    std::unordered_map<std::string, std::span<const std::byte>> memory;
    const Napi::Array names = feeds.GetPropertyNames();
    for (std::uint32_t i = 0; i < names.Length(); ++i) {
      const std::string tensor = names.Get(i).ToString();
      const Napi::Value array = feeds.Get(tensor);
      memory.emplace(tensor, bytes_of_array(array, "inputs." + tensor));
      pin(pins, array.As<Napi::Object>());
    }
    auto cancellation = cancellation_of(info[2]);
    return post(
        info.Env(), std::move(pins), cancellation,
        [graphs = graphs_, name, memory = std::move(memory), cancellation](const onnxruntime::LogCapture&) -> Value {
          Session& session = graphs->session(name);
          std::vector<std::span<const std::byte>> inputs;
          for (const TensorDescription& tensor : session.inputs()) {
            const auto found = memory.find(tensor.name);
            if (found == memory.end()) throw Failure(FailureKind::kGraph, "Expected an input " + tensor.name);
            inputs.push_back(found->second);
          }
          const auto begin = std::chrono::steady_clock::now();
          session.run(inputs, *cancellation);
          const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
          return result_of(session, took.count());
        });
  }

  /// Taken on the engine's thread, before the next run writes into the bound buffers.
  static Value result_of(const Session& session, double duration_ms) {
    struct Copy {
      std::string name;
      int type;
      std::vector<std::byte> bytes;
    };
    std::vector<Copy> copies;
    for (std::size_t i = 0; i < session.outputs().size(); ++i) {
      const auto bytes = session.output(i);
      copies.push_back({session.outputs()[i].name, session.outputs()[i].type, {bytes.begin(), bytes.end()}});
    }
    return [copies = std::move(copies), duration_ms](Napi::Env env) {
      Napi::Object outputs = Napi::Object::New(env);
      for (const Copy& copy : copies) outputs.Set(copy.name, typed_array(env, copy.type, copy.bytes));
      Napi::Object result = Napi::Object::New(env);
      result.Set("outputs", outputs);
      result.Set("durationMs", duration_ms);
      return result;
    };
  }

  Napi::Value release(const Napi::CallbackInfo& info) {
    return post(info.Env(), {}, nullptr,
                [graphs = graphs_, name = std::string(info[0].ToString())](const onnxruntime::LogCapture&) -> Value {
                  graphs->sessions.erase(name);
                  return [](Napi::Env env) { return env.Undefined(); };
                });
  }

  void cancel(const Napi::CallbackInfo& info) {
    if (const auto found = cancellations_.find(integer_of(info[0], "id", 0, kMostIds)); found != cancellations_.end()) {
      if (const auto cancellation = found->second.lock()) cancellation->cancel();
    }
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    const Napi::Value closed =
        post(info.Env(), {}, nullptr, [graphs = graphs_](const onnxruntime::LogCapture&) -> Value {
          graphs->sessions.clear();
          return [](Napi::Env env) { return env.Undefined(); };
        });
    thread_->end();
    return closed;
  }

  /// By the caller's number, for `cancel`. Those whose task is over are forgotten.
  std::shared_ptr<Cancellation> cancellation_of(const Napi::Value& id) {
    std::erase_if(cancellations_, [](const auto& entry) { return entry.second.expired(); });
    auto made = std::make_shared<Cancellation>();
    cancellations_[integer_of(id, "id", 0, kMostIds)] = made;
    return made;
  }

  static constexpr int kMostIds = 2147483647;
  std::shared_ptr<Graphs> graphs_;
  std::shared_ptr<TaskThread> thread_;
  std::unordered_map<int, std::weak_ptr<Cancellation>> cancellations_;
};

/// The numbers of all slots that are used, by name, for the test that holds them against an independent list.
Napi::Object slots(Napi::Env env) {
  Napi::Object numbers = Napi::Object::New(env);
#define X(slot, result, name, parameters) numbers.Set(#name, slot);
  ONNXRUNTIME_SLOTS(X)
  ONNXRUNTIME_LATER_SLOTS(X)
#undef X
  return numbers;
}

Napi::Value why_not(const Napi::CallbackInfo& info) {
  const std::string reason = onnxruntime::why_provider_does_not_load(info[0].ToString(), info[1].ToString());
  return reason.empty() ? info.Env().Null() : Napi::String::New(info.Env(), reason);
}

Napi::Value tensorrt_version(const Napi::CallbackInfo& info) {
  const std::string version = onnxruntime::tensorrt_version();
  return version.empty() ? info.Env().Null() : Napi::String::New(info.Env(), version);
}

}  // namespace
}  // namespace cliport::addon

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("Engine", cliport::addon::Engine::define(env));
  exports.Set("slots", cliport::addon::slots(env));
  exports.Set("whyProviderDoesNotLoad", Napi::Function::New(env, cliport::addon::why_not, "whyProviderDoesNotLoad"));
  exports.Set("tensorRtVersion", Napi::Function::New(env, cliport::addon::tensorrt_version, "tensorRtVersion"));
  return exports;
}
NODE_API_MODULE(engine, initialize)

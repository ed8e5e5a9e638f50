// engine.node: graphs on ONNX Runtime's C interface, with all options of its execution providers
// (src/native/engine.ts).

#include <napi.h>
#include <sys/resource.h>

#include <chrono>
#include <unordered_map>

#include "engine_values.hpp"
#include "napi_arguments.hpp"
#include "onnxruntime/session.hpp"
#include "task_thread.hpp"

namespace cliport::addon {
namespace {

using onnxruntime::Cancellation;
using onnxruntime::Failure;
using onnxruntime::Library;
using onnxruntime::Session;
using onnxruntime::SessionSettings;
using onnxruntime::TensorDescription;

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

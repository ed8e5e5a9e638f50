#include "onnxruntime/session.hpp"

namespace cliport::onnxruntime {
namespace {

std::size_t element_bytes(int type) {
  switch (type) {
    case abi::kFloat32:
      return 4;
    case abi::kUint8:
      return 1;
    case abi::kInt64:
      return 8;
    default:
      return 0;
  }
}

/// Turns the ends of a loading or a run into what the caller asked for: after `cancel`, any error is the cancellation.
template <typename Work>
void cancelable(const Cancellation& cancellation, const Work& work) {
  try {
    work();
  } catch (const Failure& failure) {
    if (!cancellation.canceled()) throw;
    throw Failure(FailureKind::kCanceled, failure.what());
  }
}

Owned<abi::SessionOptions> session_options(const Library& library, const SessionSettings& settings) {
  const abi::Api& api = library.api();
  abi::SessionOptions* made = nullptr;
  library.check(api.CreateSessionOptions()(&made), FailureKind::kLibrary);
  Owned<abi::SessionOptions> options(made, api.ReleaseSessionOptions());
  const auto set = [&](abi::Status* status) { library.check(status, FailureKind::kOption); };
  set(api.SetSessionGraphOptimizationLevel()(made, abi::kOptimizeAll));
  set(api.SetIntraOpNumThreads()(made, settings.threads));
  set(api.SetInterOpNumThreads()(made, 1));
  if (settings.memory == Memory::kNone) set(api.DisableCpuMemArena()(made));
  if (settings.memory != Memory::kKept) set(api.DisableMemPattern()(made));
  for (const auto& [key, value] : settings.config) set(api.AddSessionConfigEntry()(made, key.c_str(), value.c_str()));
  if (library.table_version() >= abi::kFirstVersionAssignments) {
    set(api.AddSessionConfigEntry()(made, "session.record_ep_graph_assignment_info", "1"));
  }
  append_providers(library, made, settings.providers);
  return options;
}

}  // namespace

std::size_t bytes_of(const TensorDescription& tensor) {
  std::size_t bytes = element_bytes(tensor.type);
  if (bytes == 0) throw Failure(FailureKind::kGraph, tensor.name + " has an element type that no policy has");
  for (const std::int64_t side : tensor.shape) {
    if (side < 0) throw Failure(FailureKind::kGraph, tensor.name + " has a shape that is not fixed");
    bytes *= static_cast<std::size_t>(side);
  }
  return bytes;
}

void Cancellation::cancel() {
  std::lock_guard lock(mutex_);
  canceled_ = true;
  if (library_ == nullptr) return;
  const abi::Api& api = library_->api();
  // A status here would say that there is nothing to end; the loading or the run then ends by itself.
  abi::Status* status = nullptr;
  if (running_ != nullptr) status = api.RunOptionsSetTerminate()(running_);
  if (loading_ != nullptr && library_->table_version() >= abi::kFirstVersionLoadCancellation) {
    status = api.SessionOptionsSetLoadCancellationFlag()(loading_, true);
  }
  if (status != nullptr) api.ReleaseStatus()(status);
}

bool Cancellation::canceled() const {
  std::lock_guard lock(mutex_);
  return canceled_;
}

void Cancellation::begin(const Library& library, abi::SessionOptions* loading, abi::RunOptions* running) {
  std::lock_guard lock(mutex_);
  if (canceled_) throw Failure(FailureKind::kCanceled, "canceled before it began");
  library_ = &library;
  loading_ = loading;
  running_ = running;
}

void Cancellation::end() {
  std::lock_guard lock(mutex_);
  loading_ = nullptr;
  running_ = nullptr;
}

Session::Session(const Library& library, const SessionSettings& settings, Cancellation& cancellation)
    : library_(library),
      session_(nullptr, library.api().ReleaseSession()),
      memory_(nullptr, library.api().ReleaseMemoryInfo()),
      pool_(settings.memory),
      binding_(nullptr, library.api().ReleaseIoBinding()) {
  const abi::Api& api = library.api();
  const Owned<abi::SessionOptions> options = session_options(library, settings);
  abi::Session* made = nullptr;
  cancellation.begin(library, options.get(), nullptr);
  cancelable(cancellation, [&] {
    abi::Status* const status = settings.path.empty()
                                    ? api.CreateSessionFromArray()(library.env(), settings.bytes.data(),
                                                                   settings.bytes.size(), options.get(), &made)
                                    : api.CreateSession()(library.env(), settings.path.c_str(), options.get(), &made);
    cancellation.end();
    library.check(status, FailureKind::kGraph);
  });
  session_.reset(made);
  abi::MemoryInfo* memory = nullptr;
  library.check(api.CreateCpuMemoryInfo()(abi::kDeviceAllocator, abi::kMemoryDefault, &memory), FailureKind::kLibrary);
  memory_.reset(memory);
  inputs_ = describe(true);
  outputs_ = describe(false);
  assignments_ = read_assignments();
}

std::vector<TensorDescription> Session::describe(bool of_inputs) const {
  const abi::Api& api = library_.api();
  const auto check = [this](abi::Status* status) { library_.check(status, FailureKind::kGraph); };
  abi::Allocator* allocator = nullptr;
  check(api.GetAllocatorWithDefaultOptions()(&allocator));
  std::size_t count = 0;
  check((of_inputs ? api.SessionGetInputCount() : api.SessionGetOutputCount())(session_.get(), &count));
  std::vector<TensorDescription> tensors(count);
  for (std::size_t i = 0; i < count; ++i) {
    char* name = nullptr;
    check((of_inputs ? api.SessionGetInputName() : api.SessionGetOutputName())(session_.get(), i, allocator, &name));
    tensors[i].name = name;
    check(api.AllocatorFree()(allocator, name));
    abi::TypeInfo* type = nullptr;
    check((of_inputs ? api.SessionGetInputTypeInfo() : api.SessionGetOutputTypeInfo())(session_.get(), i, &type));
    const Owned<abi::TypeInfo> owned(type, api.ReleaseTypeInfo());
    const abi::TensorInfo* tensor = nullptr;
    check(api.CastTypeInfoToTensorInfo()(type, &tensor));
    if (tensor == nullptr) throw Failure(FailureKind::kGraph, tensors[i].name + " is not a tensor");
    check(api.GetTensorElementType()(tensor, &tensors[i].type));
    std::size_t rank = 0;
    check(api.GetDimensionsCount()(tensor, &rank));
    tensors[i].shape.resize(rank);
    check(api.GetDimensions()(tensor, tensors[i].shape.data(), rank));
  }
  return tensors;
}

Assignments Session::read_assignments() const {
  Assignments assignments;
  if (library_.table_version() < abi::kFirstVersionAssignments) return assignments;
  const abi::Api& api = library_.api();
  const auto check = [this](abi::Status* status) { library_.check(status, FailureKind::kGraph); };
  const abi::AssignedSubgraph* const* subgraphs = nullptr;
  std::size_t count = 0;
  check(api.Session_GetEpGraphAssignmentInfo()(session_.get(), &subgraphs, &count));
  for (const abi::AssignedSubgraph* subgraph : std::span(subgraphs, count)) {
    const char* provider = nullptr;
    check(api.EpAssignedSubgraph_GetEpName()(subgraph, &provider));
    const abi::AssignedNode* const* nodes = nullptr;
    std::size_t node_count = 0;
    check(api.EpAssignedSubgraph_GetNodes()(subgraph, &nodes, &node_count));
    for (const abi::AssignedNode* node : std::span(nodes, node_count)) {
      const char* type = nullptr;
      check(api.EpAssignedNode_GetOperatorType()(node, &type));
      ++assignments[provider][type];
    }
  }
  return assignments;
}

Owned<abi::Value> Session::wrap(const TensorDescription& tensor, std::span<const std::byte> memory) const {
  abi::Value* value = nullptr;
  library_.check(library_.api().CreateTensorWithDataAsOrtValue()(memory_.get(), const_cast<std::byte*>(memory.data()),
                                                                 memory.size(), tensor.shape.data(),
                                                                 tensor.shape.size(), tensor.type, &value),
                 FailureKind::kGraph);
  return {value, library_.api().ReleaseValue()};
}

void Session::bind_outputs() {
  abi::IoBinding* made = nullptr;
  library_.check(library_.api().CreateIoBinding()(session_.get(), &made), FailureKind::kGraph);
  Owned<abi::IoBinding> binding(made, library_.api().ReleaseIoBinding());
  std::vector<std::vector<std::byte>> buffers;
  buffers.reserve(outputs_.size());
  for (const TensorDescription& tensor : outputs_) {
    buffers.emplace_back(bytes_of(tensor));
    const Owned<abi::Value> value = wrap(tensor, buffers.back());
    library_.check(library_.api().BindOutput()(made, tensor.name.c_str(), value.get()), FailureKind::kGraph);
  }
  buffers_ = std::move(buffers);
  binding_ = std::move(binding);
}

void Session::run(std::span<const std::span<const std::byte>> inputs, Cancellation& cancellation) {
  const abi::Api& api = library_.api();
  if (binding_ == nullptr) bind_outputs();
  if (inputs.size() != inputs_.size()) {
    throw Failure(FailureKind::kGraph, "Expected " + std::to_string(inputs_.size()) + " inputs but received " +
                                           std::to_string(inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (const std::size_t expected = bytes_of(inputs_[i]); inputs[i].size() != expected) {
      throw Failure(FailureKind::kGraph, "Expected " + std::to_string(expected) + " bytes for " + inputs_[i].name +
                                             " but received " + std::to_string(inputs[i].size()));
    }
    const Owned<abi::Value> value = wrap(inputs_[i], inputs[i]);
    library_.check(api.BindInput()(binding_.get(), inputs_[i].name.c_str(), value.get()), FailureKind::kGraph);
  }
  abi::RunOptions* made = nullptr;
  library_.check(api.CreateRunOptions()(&made), FailureKind::kGraph);
  const Owned<abi::RunOptions> options(made, api.ReleaseRunOptions());
  if (pool_ == Memory::kWithinRun) {
    library_.check(api.AddRunConfigEntry()(made, "memory.enable_memory_arena_shrinkage", "cpu:0"),
                   FailureKind::kOption);
  }
  cancellation.begin(library_, nullptr, made);
  cancelable(cancellation, [&] {
    abi::Status* const status = api.RunWithBinding()(session_.get(), made, binding_.get());
    cancellation.end();
    library_.check(status, FailureKind::kGraph);
  });
}

}  // namespace cliport::onnxruntime

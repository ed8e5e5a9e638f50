// Execution providers and their options. The library validates every name and value; nothing is filtered here.

#include "onnxruntime/session.hpp"

namespace cliport::onnxruntime {
namespace {

struct KeysAndValues {
  explicit KeysAndValues(const Options& options) {
    for (const auto& [key, value] : options) {
      keys.push_back(key.c_str());
      values.push_back(value.c_str());
    }
  }
  std::vector<const char*> keys;
  std::vector<const char*> values;
};

/// What is done with a provider's options when the library has accepted them.
enum class Then { kAppend, kNothing };

/// Creates the provider's options, fills them and appends the provider.
template <typename ProviderOptions>
void use(const Library& library, abi::SessionOptions* session, const ProviderChoice& choice, Then then,
         abi::Status* (*create)(ProviderOptions**),
         abi::Status* (*update)(ProviderOptions*, const char* const*, const char* const*, std::size_t),
         void (*release)(ProviderOptions*), abi::Status* (*add)(abi::SessionOptions*, const ProviderOptions*)) {
  ProviderOptions* made = nullptr;
  library.check(create(&made), FailureKind::kProvider);
  const Owned<ProviderOptions> options(made, release);
  // Without any option: the provider's library loads now, so that what is refused next is an option.
  library.check(update(options.get(), nullptr, nullptr, 0), FailureKind::kProvider);
  const KeysAndValues list(choice.options);
  library.check(update(options.get(), list.keys.data(), list.values.data(), list.keys.size()), FailureKind::kOption);
  if (then == Then::kAppend) library.check(add(session, options.get()), FailureKind::kProvider);
}

void use(const Library& library, abi::SessionOptions* session, const ProviderChoice& choice, Then then) {
  const abi::Api& api = library.api();
  if (choice.name == "cpu") {
    if (choice.options.empty()) return;
    throw Failure(FailureKind::kOption,
                  "Expected no options for the cpu provider but received " + choice.options.front().first);
  }
  if (choice.name == "cuda") {
    use(library, session, choice, then, api.CreateCUDAProviderOptions(), api.UpdateCUDAProviderOptions(),
        api.ReleaseCUDAProviderOptions(), api.SessionOptionsAppendExecutionProvider_CUDA_V2());
  } else if (choice.name == "tensorrt") {
    use(library, session, choice, then, api.CreateTensorRTProviderOptions(), api.UpdateTensorRTProviderOptions(),
        api.ReleaseTensorRTProviderOptions(), api.SessionOptionsAppendExecutionProvider_TensorRT_V2());
  } else {
    throw Failure(FailureKind::kProvider, "Expected a provider of tensorrt, cuda, cpu but received " + choice.name);
  }
}

}  // namespace

void append_providers(const Library& library, abi::SessionOptions* options,
                      const std::vector<ProviderChoice>& providers) {
  for (const ProviderChoice& choice : providers) use(library, options, choice, Then::kAppend);
}

void check_options(const Library& library, const ProviderChoice& choice) {
  use(library, nullptr, choice, Then::kNothing);
}

}  // namespace cliport::onnxruntime

// Execution providers and their options. The library validates every name and value; nothing is filtered here.

#include <algorithm>

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

/// Creates the provider's options, fills them and appends the provider.
template <typename ProviderOptions>
void append(const Library& library, abi::SessionOptions* session, const ProviderChoice& choice,
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
  library.check(add(session, options.get()), FailureKind::kProvider);
}

}  // namespace

void append_providers(const Library& library, abi::SessionOptions* options,
                      const std::vector<ProviderChoice>& providers) {
  const abi::Api& api = library.api();
  for (const ProviderChoice& choice : providers) {
    if (choice.name == "cpu") {
      if (!choice.options.empty()) {
        throw Failure(FailureKind::kOption,
                      "Expected no options for the cpu provider but received " + choice.options.front().first);
      }
    } else if (choice.name == "cuda") {
      append(library, options, choice, api.CreateCUDAProviderOptions(), api.UpdateCUDAProviderOptions(),
             api.ReleaseCUDAProviderOptions(), api.SessionOptionsAppendExecutionProvider_CUDA_V2());
    } else if (choice.name == "tensorrt") {
      append(library, options, choice, api.CreateTensorRTProviderOptions(), api.UpdateTensorRTProviderOptions(),
             api.ReleaseTensorRTProviderOptions(), api.SessionOptionsAppendExecutionProvider_TensorRT_V2());
    } else {
      throw Failure(FailureKind::kProvider, "Expected a provider of tensorrt, cuda, cpu but received " + choice.name);
    }
  }
}

}  // namespace cliport::onnxruntime

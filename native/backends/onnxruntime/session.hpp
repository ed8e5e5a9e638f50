// One graph, opened on a chain of execution providers and run into buffers that are bound once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "onnxruntime/library.hpp"

namespace cliport::onnxruntime {

using Options = std::vector<std::pair<std::string, std::string>>;

/// An execution provider and its options, by the library's own names for both; the library validates them.
struct ProviderChoice {
  std::string name;  ///< "tensorrt", "cuda" or "cpu"
  Options options;
};

/// A pool for the CPU's results: none, one that goes back to the system after each run, or one that is kept and laid
/// out ahead.
enum class Memory : std::uint8_t { kNone, kWithinRun, kKept };

struct SessionSettings {
  std::string path;                       ///< of the graph; empty: `bytes`
  std::span<const std::byte> bytes;       ///< of the graph; only read while it is opened
  std::vector<ProviderChoice> providers;  ///< a node goes to the first that takes it; what none takes, to the CPU
  int threads = 1;                        ///< that compute one run on the CPU
  Memory memory = Memory::kKept;
  Options config;  ///< ONNX Runtime's session configuration
};

struct TensorDescription {
  std::string name;
  int type;                         ///< abi::ElementType, or one that no policy has
  std::vector<std::int64_t> shape;  ///< -1: not fixed
};

/// How many nodes of each operator a provider computes.
using Assignments = std::map<std::string, std::map<std::string, int>>;

/// Ends, from any thread, what a session does at the moment. For one loading or run.
class Cancellation {
 public:
  void cancel();
  bool canceled() const;

 private:
  friend class Session;
  /// @throws Failure kCanceled when it was canceled before
  void begin(const Library& library, abi::SessionOptions* loading, abi::RunOptions* running);
  void end();

  mutable std::mutex mutex_;
  const Library* library_ = nullptr;
  bool canceled_ = false;
  abi::SessionOptions* loading_ = nullptr;
  abi::RunOptions* running_ = nullptr;
};

/// Not thread-safe but for `Cancellation`.
class Session {
 public:
  /// @throws Failure kOption, kProvider, kGraph, kCanceled
  Session(const Library& library, const SessionSettings& settings, Cancellation& cancellation);

  const std::vector<TensorDescription>& inputs() const { return inputs_; }
  const std::vector<TensorDescription>& outputs() const { return outputs_; }

  /// Which provider computes what; empty for a library before 1.24, which does not tell.
  const Assignments& assignments() const { return assignments_; }

  /// @param inputs in the order of `inputs()`; read during the call, neither copied nor changed
  /// @throws Failure kGraph for sizes that do not fit, for a shape that is not fixed, and for what the library refuses;
  /// kCanceled
  void run(std::span<const std::span<const std::byte>> inputs, Cancellation& cancellation);

  /// What the last run computed, in the order of `outputs()`. The buffers stay where they are for the session's life.
  std::span<const std::byte> output(std::size_t index) const { return buffers_.at(index); }

 private:
  std::vector<TensorDescription> describe(bool of_inputs) const;
  Assignments read_assignments() const;
  void bind_outputs();
  Owned<abi::Value> wrap(const TensorDescription& tensor, std::span<const std::byte> memory) const;

  const Library& library_;
  Owned<abi::Session> session_;
  Owned<abi::MemoryInfo> memory_;
  Memory pool_;
  Owned<abi::IoBinding> binding_;
  std::vector<TensorDescription> inputs_;
  std::vector<TensorDescription> outputs_;
  Assignments assignments_;
  std::vector<std::vector<std::byte>> buffers_;
};

/// Bytes of a tensor. @throws Failure kGraph for one whose shape is not fixed, or whose type no policy has
std::size_t bytes_of(const TensorDescription& tensor);

/// Adds providers to a session's options. @throws Failure kOption naming the option, kProvider with the reason
void append_providers(const Library& library, abi::SessionOptions* options,
                      const std::vector<ProviderChoice>& providers);

/// Asks the library about a provider's options without using it. @throws Failure as `append_providers`
void check_options(const Library& library, const ProviderChoice& choice);

}  // namespace cliport::onnxruntime

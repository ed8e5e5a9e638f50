// memory.node: how the process takes memory from the system (src/native/memory.ts).

#include <napi.h>

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace cliport::addon {
namespace {

/** mallopt(3): from this size on, a block is mapped for itself and unmapped when it is freed. */
void return_large_blocks([[maybe_unused]] const Napi::CallbackInfo& info) {
#ifdef __GLIBC__
  constexpr int kLeastBytes = 512 * 1024;
  mallopt(M_MMAP_THRESHOLD, kLeastBytes);
#endif
}

/** mallopt(3): threads that come from now on share the arenas that there are, two at least. */
void share_arenas([[maybe_unused]] const Napi::CallbackInfo& info) {
#ifdef __GLIBC__
  constexpr int kArenas = 2;
  mallopt(M_ARENA_MAX, kArenas);
#endif
}

/** malloc_trim(3) in a thread of Node's pool: some milliseconds a hundred megabytes, one arena's lock at a time. */
class Trim final : public Napi::AsyncWorker {
 public:
  explicit Trim(Napi::Env env) : Napi::AsyncWorker(env), done_(Napi::Promise::Deferred::New(env)) {}

  [[nodiscard]] Napi::Promise promise() const { return done_.Promise(); }

 private:
  void Execute() override {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
  }
  void OnOK() override { done_.Resolve(Env().Undefined()); }

  Napi::Promise::Deferred done_;
};

Napi::Value return_free_blocks(const Napi::CallbackInfo& info) {
  auto* trim = new Trim(info.Env());  // deletes itself when it is done
  trim->Queue();
  return trim->promise();
}

}  // namespace
}  // namespace cliport::addon

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("returnLargeBlocks", Napi::Function::New(env, cliport::addon::return_large_blocks, "returnLargeBlocks"));
  exports.Set("shareArenas", Napi::Function::New(env, cliport::addon::share_arenas, "shareArenas"));
  exports.Set("returnFreeBlocks", Napi::Function::New(env, cliport::addon::return_free_blocks, "returnFreeBlocks"));
  return exports;
}
NODE_API_MODULE(memory, initialize)

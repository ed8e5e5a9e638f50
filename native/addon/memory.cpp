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

}  // namespace
}  // namespace cliport::addon

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("returnLargeBlocks", Napi::Function::New(env, cliport::addon::return_large_blocks, "returnLargeBlocks"));
  return exports;
}
NODE_API_MODULE(memory, initialize)

// What the control thread and its neighbours share: a ring for one producer and one consumer, and a latest-value cell.
// Neither side ever waits for the other, and nothing is allocated after construction.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>

namespace cliport {

/// First in, first out, without loss: push fails when full. One thread pushes, one thread pops.
template <typename T, std::size_t kCapacity>
class Ring {
  static_assert((kCapacity & (kCapacity - 1)) == 0, "capacity must be a power of two");

 public:
  /// Producer. @return false when full; nothing is then stored
  bool push(const T& item) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == kCapacity) return false;
    items_[tail % kCapacity] = item;
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// Consumer. @return the oldest item, to be read before pop(); nullptr when empty
  const T* front() const {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    return head == tail_.load(std::memory_order_acquire) ? nullptr : &items_[head % kCapacity];
  }

  /// Consumer, after front() gave an item.
  void pop() { head_.store(head_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  /// Producer: room left; the consumer can only make it more.
  std::size_t free() const {
    return kCapacity - (tail_.load(std::memory_order_relaxed) - head_.load(std::memory_order_acquire));
  }

 private:
  std::unique_ptr<T[]> items_ = std::make_unique<T[]>(kCapacity);
  // On cache lines of their own: each is written by one thread and read by the other.
  alignas(64) std::atomic<std::size_t> head_{0};
  alignas(64) std::atomic<std::size_t> tail_{0};
};

/// The newest value (a seqlock): one thread stores without ever waiting, any thread loads a consistent copy.
/// Every word is atomic, so that a torn read is a retry and never a data race.
template <typename T>
class Latest {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit Latest(const T& value) { store(value); }

  void store(const T& value) {
    std::array<std::uint64_t, kWords> words{};
    std::memcpy(words.data(), &value, sizeof(T));
    const std::uint64_t version = version_.load(std::memory_order_relaxed);
    version_.store(version + 1, std::memory_order_relaxed);  // odd: being written
    // Release on every word: who sees one of the new words also sees the odd version before it.
    for (std::size_t i = 0; i < kWords; ++i) words_[i].store(words[i], std::memory_order_release);
    version_.store(version + 2, std::memory_order_release);
  }

  T load() const {
    std::array<std::uint64_t, kWords> words;
    for (;;) {
      const std::uint64_t before = version_.load(std::memory_order_acquire);
      if (before % 2 != 0) continue;
      for (std::size_t i = 0; i < kWords; ++i) words[i] = words_[i].load(std::memory_order_acquire);
      if (version_.load(std::memory_order_relaxed) == before) break;
    }
    T value;
    std::memcpy(static_cast<void*>(&value), words.data(), sizeof(T));
    return value;
  }

 private:
  static constexpr std::size_t kWords = (sizeof(T) + 7) / 8;
  std::atomic<std::uint64_t> version_{0};
  std::array<std::atomic<std::uint64_t>, kWords> words_{};
};

}  // namespace cliport

// Small random generator with the same numbers on every machine.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace cliport {

/// xoshiro256** 1.0 seeded by SplitMix64 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021).
class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15u;
      std::uint64_t mixed = seed;
      mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
      mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
      word = mixed ^ (mixed >> 31);
    }
  }

  std::uint64_t bits() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// At least 0, below 1.
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

  /// Near to normal, mean 0 and variance 1: the sum of four uniform numbers (Irwin-Hall), from one draw and without a
  /// transcendental function, whose last bit differs between machines. Never beyond 3.47.
  float normal() {
    const std::uint64_t b = bits();
    const auto sum = static_cast<std::int32_t>((b & 0xffffu) + (b >> 16 & 0xffffu) + (b >> 32 & 0xffffu) + (b >> 48));
    return static_cast<float>(sum - 2 * 0xffff) * (1.7320508f / 65536.0f);
  }

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace cliport

// How late the cycles of the control loop began: a histogram that the loop fills without allocating.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

namespace cliport {

class Lateness {
 public:
  static constexpr std::size_t kBins = 10'000;  ///< one microsecond each; the last also holds all that is later
  static constexpr std::int64_t kLateNs = 1'000'000;

  void add(std::int64_t late_ns) {
    late_ns = std::max<std::int64_t>(0, late_ns);
    ++bins_[std::min<std::size_t>(kBins - 1, static_cast<std::size_t>(late_ns / 1000))];
    ++cycles_;
    max_ns_ = std::max(max_ns_, late_ns);
    if (late_ns > kLateNs) {
      ++late_;
      max_late_in_a_row_ = std::max(max_late_in_a_row_, ++late_in_a_row_);
    } else {
      late_in_a_row_ = 0;
    }
  }

  std::uint64_t cycles() const { return cycles_; }
  std::uint64_t late() const { return late_; }                            ///< later than 1 ms
  std::uint64_t max_late_in_a_row() const { return max_late_in_a_row_; }  ///< of those, in a row
  double max_ms() const { return static_cast<double>(max_ns_) * 1e-6; }

  /// Upper edge of the bin below which a share of all cycles lies, milliseconds. @param share 0..1
  double quantile_ms(double share) const {
    std::uint64_t seen = 0;
    for (std::size_t bin = 0; bin < kBins; ++bin) {
      seen += bins_[bin];
      if (static_cast<double>(seen) >= share * static_cast<double>(cycles_)) {
        return std::min(max_ms(), static_cast<double>(bin + 1) * 1e-3);
      }
    }
    return max_ms();
  }

 private:
  std::array<std::uint64_t, kBins> bins_{};
  std::uint64_t cycles_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t late_in_a_row_ = 0;
  std::uint64_t max_late_in_a_row_ = 0;
  std::int64_t max_ns_ = 0;
};

/// Members of a JSON object, without its braces; for the end of a run, it allocates.
inline std::string to_json(const Lateness& lateness) {
  std::array<char, 384> text{};
  const auto count = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::snprintf(
      text.data(), text.size(),
      "\"cycles\":%llu,\"late_over_1ms\":%llu,\"late_in_a_row\":%llu,\"lateness_ms\":{\"p50\":%.3f,\"p90\":%.3f,"
      "\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f,\"n\":%llu}",
      count(lateness.cycles()), count(lateness.late()), count(lateness.max_late_in_a_row()), lateness.quantile_ms(0.5),
      lateness.quantile_ms(0.9), lateness.quantile_ms(0.99), lateness.quantile_ms(0.999), lateness.max_ms(),
      count(lateness.cycles()));
  return text.data();
}

}  // namespace cliport

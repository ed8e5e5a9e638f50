// What an arm works with at its flange: one port for every kind, so that another kind is no other code path.
#pragma once

#include <cstdint>
#include <optional>

namespace cliport {

/// With the numbers of `EndEffectorKind` in native/proto/link.proto.
enum class EndEffectorKind : std::uint8_t {
  kNone,
  kSuctionCup,
  kTwoFinger,
  kDigitalOutput,  ///< whatever an output switches
};
const char* to_string(EndEffectorKind kind);

/// What it is and can do; 0: it has no such range.
struct EndEffectorModel {
  EndEffectorKind kind = EndEffectorKind::kSuctionCup;
  double width_min_m = 0.0;
  double width_max_m = 0.0;
  double force_max_n = 0.0;
};

/// What an end effector reports of itself.
struct EndEffectorReading {
  bool holding = false;                          ///< something is held
  std::optional<double> width_m = std::nullopt;  ///< empty: not measured
};

/// A vacuum pump or a hand, as its maker's library drives it. Calls block; they may throw what they like.
/// grasp, release and read come from one thread; stop comes from another while one of them blocks.
class EndEffector {
 public:
  virtual ~EndEffector() = default;
  /// Until something is held, or the attempt has ended without.
  virtual void grasp() = 0;
  /// Until it is open, or without vacuum.
  virtual void release() = 0;
  /// Makes a grasp or release that blocks return soon.
  virtual void stop() = 0;
  /// May wait for its next state, at most 0.1 s.
  virtual EndEffectorReading read() = 0;
};

}  // namespace cliport

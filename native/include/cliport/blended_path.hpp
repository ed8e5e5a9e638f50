// Straight lines of the tool one after the other, without rest between them: linear segments whose corners are cut by
// blends of limited acceleration and jerk (linear segments with parabolic blends: Paul, "Robot Manipulators", 1981,
// chapter 5; Craig, "Introduction to Robotics", section 7.4; here the acceleration of a blend is a trapezoid).
//
// A path is a function of nominal time: run as planned, time advances by one second a second. A stop slows time down,
// so that the tool comes to rest on the path, whatever its corners are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "cliport/kinematics.hpp"
#include "cliport/trajectory.hpp"

namespace cliport {

/// One straight line of a blended path: the tool straight down, position and yaw together.
struct Leg {
  std::array<double, 3> p_base_m{};  ///< its end
  double yaw_rad = 0.0;              ///< at its end, about base z
  double speed_mps = 0.0;            ///< greatest speed of the tool on it
  double blend_radius_m = 0.0;       ///< greatest length of it, and of the next, that the blend at its end replaces
  bool is_descent = false;           ///< the tool is at its speed where it begins: it has slowed down before
};

/// x, y, z in metres and yaw in radians.
using Coordinates = std::array<double, 4>;

/// A change of velocity: its acceleration rises, holds and falls. Of no length when both times are 0.
struct Blend {
  double jerk_s = 0.0;
  double hold_s = 0.0;

  double duration_s() const { return 2.0 * jerk_s + hold_s; }
  /// Shares of the change at a time in 0..duration: done, its integral [s], its derivatives [1/s, 1/s^2].
  struct Share {
    double done, integral, rate, jerk;
  };
  Share at(double t_s) const;
};

/// Either a constant velocity or a blend from one velocity to the next.
struct PathPhase {
  double start_s = 0.0;
  double duration_s = 0.0;
  Coordinates from{};
  Coordinates velocity{};  ///< where it begins
  Coordinates change{};    ///< of velocity, by its end
  Blend blend;
};

class BlendedPath {
 public:
  static constexpr std::size_t kMostLegs = 16;
  static constexpr std::size_t kMostSpans = 32;  ///< legs are cut into spans, each with a speed of its own
  static constexpr std::size_t kMostPhases = 2 * kMostSpans + 1;
  static constexpr int kParts = 64;  ///< of equal nominal time, each with limits of its own for stopping
  /// An arm farther from the posture of `tool_down` is not led along a blended path.
  static constexpr double kGreatestOffsetRad = 1e-3;

  BlendedPath() = default;

  /// Plans from joint angles at rest to rest at the end of the last leg. The tool keeps the legs' speeds and the
  /// limits' acceleration and jerk everywhere, by construction; every joint keeps within shares of its own limits, by
  /// sampling (70 % of velocity, 80 % of acceleration, 60 % of jerk). A corner is cut within the triangle that the
  /// blend radius marks off on both its legs. Milliseconds, and allocates: not for the 1 kHz cycle.
  /// @return false when there is no inverse kinematics inside the joint margin somewhere on it, when the start is not
  /// in
  ///         the posture of `tool_down`, or when the limits leave a stop too little beside the drive; the legs can then
  ///         still be run from rest to rest
  bool plan(const Joints& from_rad, std::span<const Leg> legs, const LineLimits& limits);

  /// Joint angles at a nominal time; the first or last ones outside the path. @return false beyond reach
  bool joints(double t_s, Joints& q_rad) const;

  /// The leg that runs at a nominal time: a blend belongs to the leg before until its middle.
  std::size_t leg_at(double t_s) const;

  /// Nominal time at which a leg begins.
  double leg_begins_s(std::size_t leg) const { return leg == 0 ? 0.0 : leg_end_s_[leg - 1]; }

  /// Nominal time as it runs: one second a second, 0 to the whole duration.
  const Profile& profile() const { return profile_; }
  /// From a state of nominal time to rest, as hard as the limits of stopping allow on the way there.
  Profile stop(const MotionState& from) const;

  double duration_s() const { return duration_s_; }
  /// Sum of the legs' lengths: an upper bound of the tool's way.
  double length_m() const { return length_m_; }

 private:
  friend class PathPlanner;

  const PathPhase& phase_at(double t_s) const;
  Coordinates at(double t_s) const;

  Tool tool_;
  Joints offset_rad_{};
  std::array<PathPhase, kMostPhases> phases_{};
  std::size_t phase_count_ = 0;
  std::array<double, kMostLegs> leg_end_s_{};
  std::size_t leg_count_ = 0;
  double duration_s_ = 0.0;
  double length_m_ = 0.0;
  Profile profile_;
  std::array<MotionLimits, kParts> stop_{};  ///< of nominal time [1, 1/s, 1/s^2]; velocity is not used
};

/// The moving segments at the beginning of a plan that are run as one blended path.
struct BlendedSegments {
  BlendedPath path;
  std::uint32_t first = 0;
  std::uint32_t count = 0;  ///< 0: none

  bool has(std::uint32_t segment) const { return segment >= first && segment < first + count; }
};

}  // namespace cliport

// Times the legs of a blended path. On the I/O thread, once a plan.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "cliport/blended_path.hpp"

namespace cliport {

class PathPlanner {
 public:
  PathPlanner(const LineLimits& limits, BlendedPath& path) : limits_(limits), path_(path) {}

  /// What `BlendedPath::plan` says.
  bool plan(const Joints& from_rad, std::span<const Leg> legs);

 private:
  /// A straight piece of a leg, run at one rate.
  struct Span {
    Coordinates way{};
    double length_m = 0.0;
    double most = 0.0;                       ///< greatest rate, 1/s: shares of the way a second
    double rate = 0.0;                       ///< as planned
    double cut_in_m = 0.0, cut_out_m = 0.0;  ///< greatest length that the blends at its ends may replace
    std::size_t leg = 0;
    bool enters_at_speed = false;  ///< the blend before it is over where it begins
  };
  /// What is asked of the joints, as shares of what may be.
  struct Load {
    double velocity = 0.0, acceleration = 0.0, jerk = 0.0;

    void take(const Load& other);
    /// How much longer everything must take for none of them to be above 1.
    double stretch() const;
  };
  /// Derivatives of the joints by nominal time.
  struct Derivatives {
    Joints q{}, dq{}, ddq{}, dddq{};
  };
  /// A blend's shares of the limits: less where the joints need more time.
  struct Share {
    double acceleration = 1.0, jerk = 1.0;
  };

  // ---- legs and spans ----
  bool lay_out(const Joints& from_rad, std::span<const Leg> legs);
  void append_leg(std::span<const Leg> legs, std::size_t leg, const Coordinates& way);

  // ---- rates: blended_path_rates.cpp ----
  /// @return whether the blends fit at some speed
  bool choose_rates();
  Blend blend_before(std::size_t span) const;
  /// The blends at a span's ends, after a change of its rate.
  void refresh(std::size_t span);
  /// Share of the span at constant velocity; negative when the blends at its ends take more than there is.
  double cruise_share(std::size_t span) const;
  /// How many times too long the blends at the span's ends are.
  double excess(std::size_t span) const;
  bool fits() const;
  bool shrink();
  /// The greatest rate of one span with which all fit.
  void widen(std::size_t span);
  void polish();
  double whole_s() const;

  // ---- phases and joints ----
  void build();
  void stretch(double by);
  bool sample();
  Load load_of(const Derivatives& at) const;
  bool slow_down(int round);
  bool bound_stops();
  bool bound_stop(std::size_t sample, MotionLimits& limits) const;
  void finish(std::size_t legs);

  const LineLimits& limits_;
  BlendedPath& path_;
  Joints from_rad_{};
  Coordinates start_{};
  std::vector<Span> spans_;
  std::vector<Blend> blends_;        ///< before each span, and after the last
  std::vector<Share> shares_;        ///< of each blend
  std::vector<std::size_t> before_;  ///< of each phase: the span after a blend, or the span itself
  std::vector<Derivatives> samples_;
  double step_s_ = 0.0;
};

}  // namespace cliport

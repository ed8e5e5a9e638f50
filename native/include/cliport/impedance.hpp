// From the controller's reference to joint torques: for arms that are driven by torque. One call a cycle, no
// allocation.
#pragma once

#include "cliport/kinematics.hpp"

namespace cliport {

struct ImpedanceConfig {
  Joints stiffness_nmprad{600, 600, 600, 600, 250, 150, 50};
  Joints damping_nmsprad{50, 50, 50, 50, 30, 25, 15};
  /// The spring pulls no harder than if the reference were this far away, so that an arm that is held back pushes
  /// with a bounded force, and does not jump when it is released.
  Joints reference_clip_rad{0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05};
  Joints torque_max_nm{87, 87, 87, 87, 12, 12, 12};  ///< Panda and FR3
  double torque_rate_nmps = 1000.0;                  ///< Panda and FR3: more is controller_torque_discontinuity
  double cycle_s = 0.001;
};

/// tau = K clip(q_ref - q) + D (dq_ref - dq) + feed-forward, bounded in size and in rate. Gravity is the arm's own
/// business, as with FCI.
class JointImpedance {
 public:
  /// @param config every stiffness, damping, clip and bound > 0
  /// @throws std::invalid_argument naming the setting
  explicit JointImpedance(const ImpedanceConfig& config);

  /// One cycle. @param feed_forward_nm Coriolis torques, say
  const Joints& torques(const Joints& q_ref_rad, const Joints& dq_ref_radps, const Joints& q_rad,
                        const Joints& dq_radps, const Joints& feed_forward_nm);

  /// Start from these torques again, after a time without cycles.
  void reset(const Joints& tau_nm) { tau_nm_ = tau_nm; }

 private:
  const ImpedanceConfig config_;
  Joints tau_nm_{};
};

}  // namespace cliport

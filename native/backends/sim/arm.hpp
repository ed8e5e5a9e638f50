// The arm alone, without scene or physics: enough to test timing, links and faults with no hardware.
#pragma once

#include "cliport/controller.hpp"

namespace cliport::sim {

struct ArmConfig {
  Tool tool;
  JointLimits joint_limits = panda_joint_limits();
  double surface_z_m = 0.0;        ///< horizontal plane that the tool touches at or below this height
  double bandwidth_radps = 150.0;  ///< of each joint's critically damped servo
  double stiffness_npm = 5000.0;   ///< of that plane and the cup together
  double seal_s = 0.05;            ///< contact with the vacuum on, until it seals
  double cycle_s = 0.001;
};

/// Seven decoupled joints that follow the reference as critically damped second-order systems, and a suction cup.
///
/// The plane is felt, as a contact and as a force, but does not push the arm back. The vacuum seals after a while on
/// the plane, and holds until it is switched off, as if a thing without weight had been lifted off it; that thing does
/// not touch the plane again.
class Arm {
 public:
  Arm(const ArmConfig& config, const Joints& q_rad);

  /// What the joints and the cup do during one cycle. Allocates nothing.
  const Measured& step(const Reference& reference);
  const Measured& measured() const { return measured_; }

 private:
  const ArmConfig config_;
  Measured measured_;
  double sealing_s_ = 0.0;
};

/// Tool 0.3 m above the table in front of the arm, pointing down: where a simulated arm starts.
Joints start_posture();

}  // namespace cliport::sim

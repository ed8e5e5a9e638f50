#include "cliport/impedance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

namespace cliport {
namespace {

constexpr Joints kZero{};

TEST(JointImpedance, IsASpringAndADamperTowardsTheReference) {
  JointImpedance impedance({});
  Joints ahead{};
  ahead[0] = 0.001;
  EXPECT_NEAR(impedance.torques(ahead, kZero, kZero, kZero, kZero)[0], 0.6, 1e-12);
  Joints fast{};
  fast[6] = -0.02;
  EXPECT_NEAR(impedance.torques(kZero, kZero, kZero, fast, kZero)[6], 0.3, 1e-12);
}

TEST(JointImpedance, AnArmThatIsHeldBackPushesNoHarderThanAtTheClip) {
  JointImpedance impedance({});
  Joints far{};
  far.fill(0.04);
  far[0] = 3.0;
  Joints tau{};
  for (int k = 0; k < 500; ++k) tau = impedance.torques(far, kZero, kZero, kZero, kZero);
  EXPECT_NEAR(tau[0], 600 * 0.05, 1e-9);
  EXPECT_NEAR(tau[1], 600 * 0.04, 1e-9) << "within the clip";
}

TEST(JointImpedance, TorqueAndItsRateStayWithinTheRobotsLimits) {
  ImpedanceConfig config;
  config.reference_clip_rad.fill(10.0);
  JointImpedance impedance(config);
  Joints far{};
  Joints before{};
  for (int k = 0; k < 1000; ++k) {
    far.fill(k % 400 < 200 ? 5.0 : -5.0);
    const Joints tau = impedance.torques(far, kZero, kZero, kZero, kZero);
    for (std::size_t i = 0; i < 7; ++i) {
      ASSERT_LE(std::abs(tau[i]), config.torque_max_nm[i]);
      ASSERT_LT(std::abs(tau[i] - before[i]), 1.0);
    }
    before = tau;
  }
  EXPECT_EQ(std::abs(before[0]), 87.0);
}

TEST(JointImpedance, ACycleThatIsNotANumberChangesNothing) {
  JointImpedance impedance({});
  Joints ahead{};
  ahead.fill(0.001);
  const Joints tau = impedance.torques(ahead, kZero, kZero, kZero, kZero);
  Joints broken = ahead;
  broken[2] = std::nan("");
  EXPECT_EQ(impedance.torques(broken, kZero, kZero, kZero, kZero)[2], tau[2]);
}

TEST(JointImpedance, ASettingThatMakesNoSenseIsNamed) {
  ImpedanceConfig config;
  config.stiffness_nmprad[3] = -1.0;
  try {
    JointImpedance impedance(config);
    ADD_FAILURE() << "accepted";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("stiffness_nmprad[3]"), std::string::npos);
  }
}

}  // namespace
}  // namespace cliport

#include "cliport/kinematics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <random>

namespace cliport {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kMargin = 0.1;
const Tool kTool;
const JointLimits kLimits = panda_joint_limits();

double uniform(std::mt19937& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

Joints any_joints(std::mt19937& random) {
  Joints q;
  for (std::size_t i = 0; i < 7; ++i) q[i] = uniform(random, kLimits.q_min_rad[i], kLimits.q_max_rad[i]);
  return q;
}

struct Known {
  Joints q_rad;
  std::array<double, 12> T_base_tool;  // the three upper rows
};

// Franka's table multiplied by NumPy from elementary rotations and translations, with the default tool.
const Known kKnown[] = {
    {{0, 0, 0, 0, 0, 0, 0},
     {0.707106781186548, 0.707106781186547, 0, 0.088, 0.707106781186547, -0.707106781186548, 0, 0, 0, 0, -1, 0.8226}},
    {{0.3, -0.5, 0.2, -2.1, -0.4, 1.7, 0.9},
     {0.900273791312795, 0.315336192477403, 0.300116954517969, 0.39774059891296, 0.415471422919066, -0.828212124226303,
      -0.37609596384721, 0.14041343395803, 0.129963831171957, 0.463279357405885, -0.876630845674904,
      0.539023438821211}},
    {{-1.2, 0.8, -0.7, -1.3, 1.1, 2.4, -2.0},
     {0.881204934605642, 0.437636563426568, 0.178751507906507, -0.0674715597470311, 0.450506748928493,
      -0.662839890941226, -0.598069350616551, -0.830697172668952, -0.143253385288258, 0.607550423692723,
      -0.781256008152415, 0.310024993412087}},
};

TEST(Kinematics, ForwardEqualsThePublishedTableMultipliedElsewhere) {
  for (const Known& known : kKnown) {
    const Transform T = forward(known.q_rad, kTool);
    for (std::size_t i = 0; i < 12; ++i) EXPECT_NEAR(T[i], known.T_base_tool[i], 1e-12) << "element " << i;
    EXPECT_EQ(T[15], 1.0);
  }
}

TEST(Kinematics, FrankasReadyPostureHasTheToolDownAtYawZero) {
  const Joints ready{0.0, -kPi / 4, 0.0, -3 * kPi / 4, 0.0, kPi / 2, kPi / 4};
  const Transform T = forward(ready, kTool);
  EXPECT_NEAR(T[3], 0.306891, 1e-6);
  EXPECT_NEAR(T[7], 0.0, 1e-12);
  EXPECT_NEAR(T[11], 0.590282 - 0.1034, 1e-6);  // the flange, less the tool
  EXPECT_NEAR(T[10], -1.0, 1e-12);
  EXPECT_NEAR(yaw_of(T), 0.0, 1e-12);

  Joints q;
  ASSERT_TRUE(inverse({T[3], T[7], T[11]}, 0.0, kTool, kLimits, kMargin, q));
  for (std::size_t i = 0; i < 7; ++i) EXPECT_NEAR(q[i], ready[i], 1e-9) << "joint " << i + 1;
}

TEST(Kinematics, LinkTransformsEndInTheToolAndAreRotations) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    const Joints q = any_joints(random);
    const auto links = link_transforms(q);
    const Transform T = forward(q, kTool);
    for (int row = 0; row < 3; ++row) {
      EXPECT_NEAR(links[7][4 * row + 3] + kTool.flange_to_tcp_m * links[7][4 * row + 2], T[4 * row + 3], 1e-12);
      EXPECT_NEAR(links[7][4 * row + 2], T[4 * row + 2], 1e-12);
    }
    for (const Transform& link : links) {
      for (int a = 0; a < 3; ++a) {
        for (int b = 0; b < 3; ++b) {
          const double dot = link[a] * link[b] + link[4 + a] * link[4 + b] + link[8 + a] * link[8 + b];
          EXPECT_NEAR(dot, a == b ? 1.0 : 0.0, 1e-12);
        }
      }
    }
  }
}

TEST(Kinematics, JacobianEqualsFiniteDifferences) {
  std::mt19937 random(2);
  constexpr double kStep = 1e-6;
  for (int round = 0; round < 200; ++round) {
    const Joints q = any_joints(random);
    const Jacobian J = jacobian(q, kTool);
    const Transform T = forward(q, kTool);
    for (std::size_t i = 0; i < 7; ++i) {
      Joints more = q;
      Joints less = q;
      more[i] += kStep;
      less[i] -= kStep;
      const Transform A = forward(more, kTool);
      const Transform B = forward(less, kTool);
      std::array<std::array<double, 3>, 3> rate;  // dR/dq R^T = [angular]x
      for (int row = 0; row < 3; ++row) {
        EXPECT_NEAR(J[7 * row + i], (A[4 * row + 3] - B[4 * row + 3]) / (2 * kStep), 1e-8);
        for (int col = 0; col < 3; ++col) {
          rate[row][col] = 0.0;
          for (int k = 0; k < 3; ++k) {
            rate[row][col] += (A[4 * row + k] - B[4 * row + k]) / (2 * kStep) * T[4 * col + k];
          }
        }
      }
      EXPECT_NEAR(J[21 + i], rate[2][1], 1e-8);
      EXPECT_NEAR(J[28 + i], rate[0][2], 1e-8);
      EXPECT_NEAR(J[35 + i], rate[1][0], 1e-8);
    }
  }
}

TEST(Kinematics, InverseThenForwardGivesThePoseBack) {
  std::mt19937 random(3);
  int found = 0;
  for (int round = 0; round < 20000; ++round) {
    const std::array<double, 3> p{uniform(random, 0.25, 0.75), uniform(random, -0.5, 0.5), uniform(random, 0.0, 0.3)};
    const double yaw = uniform(random, -3 * kPi, 3 * kPi);
    const Tool tool{uniform(random, 0.05, 0.2), uniform(random, -kPi, kPi)};
    Joints q;
    if (!inverse(p, yaw, tool, kLimits, kMargin, q)) continue;
    ++found;
    const Transform T = forward(q, tool);
    EXPECT_NEAR(T[3], p[0], 1e-9);
    EXPECT_NEAR(T[7], p[1], 1e-9);
    EXPECT_NEAR(T[11], p[2], 1e-9);
    EXPECT_NEAR(T[10], -1.0, 1e-12) << "the tool points straight down";
    EXPECT_NEAR(std::remainder(yaw_of(T) - yaw, 2 * kPi), 0.0, 1e-9);
    for (std::size_t i = 0; i < 7; ++i) {
      EXPECT_GE(q[i], kLimits.q_min_rad[i] + kMargin);
      EXPECT_LE(q[i], kLimits.q_max_rad[i] - kMargin);
    }
  }
  EXPECT_GT(found, 15000);
}

TEST(Kinematics, TheSolutionMovesLittleWhenThePoseDoes) {
  std::mt19937 random(4);
  constexpr double kStep = 1e-5;
  for (int round = 0; round < 20000; ++round) {
    const std::array<double, 3> p{uniform(random, 0.2, 0.75), uniform(random, -0.5, 0.5), uniform(random, 0.0, 0.5)};
    const double yaw = uniform(random, -kPi, kPi);
    Joints q;
    Joints near;
    if (!inverse(p, yaw, kTool, kLimits, kMargin, q)) continue;
    if (!inverse({p[0] + kStep, p[1] - kStep, p[2] + kStep}, yaw + kStep, kTool, kLimits, kMargin, near)) continue;
    for (std::size_t i = 0; i < 7; ++i) EXPECT_LT(std::abs(near[i] - q[i]), 60 * kStep);
  }
}

TEST(Kinematics, UnreachablePosesAreRefusedAndLeaveTheJointsUntouched) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const Joints before{1, 2, 3, 4, 5, 6, 7};
  struct Case {
    const char* why;
    std::array<double, 3> p;
    double yaw;
  };
  for (const Case& bad :
       {Case{"far corner", {0.75, 0.5, 0.02}, 0.0}, Case{"beyond reach", {2.0, 0.0, 0.1}, 0.0},
        Case{"on the base axis", {0.0, 0.0, 0.3}, 0.0}, Case{"under the shoulder", {0.1, 0, 0.0}, 0.0},
        Case{"joint 7", {0.5, 0.0, 0.1}, -0.75 * kPi}, Case{"behind", {-0.5, 0.01, 0.2}, kPi},
        Case{"not a number", {nan, 0.0, 0.1}, 0.0}, Case{"infinite", {0.5, infinity, 0.1}, 0.0},
        Case{"yaw not a number", {0.5, 0.0, 0.1}, nan}}) {
    Joints q = before;
    EXPECT_FALSE(inverse(bad.p, bad.yaw, kTool, kLimits, kMargin, q)) << bad.why;
    EXPECT_EQ(q, before) << bad.why;
  }
}

TEST(Kinematics, EveryYawOutsideTheDocumentedGapIsReachable) {
  for (double y : {-0.4, 0.0, 0.3}) {
    const double gap = std::atan2(y, 0.5) - 0.75 * kPi;
    for (double yaw = -kPi; yaw < kPi; yaw += 0.001) {
      const double from_gap = std::abs(std::remainder(yaw - gap, 2 * kPi));
      if (std::abs(from_gap - 0.345) < 0.001) continue;
      Joints q;
      EXPECT_EQ(inverse({0.5, y, 0.1}, yaw, kTool, kLimits, kMargin, q), from_gap > 0.345) << yaw;
    }
  }
}

// The share that the design asks for; the far corners lie at 0.90 m from the base axis.
TEST(Kinematics, NineTenthsOfThePublishedWorkspaceAreReachable) {
  for (double z : {0.02, 0.25}) {
    int reachable = 0;
    for (int u = 0; u < 320; ++u) {
      for (int v = 0; v < 160; ++v) {
        const double x = 0.25 + (v + 0.5) * 0.003125;
        const double y = -0.5 + (u + 0.5) * 0.003125;
        Joints q;
        reachable += inverse({x, y, z}, 0.0, kTool, kLimits, kMargin, q) ? 1 : 0;
      }
    }
    const double share = reachable / (320.0 * 160.0);
    RecordProperty("reachable_share_at_z_" + std::to_string(static_cast<int>(z * 1000)) + "_mm", std::to_string(share));
    EXPECT_GT(share, 0.92);
    EXPECT_LT(share, 0.94);
  }
}

}  // namespace
}  // namespace cliport

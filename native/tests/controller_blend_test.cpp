// Plans whose corners are cut: what they do, what stops them, and that no limit is exceeded meanwhile.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <random>

#include "controller_rig.hpp"

namespace cliport {
namespace {

Segment blend_to(double x, double y, double z, double radius_m = 0.05, double speed_mps = 0.5) {
  Segment move = move_to(x, y, z, 0.0, speed_mps);
  move.blend_radius_m = radius_m;
  return move;
}

/// Over, down, slowly on until contact, grasp: as the runtime picks. The surface is at 0.04 m.
std::vector<Segment> pick() {
  return {blend_to(0.55, 0.2, 0.1), blend_to(0.55, 0.2, 0.045), descend_to(0.55, 0.2, 0.025, 0.08), grasp()};
}

/// Largest derivatives of the tool by differences of one cycle, and of the joints as shares of their limits.
class Largest {
 public:
  explicit Largest(const Joints& q_rad) : q_(q_rad), p_(tip(q_rad)) {}

  void look(const Joints& q_rad) {
    const JointLimits limits = panda_joint_limits();
    for (std::size_t i = 0; i < 7; ++i) {
      const double dq = (q_rad[i] - q_[i]) / 0.001, ddq = (dq - dq_[i]) / 0.001, dddq = (ddq - ddq_[i]) / 0.001;
      joints = std::max({joints, std::abs(dq) / limits.dq_max_radps[i], std::abs(ddq) / limits.ddq_max_radps2[i],
                         std::abs(dddq) / limits.jerk_max_radps3[i]});
      dq_[i] = dq;
      ddq_[i] = ddq;
    }
    q_ = q_rad;
    const std::array<double, 3> p = tip(q_rad);
    std::array<double, 3> v, a, j;
    for (std::size_t i = 0; i < 3; ++i) {
      v[i] = (p[i] - p_[i]) / 0.001;
      a[i] = (v[i] - v_[i]) / 0.001;
      j[i] = (a[i] - a_[i]) / 0.001;
    }
    speed_mps = std::max(speed_mps, std::hypot(v[0], v[1], v[2]));
    acceleration_mps2 = std::max(acceleration_mps2, std::hypot(a[0], a[1], a[2]));
    jerk_mps3 = std::max(jerk_mps3, std::hypot(j[0], j[1], j[2]));
    p_ = p;
    v_ = v;
    a_ = a;
  }

  double speed_mps = 0.0, acceleration_mps2 = 0.0, jerk_mps3 = 0.0, joints = 0.0;

 private:
  Joints q_, dq_{}, ddq_{};
  std::array<double, 3> p_, v_{}, a_{};
};

TEST(ControllerBlend, APlanWithCutCornersEndsWhereItsLinesEndEarlierAndTellsOfEverySegment) {
  const auto run = [](bool blends, Rig& rig) {
    std::vector<Segment> segments{blend_to(0.5, 0.2, 0.3, blends ? 0.1 : 0.0),
                                  blend_to(0.5, 0.2, 0.15, blends ? 0.1 : 0.0), move_to(0.4, -0.1, 0.2)};
    rig.arm();
    EXPECT_EQ(rig.send(rig.plan(segments)), Reason::kNone);
    return rig.finish();
  };
  Rig blended, resting;
  const double blended_s = run(true, blended);
  const double resting_s = run(false, resting);
  EXPECT_LT(blended_s, resting_s - 0.3);
  EXPECT_EQ(blended.mode(), Mode::kArmed);
  const std::array<double, 3> end = tip(blended.reference.q_rad);
  EXPECT_NEAR(end[0], 0.4, 1e-6);
  EXPECT_NEAR(end[1], -0.1, 1e-6);
  EXPECT_NEAR(end[2], 0.2, 1e-6);
  const auto ended = blended.of(EventKind::kSegment);
  ASSERT_EQ(ended.size(), 3u);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(ended[i].segment, i);
  EXPECT_LT(ended[0].stamp_ns, ended[1].stamp_ns);
  EXPECT_LT(ended[1].stamp_ns, ended[2].stamp_ns);
  EXPECT_EQ(blended.of(EventKind::kDone).size(), 1u);
}

TEST(ControllerBlend, APickMeetsTheSurfaceNoFasterThanItsDescentAndGrasps) {
  Rig rig;
  rig.surface_m = 0.04;
  rig.arm();
  Largest largest(rig.reference.q_rad);
  ASSERT_EQ(rig.send(rig.plan(pick())), Reason::kNone);
  largest.look(rig.reference.q_rad);
  double touching_mps = 0.0;
  while (rig.mode() == Mode::kMoving) {
    const std::array<double, 3> before = tip(rig.reference.q_rad);
    const bool was_free = !rig.measured.contact;
    rig.step();
    largest.look(rig.reference.q_rad);
    if (was_free && rig.measured.contact) touching_mps = (before[2] - tip(rig.reference.q_rad)[2]) / 0.001;
  }
  EXPECT_GT(touching_mps, 0.05);
  EXPECT_LE(touching_mps, 0.08 + 1e-6);
  const auto ended = rig.of(EventKind::kSegment);
  ASSERT_EQ(ended.size(), 4u);
  EXPECT_TRUE(ended[2].contact);
  EXPECT_FALSE(ended[1].contact);
  EXPECT_TRUE(ended[3].end_effector.holding);
  EXPECT_NEAR(tip(rig.reference.q_rad)[2], 0.04, 0.003) << "it comes to rest at the surface";
  EXPECT_LE(largest.acceleration_mps2, rig.config.stop_acceleration_mps2 + 0.05);
}

TEST(ControllerBlend, ATouchBeforeTheDescentIsUnexpectedAndStops) {
  Rig rig;
  rig.surface_m = 0.07;  // something taller than what was seen
  rig.arm();
  ASSERT_EQ(rig.send(rig.plan(pick())), Reason::kNone);
  rig.finish();
  EXPECT_EQ(rig.mode(), Mode::kStopped);
  EXPECT_EQ(rig.controller.snapshot().reason, Reason::kUnexpectedContact);
  EXPECT_GT(tip(rig.reference.q_rad)[2], 0.05);
}

TEST(ControllerBlend, ASilentHolderAndAFaultOfTheRobotStopItInTheMiddleOfABlend) {
  Rig silent;
  silent.arm();
  ASSERT_EQ(silent.send(silent.plan(pick())), Reason::kNone);
  silent.steps(900);
  silent.heartbeat = 0;
  silent.finish();
  EXPECT_EQ(silent.mode(), Mode::kStopped);
  EXPECT_EQ(silent.controller.snapshot().reason, Reason::kWatchdog);

  Rig faulty;
  faulty.arm();
  ASSERT_EQ(faulty.send(faulty.plan(pick())), Reason::kNone);
  faulty.steps(900);
  faulty.disturb = [](Measured& measured) { measured.q_rad[1] += 0.2; };
  faulty.step();
  EXPECT_EQ(faulty.mode(), Mode::kFault);
  faulty.disturb = nullptr;
  faulty.steps(600);
  EXPECT_FALSE(faulty.moved) << "the reference has come to rest";
  EXPECT_EQ(faulty.of(EventKind::kEnded).size(), 1u);
}

TEST(ControllerBlend, ACornerIsNotCutThroughAKeepOutBox) {
  ControllerConfig config;
  config.tool_radius_m = 0.02;
  // Beside the corner, inside the triangle that a large blend may use, and clear of both lines.
  config.keep_out_m.push_back({0.42, 0.46, 0.02, 0.08, 0.25, 0.32});
  const auto plan_of = [](Rig& rig, double radius_m) {
    return rig.plan({blend_to(0.55, 0.05, 0.25, radius_m), move_to(0.55, -0.25, 0.25)});
  };
  Rig free, kept(config);
  free.arm();
  kept.arm();
  EXPECT_EQ(free.send(plan_of(free, 0.1)), Reason::kNone);
  EXPECT_EQ(kept.send(plan_of(kept, 0.1)), Reason::kKeepOut);
}

TEST(ControllerBlend, ABlendAfterAGraspIsRunFromRestToRest) {
  Rig rig;
  rig.surface_m = 0.04;
  rig.arm();
  std::vector<Segment> segments = pick();
  segments.push_back(blend_to(0.55, 0.2, 0.15));
  segments.push_back(move_to(0.4, 0.0, 0.15));
  ASSERT_EQ(rig.send(rig.plan(segments)), Reason::kNone);
  rig.finish();
  EXPECT_EQ(rig.mode(), Mode::kArmed);
  EXPECT_EQ(rig.of(EventKind::kSegment).size(), 6u);
  EXPECT_NEAR(tip(rig.reference.q_rad)[0], 0.4, 1e-6);
}

TEST(ControllerBlend, ANegativeOrInfiniteRadiusIsRefused) {
  Rig rig;
  rig.arm();
  EXPECT_EQ(rig.send(rig.plan({blend_to(0.5, 0.2, 0.3, -0.01), move_to(0.4, 0.0, 0.3)})), Reason::kNotFinite);
  EXPECT_EQ(rig.send(rig.plan({blend_to(0.5, 0.2, 0.3, NAN), move_to(0.4, 0.0, 0.3)})), Reason::kNotFinite);
}

TEST(ControllerBlend, LostCyclesAreMadeUpForInABlendToo) {
  for (const int lost : {1, 5, 19}) {
    for (int at = 200; at < 1600; at += 100) {
      Rig rig;
      rig.arm();
      ASSERT_EQ(
          rig.send(rig.plan({blend_to(0.55, 0.2, 0.3, 0.1), blend_to(0.55, 0.2, 0.1, 0.1), move_to(0.4, -0.1, 0.2)})),
          Reason::kNone);
      rig.steps(at);
      rig.disturb = [lost](Measured& measured) { measured.elapsed_cycles = static_cast<std::uint8_t>(lost + 1); };
      rig.step();
      rig.disturb = [](Measured& measured) { measured.elapsed_cycles = 1; };
      rig.finish();
      ASSERT_EQ(rig.mode(), Mode::kArmed) << lost << " cycles lost after " << at << " ms";
      ASSERT_NEAR(tip(rig.reference.q_rad)[0], 0.4, 1e-6);
    }
  }
}

TEST(ControllerBlend, PicksAndPlacesKeepTheToolsLimitsAndAStopAtAnyMomentItsOwn) {
  std::mt19937 random(31);
  const auto draw = [&random](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  double speed_mps = 0.0, acceleration_mps2 = 0.0, jerk_mps3 = 0.0, joints = 0.0;
  double stop_acceleration_mps2 = 0.0, stop_jerk_mps3 = 0.0, stop_joints = 0.0, longest_stop_s = 0.0;
  int ran = 0, stopped = 0;
  for (int round = 0; round < 150; ++round) {
    Rig rig({}, joints_at({0.2, 0.0, 0.62}));
    rig.arm();
    const double x = draw(0.35, 0.65), y = draw(-0.4, 0.4), to_x = draw(0.35, 0.65), to_y = draw(-0.4, 0.4);
    const std::vector<std::vector<Segment>> plans{
        {blend_to(x, y, 0.1, 0.03), blend_to(x, y, 0.045, 0.02), descend_to(x, y, 0.025, 0.08)},
        {blend_to(x, y, 0.14, 0.06), blend_to(to_x, to_y, 0.14, 0.06), blend_to(to_x, to_y, 0.06, 0.02),
         descend_to(to_x, to_y, 0.03, 0.08)},
        {blend_to(to_x, to_y, 0.12, 0.05), move_to(0.2, 0.0, 0.62)},
    };
    const std::size_t stop_in = round % 2 == 0 ? plans.size() : static_cast<std::size_t>(round / 2) % plans.size();
    for (std::size_t k = 0; k < plans.size() && rig.mode() == Mode::kArmed; ++k) {
      Largest largest(rig.reference.q_rad);
      if (rig.send(rig.plan(plans[k])) != Reason::kNone) break;
      largest.look(rig.reference.q_rad);  // the first step is made in the cycle that accepts
      int stop_after = k == stop_in ? static_cast<int>(draw(1.0, 2000.0)) : -1;
      double stop_s = 0.0;
      while (rig.mode() == Mode::kMoving || rig.mode() == Mode::kStopping) {
        if (stop_after-- == 0) rig.controller.post(rig.command(CommandKind::kStop, kBert));
        rig.step();
        largest.look(rig.reference.q_rad);
        if (rig.mode() == Mode::kStopping) stop_s += 0.001;
      }
      ++ran;
      if (rig.mode() == Mode::kStopped) {
        ++stopped;
        stop_acceleration_mps2 = std::max(stop_acceleration_mps2, largest.acceleration_mps2);
        stop_jerk_mps3 = std::max(stop_jerk_mps3, largest.jerk_mps3);
        stop_joints = std::max(stop_joints, largest.joints);
        longest_stop_s = std::max(longest_stop_s, stop_s);
      } else {
        speed_mps = std::max(speed_mps, largest.speed_mps);
        acceleration_mps2 = std::max(acceleration_mps2, largest.acceleration_mps2);
        jerk_mps3 = std::max(jerk_mps3, largest.jerk_mps3);
        joints = std::max(joints, largest.joints);
      }
    }
  }
  std::printf(
      "%d plans: %.3f m/s, %.3f m/s2, %.2f m/s3, joints %.0f %%; %d stops: %.3f m/s2, %.0f m/s3, joints %.0f %%, at "
      "most "
      "%.3f s\n",
      ran, speed_mps, acceleration_mps2, jerk_mps3, 100.0 * joints, stopped, stop_acceleration_mps2, stop_jerk_mps3,
      100.0 * stop_joints, longest_stop_s);
  EXPECT_GT(ran, 250);
  EXPECT_GT(stopped, 30);
  EXPECT_LE(speed_mps, 0.5 + 1e-6);
  EXPECT_LE(acceleration_mps2, 2.0 + 0.01);
  EXPECT_LE(jerk_mps3, 20.0 + 0.1);
  EXPECT_LE(joints, 1.0);
  EXPECT_LE(stop_acceleration_mps2, 5.0 + 0.05);
  EXPECT_LE(stop_jerk_mps3, 500.0 + 1.0);
  EXPECT_LE(stop_joints, 1.0);
  EXPECT_LT(longest_stop_s, 0.4);
}

}  // namespace
}  // namespace cliport

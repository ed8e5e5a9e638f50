// A million cycles of whatever may happen: no limit of position, velocity, acceleration, jerk or place is ever
// exceeded.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <random>

#include "controller_rig.hpp"

namespace cliport {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kCycles = 100'000;
#else
constexpr int kCycles = 1'000'000;
#endif
constexpr int kRounds = 20;

/// What came nearest to its limit, as a share of it.
struct Largest {
  double velocity = 0.0, acceleration = 0.0, jerk = 0.0;
};

/// Takes differences of the reference as the robot does.
class Watch {
 public:
  Watch(const ControllerConfig& config, const Joints& q_rad) : config_(config), q_(q_rad) {}

  /// The arm was taken over from where somebody had moved it.
  void restart(const Joints& q_rad) {
    q_ = q_rad;
    dq_ = {};
    ddq_ = {};
  }

  void look(const Joints& q_rad, Largest& largest) {
    const JointLimits& limits = config_.joint_limits;
    for (std::size_t i = 0; i < 7; ++i) {
      ASSERT_TRUE(std::isfinite(q_rad[i]));
      ASSERT_GE(q_rad[i], limits.q_min_rad[i]);
      ASSERT_LE(q_rad[i], limits.q_max_rad[i]);
      const double dq = (q_rad[i] - q_[i]) / 0.001;
      const double ddq = (dq - dq_[i]) / 0.001;
      const double dddq = (ddq - ddq_[i]) / 0.001;
      ASSERT_LE(std::abs(dq), limits.dq_max_at(i, q_[i], dq) + 1e-9) << "joint " << i + 1;
      ASSERT_LE(std::abs(ddq), limits.ddq_max_radps2[i]) << "joint " << i + 1;
      ASSERT_LE(std::abs(dddq), limits.jerk_max_radps3[i]) << "joint " << i + 1;
      largest.velocity = std::max(largest.velocity, std::abs(dq) / limits.dq_max_radps[i]);
      largest.acceleration = std::max(largest.acceleration, std::abs(ddq) / limits.ddq_max_radps2[i]);
      largest.jerk = std::max(largest.jerk, std::abs(dddq) / limits.jerk_max_radps3[i]);
      q_[i] = q_rad[i];
      dq_[i] = dq;
      ddq_[i] = ddq;
    }
    const std::array<double, 3> p = tip(q_rad);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      ASSERT_GE(p[axis], config_.motion_box_m[2 * axis] - 0.001);
      ASSERT_LE(p[axis], config_.motion_box_m[2 * axis + 1] + 0.001);
    }
    for (const Box& box : config_.keep_out_m) {
      const bool inside =
          p[0] > box[0] && p[0] < box[1] && p[1] > box[2] && p[1] < box[3] && p[2] > box[4] && p[2] < box[5];
      ASSERT_FALSE(inside) << p[0] << ", " << p[1] << ", " << p[2];
    }
  }

 private:
  const ControllerConfig& config_;
  Joints q_, dq_{}, ddq_{};
};

class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}
  bool once_in(int count) { return std::uniform_int_distribution<int>(1, count)(random_) == 1; }
  double between(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
  int below(int count) { return std::uniform_int_distribution<int>(0, count - 1)(random_); }

  Segment segment(const Joints& q_rad) {
    const double speed = between(0.02, 0.62);
    const int draw = below(100);
    if (draw < 12) return once_in(2) ? grasp() : release();
    if (draw < 24) {
      Segment way;
      way.kind = SegmentKind::kJoints;
      way.speed_mps = speed;
      way.q_rad = q_rad;
      for (double& q : way.q_rad) q += between(-0.4, 0.4);
      return way;
    }
    if (draw < 26) return move_to(NAN, 0.1, 0.2);
    const std::array<double, 3> p = tip(q_rad);
    if (draw < 45) return descend_to(p[0], p[1], between(-0.02, p[2]), speed, between(-1.0, 2.0));
    Segment move = move_to(between(0.05, 0.85), between(-0.65, 0.65), between(-0.05, 0.6), between(-kPi, kPi), speed);
    if (!once_in(4)) move.blend_radius_m = between(0.0, 0.2);
    return move;
  }

 private:
  std::mt19937 random_;
};

TEST(ControllerProperty, AMillionCyclesOfRandomCommandsAndTroublesExceedNoLimit) {
  Largest largest;
  int plans = 0;
  int stops = 0;
  int faults = 0;
  for (unsigned round = 0; round < kRounds; ++round) {
    Chance chance(round);
    ControllerConfig config = config_for(round % 2 == 0 ? ArmModel::kPanda : ArmModel::kFr3);
    if (round % 3 == 0) config.keep_out_m.push_back({0.5, 0.6, 0.1, 0.2, 0.0, 0.3});
    Joints home{};
    ASSERT_TRUE(inverse(kHome, 0.0, config.tool, config.joint_limits, 0.1, home));
    Rig rig(config, home);
    Watch watch(config, home);
    Mode before = Mode::kDisarmed;
    for (int k = 0; k < kCycles / kRounds; ++k) {
      const std::uint64_t session = chance.once_in(20) ? kBert : kAnna;
      const Mode mode = rig.mode();
      if (mode == Mode::kDisarmed && chance.once_in(20)) {
        rig.controller.post(rig.command(CommandKind::kAcquire, session));
      }
      if ((mode == Mode::kArmed && chance.once_in(10)) || chance.once_in(5000)) {
        std::vector<Segment> segments;
        for (int i = chance.below(4); i >= 0; --i) segments.push_back(chance.segment(rig.reference.q_rad));
        rig.controller.post(rig.plan(segments, session));
      }
      if (chance.once_in(3000)) rig.controller.post(rig.command(CommandKind::kStop, session));
      if (chance.once_in(20000)) rig.controller.post(rig.command(CommandKind::kRelease, session));
      if ((mode == Mode::kStopped || mode == Mode::kFault) && chance.once_in(50)) {
        rig.controller.post(rig.command(CommandKind::kClear, session));
      }
      if (chance.once_in(3000)) rig.heartbeat = rig.heartbeat == 0 ? kAnna : 0;
      if (rig.heartbeat == 0 && chance.once_in(300)) rig.heartbeat = kAnna;
      if (chance.once_in(2000)) rig.measured.contact = !rig.measured.contact;
      if (chance.once_in(1000)) rig.measured.holding = !rig.measured.holding;
      rig.disturb = nullptr;
      if (chance.once_in(10000)) {
        const std::size_t joint = static_cast<std::size_t>(chance.below(7));
        const double value = chance.once_in(2) ? NAN : chance.between(-0.3, 0.3);
        rig.disturb = [joint, value](Measured& measured) { measured.q_rad[joint] += value; };
      } else if (chance.once_in(10000)) {
        rig.disturb = [](Measured& measured) { measured.f_ext_base_n[1] = 50.0; };
      } else if (chance.once_in(10000)) {
        rig.disturb = [](Measured& measured) { measured.fault = Reason::kCartesianReflex; };
      }
      rig.step();
      rig.measured.f_ext_base_n = {};
      rig.measured.fault = Reason::kNone;

      const Mode after = rig.mode();
      if (before == Mode::kDisarmed && after == Mode::kArmed) watch.restart(rig.reference.q_rad);
      watch.look(rig.reference.q_rad, largest);
      if (HasFatalFailure()) {
        FAIL() << "round " << round << ", cycle " << k;
      }
      ASSERT_NE(rig.controller.snapshot().reason, Reason::kReferenceInvalid) << "the last guard has nothing to do";
      stops += before != after && after == Mode::kStopped ? 1 : 0;
      faults += before != after && after == Mode::kFault ? 1 : 0;
      plans += before == Mode::kArmed && after == Mode::kMoving ? 1 : 0;
      before = after;
      rig.events.clear();
    }
  }
  EXPECT_GT(plans, kCycles / 10000);
  EXPECT_GT(stops, kCycles / 20000);
  EXPECT_GT(faults, kCycles / 50000);
  std::printf(
      "%d cycles, %d plans, %d stops, %d faults; largest share of a limit: velocity %.3f, acceleration %.3f, jerk "
      "%.3f\n",
      kCycles, plans, stops, faults, largest.velocity, largest.acceleration, largest.jerk);
}

}  // namespace
}  // namespace cliport

// The simulated robot's rules, alone and under the controller.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "controller_rig.hpp"
#include "sim/robot.hpp"

namespace cliport::sim {
namespace {

Joints home() { return joints_at(kHome); }

Reference at(const Joints& q_rad) {
  Reference reference;
  reference.q_rad = q_rad;
  reference.drive = true;
  return reference;
}

/// A robot in a motion at rest.
Robot moving_robot(const RobotConfig& config = {}) {
  Robot robot(config, home());
  const Reference hold = at(home());
  robot.step(&hold);
  EXPECT_EQ(robot.mode(), RobotMode::kMove);
  return robot;
}

TEST(SimRobot, AMotionBeginsAtTheDesiredPoseAndEndsAtRest) {
  Robot robot(RobotConfig{}, home());
  EXPECT_EQ(robot.mode(), RobotMode::kIdle);
  EXPECT_FALSE(robot.measured().following);
  Reference command = at(home());
  EXPECT_TRUE(robot.step(&command).following);
  command.drive = false;
  robot.step(&command);
  EXPECT_EQ(robot.mode(), RobotMode::kIdle);

  Joints elsewhere = home();
  elsewhere[3] += 0.01;
  command = at(elsewhere);
  robot.step(&command);
  EXPECT_EQ(robot.mode(), RobotMode::kReflex);
  EXPECT_EQ(robot.measured().fault, Reason::kJointPositionMotionGeneratorStartPoseInvalid);
}

TEST(SimRobot, EveryBrokenLimitOfACommandHasItsName) {
  const JointLimits limits = panda_joint_limits();
  struct Case {
    const char* what;
    std::function<double(int)> joint_one_rad;  ///< by cycle, from 0
    Reason reason;
  };
  const double q = home()[0];
  const double dt = 0.001;
  const Case cases[] = {
      {"a leap out of the range", [](int) { return 2.9; }, Reason::kJointMotionGeneratorPositionLimitsViolation},
      {"a leap", [&](int) { return q + 0.01; }, Reason::kJointMotionGeneratorVelocityLimitsViolation},
      {"a start with velocity", [&](int k) { return q + 1.1 * limits.ddq_max_radps2[0] * dt * dt * (k + 1); },
       Reason::kJointMotionGeneratorVelocityDiscontinuity},
      {"a start with acceleration",
       [&](int k) { return q + 0.99 * limits.ddq_max_radps2[0] * dt * dt * (k + 1) * (k + 2) / 2.0; },
       Reason::kJointMotionGeneratorAccelerationDiscontinuity},
      {"not a number", [](int) { return std::numeric_limits<double>::quiet_NaN(); }, Reason::kRobotFailed},
      {"just within every limit", [&](int k) { return q + 0.9e-9 * limits.jerk_max_radps3[0] * std::min(k, 1); },
       Reason::kNone},
  };
  for (const Case& flawed : cases) {
    Robot robot = moving_robot();
    Reason seen = Reason::kNone;
    for (int k = 0; k < 2 && seen == Reason::kNone; ++k) {
      Joints command = home();
      command[0] = flawed.joint_one_rad(k);
      const Reference reference = at(command);
      seen = robot.step(&reference).fault;
    }
    EXPECT_EQ(seen, flawed.reason) << flawed.what << ": " << to_string(seen);
  }
}

TEST(SimRobot, NineteenLostCyclesAreBridgedAndTheTwentiethEndsTheMotion) {
  Robot robot = moving_robot();
  const Reference hold = at(home());
  for (int k = 0; k < 19; ++k) robot.step(nullptr);
  EXPECT_EQ(robot.mode(), RobotMode::kMove);
  EXPECT_NEAR(robot.success_rate(), 0.81, 1e-12);
  robot.step(&hold);
  for (int k = 0; k < 19; ++k) robot.step(nullptr);
  EXPECT_EQ(robot.mode(), RobotMode::kMove) << "only consecutive losses count";
  robot.step(nullptr);
  EXPECT_EQ(robot.mode(), RobotMode::kReflex);
  EXPECT_EQ(robot.measured().fault, Reason::kCommunicationConstraintsViolation);
  EXPECT_EQ(robot.success_rate(), 0.0);
}

TEST(SimRobot, AReflexBrakesWithinTheLimitsAndOnlyARecoveryEndsIt) {
  Robot robot = moving_robot();
  Joints q = home();
  const JointLimits limits = panda_joint_limits();
  Reference command = at(q);
  for (int k = 1; k <= 200; ++k) {  // joint one speeds up
    const double t = k * 0.001;
    command.q_rad[0] = q[0] + 5.0 * t * t * t / 6.0 * 10.0;
    robot.step(&command);
  }
  ASSERT_EQ(robot.mode(), RobotMode::kMove);
  robot.push({0.0, 0.0, 80.0});
  robot.step(nullptr);
  EXPECT_EQ(robot.measured().fault, Reason::kCartesianReflex);
  double before = robot.measured().q_d_rad[0];
  double speed = 1.0;
  for (int k = 0; k < 1000; ++k) {
    const double now = robot.step(nullptr).q_d_rad[0];
    const double next_speed = (now - before) / 0.001;
    if (k > 0) {
      ASSERT_LE(std::abs(next_speed - speed) / 0.001, limits.ddq_max_radps2[0]);
    }
    speed = next_speed;
    before = now;
  }
  EXPECT_EQ(speed, 0.0);
  EXPECT_EQ(robot.mode(), RobotMode::kReflex) << "whatever is sent to it";

  command = at(robot.measured().q_d_rad);
  command.drive = false;
  command.recoveries = 1;
  for (int k = 0; k < 600; ++k) robot.step(&command);
  EXPECT_EQ(robot.mode(), RobotMode::kReflex) << "somebody still pushes: the recovery is refused";
  robot.push({});
  command.recoveries = 2;
  robot.step(&command);
  EXPECT_EQ(robot.mode(), RobotMode::kAutomaticErrorRecovery);
  for (int k = 0; k < 600; ++k) robot.step(&command);
  EXPECT_EQ(robot.mode(), RobotMode::kIdle);
  EXPECT_EQ(robot.measured().fault, Reason::kNone);
}

TEST(SimRobot, ItsModesFollowFromWhatHappens) {
  Robot robot = moving_robot();
  const Reference hold = at(home());
  robot.press_user_stop(true);
  robot.step(&hold);
  EXPECT_EQ(robot.mode(), RobotMode::kUserStopped);
  EXPECT_EQ(robot.measured().fault, Reason::kUserStop);
  for (int k = 0; k < 100; ++k) robot.step(&hold);
  EXPECT_EQ(robot.mode(), RobotMode::kUserStopped);
  robot.press_user_stop(false);
  robot.step(nullptr);
  EXPECT_EQ(robot.mode(), RobotMode::kIdle);
  EXPECT_EQ(robot.measured().fault, Reason::kNone);
}

/// Controller and robot in lockstep, as cliport-controller runs them. Lost cycles are told to both.
class Cell {
 public:
  explicit Cell(const ControllerConfig& given = {}, const RobotConfig& robot_config = {})
      : controller(given, home()), robot(robot_config, home()) {}

  void step(int lost = 0) {
    now_ns += 1'000'000 * (1 + lost);
    controller.post({.kind = CommandKind::kHeartbeat, .session = kAnna, .received_ns = now_ns});
    Measured measured = robot.measured();
    for (int i = 0; i < lost; ++i) measured = robot.step(nullptr);
    measured.elapsed_cycles = static_cast<std::uint8_t>(1 + lost);
    controller.cycle(now_ns, measured, reference);
    robot.step(&reference);
    for (Event event; controller.poll(event);) events.push_back(event);
  }
  void steps(int count) {
    for (int i = 0; i < count; ++i) step();
  }
  Reason send(Command command) {
    command.session = kAnna;
    command.id = ++id;
    command.received_ns = now_ns;
    EXPECT_TRUE(controller.post(command));
    const std::size_t before = events.size();
    step();
    for (std::size_t i = before; i < events.size(); ++i) {
      if (events[i].command_id == id && events[i].kind == EventKind::kRejected) return events[i].reason;
    }
    return Reason::kNone;
  }
  Reason go(const std::vector<Segment>& segments) {
    Command plan{.kind = CommandKind::kPlan};
    plan.segment_count = static_cast<std::uint32_t>(segments.size());
    std::copy(segments.begin(), segments.end(), plan.segments.begin());
    return send(plan);
  }
  void finish() {
    for (int i = 0; i < 30000 && (mode() == Mode::kMoving || mode() == Mode::kStopping); ++i) step();
  }
  Mode mode() const { return controller.snapshot().mode; }
  Reason reason() const { return controller.snapshot().reason; }

  Controller controller;
  Robot robot;
  Reference reference;
  std::int64_t now_ns = 1'000'000'000;
  std::uint64_t id = 0;
  std::vector<Event> events;
};

TEST(SimRobot, AWholePickAndPlaceBreaksNoneOfItsRules) {
  RobotConfig config;
  config.arm.surface_z_m = 0.05;
  Cell cell({}, config);
  ASSERT_EQ(cell.send({.kind = CommandKind::kAcquire}), Reason::kNone);
  ASSERT_EQ(cell.go({move_to(0.5, 0.2, 0.2, 1.0), descend_to(0.5, 0.2, 0.01, 0.1, 1.0), grasp(),
                     move_to(0.5, 0.2, 0.25, 1.0), move_to(0.45, -0.25, 0.25, -0.5),
                     descend_to(0.45, -0.25, 0.02, 0.1, -0.5), release(), move_to(0.45, -0.25, 0.3, -0.5)}),
            Reason::kNone);
  cell.finish();
  EXPECT_EQ(cell.mode(), Mode::kArmed) << to_string(cell.reason());
  EXPECT_EQ(cell.robot.mode(), RobotMode::kMove);
  ASSERT_EQ(cell.send({.kind = CommandKind::kRelease}), Reason::kNone);
  cell.steps(2);
  EXPECT_EQ(cell.robot.mode(), RobotMode::kIdle) << "disarmed: the motion is finished";
}

TEST(SimRobot, AStopAtAnyMomentEndsTheMotionAtRestForTheRobotToo) {
  for (int moment = 1; moment <= 60; ++moment) {
    Cell cell;
    cell.send({.kind = CommandKind::kAcquire});
    ASSERT_EQ(cell.go({move_to(0.5, 0.3, 0.2)}), Reason::kNone);
    cell.steps(moment <= 30 ? moment : moment * 15);
    cell.send({.kind = CommandKind::kStop});
    cell.finish();
    cell.steps(10);
    ASSERT_EQ(cell.mode(), Mode::kStopped) << moment << ": " << to_string(cell.reason());
    ASSERT_EQ(cell.robot.mode(), RobotMode::kIdle);
  }
}

TEST(SimRobot, AFewLostCyclesInMidMotionAreMadeUpForWithoutABrokenLimit) {
  Cell cell;
  cell.send({.kind = CommandKind::kAcquire});
  ASSERT_EQ(cell.go({move_to(0.5, 0.3, 0.2)}), Reason::kNone);
  for (int k = 0; k < 300; ++k) cell.step(k % 50 == 0 ? 5 : k % 7 == 0 ? 1 : 0);
  cell.finish();
  EXPECT_EQ(cell.mode(), Mode::kArmed) << to_string(cell.reason());
  EXPECT_NEAR(tip(cell.reference.q_rad)[1], 0.3, 1e-9);
}

TEST(SimRobot, LostCyclesAtAnyMomentEndNoMotionUnlessTheRobotGivesUp) {
  for (const int lost : {3, 7, 12, 19}) {
    for (int moment = 3; moment < 1000; moment += 13) {
      Cell cell;
      cell.send({.kind = CommandKind::kAcquire});
      ASSERT_EQ(cell.go({move_to(0.5, 0.3, 0.2, 1.0)}), Reason::kNone);
      cell.steps(moment);
      cell.step(lost);
      cell.finish();
      ASSERT_EQ(cell.mode(), Mode::kArmed) << lost << " lost at " << moment << ": " << to_string(cell.reason());
      ASSERT_NEAR(tip(cell.reference.q_rad)[1], 0.3, 1e-9);
    }
  }
}

TEST(SimRobot, RandomMovesAndStopsEndAsTheyShouldThoughCyclesAreLostAllTheTime) {
  std::mt19937 random(7);
  const auto between = [&](double least, double most) { return std::uniform_real_distribution(least, most)(random); };
  int moves = 0;
  for (int k = 0; k < 600; ++k) {
    Cell cell;
    cell.send({.kind = CommandKind::kAcquire});
    const std::array<double, 3> there{between(0.3, 0.7), between(-0.4, 0.4), between(0.1, 0.4)};
    if (cell.go({move_to(there[0], there[1], there[2], between(-1.5, 1.5), between(0.1, 0.6))}) != Reason::kNone)
      continue;
    ++moves;
    const bool stops = k % 3 == 0;
    for (int step = 0; cell.mode() == Mode::kMoving || cell.mode() == Mode::kStopping; ++step) {
      if (stops && step == 150) cell.send({.kind = CommandKind::kStop});
      cell.step(between(0, 1) < 0.005 ? static_cast<int>(between(1, 20)) : 0);
    }
    ASSERT_EQ(cell.mode(), stops ? Mode::kStopped : Mode::kArmed) << k << ": " << to_string(cell.reason());
    if (!stops) {
      ASSERT_NEAR(tip(cell.reference.q_rad)[1], there[1], 1e-9);
    }
  }
  EXPECT_GT(moves, 500);
}

TEST(SimRobot, AStopOnTheWayBackFromLostCyclesComesToRestOnTheLine) {
  const std::array<double, 3> from = tip(home());
  const std::array<double, 3> to{0.5, 0.3, 0.2};
  int beside = 0;
  int stops = 0;
  for (int moment = 20; moment < 800; moment += 4) {
    for (const int later : {1, 2, 4, 8, 16, 32, 64}) {
      Cell cell;
      cell.send({.kind = CommandKind::kAcquire});
      ASSERT_EQ(cell.go({move_to(to[0], to[1], to[2], 1.0)}), Reason::kNone);
      cell.steps(moment);
      cell.step(19);
      cell.steps(later);
      if (cell.mode() != Mode::kMoving) continue;
      cell.send({.kind = CommandKind::kStop});
      cell.finish();
      ASSERT_EQ(cell.mode(), Mode::kStopped) << moment << ": " << to_string(cell.reason());
      const std::array<double, 3> rest = tip(cell.reference.q_rad);
      const double share = (rest[1] - from[1]) / (to[1] - from[1]);
      double off_m = 0.0;
      for (std::size_t i = 0; i < 3; ++i)
        off_m = std::max(off_m, std::abs(rest[i] - from[i] - share * (to[i] - from[i])));
      ++stops;
      if (off_m > 1e-9) ++beside;
    }
  }
  EXPECT_GT(stops, 1000);
  EXPECT_EQ(beside, 0) << "of " << stops;
}

TEST(SimRobot, AControllerThatStoodStillFor300MillisecondsFindsTheArmAtRestAndAFaultThatAPersonClears) {
  Cell cell;
  cell.send({.kind = CommandKind::kAcquire});
  ASSERT_EQ(cell.go({move_to(0.5, 0.3, 0.2)}), Reason::kNone);
  cell.steps(300);
  for (int k = 0; k < 300; ++k) cell.robot.step(nullptr);
  EXPECT_EQ(cell.robot.mode(), RobotMode::kReflex);
  for (double dq : cell.robot.measured().dq_radps) EXPECT_NEAR(dq, 0.0, 1e-3);
  cell.now_ns += 300'000'000;
  cell.step();
  EXPECT_EQ(cell.mode(), Mode::kFault);
  EXPECT_EQ(cell.reason(), Reason::kCommunicationConstraintsViolation);
  cell.steps(2000);
  EXPECT_EQ(cell.mode(), Mode::kFault);
  EXPECT_EQ(cell.send({.kind = CommandKind::kClear}), Reason::kNone);
  EXPECT_EQ(cell.mode(), Mode::kFault) << "the robot recovers first";
  cell.steps(600);
  EXPECT_EQ(cell.mode(), Mode::kDisarmed);
  ASSERT_EQ(cell.send({.kind = CommandKind::kAcquire}), Reason::kNone);
  ASSERT_EQ(cell.go({move_to(0.5, 0.3, 0.2)}), Reason::kNone);
  cell.finish();
  EXPECT_EQ(cell.mode(), Mode::kArmed) << to_string(cell.reason());
}

TEST(SimRobot, AMoveIntoSomethingHardEndsInTheRobotsOwnReflex) {
  RobotConfig config;
  config.arm.surface_z_m = 0.1;
  Cell cell({}, config);
  cell.send({.kind = CommandKind::kAcquire});
  ASSERT_EQ(cell.go({move_to(0.45, 0.0, 0.0, 0.0, 0.6)}), Reason::kNone);
  cell.finish();
  EXPECT_EQ(cell.mode(), Mode::kFault);
  EXPECT_EQ(cell.reason(), Reason::kCartesianReflex);
}

}  // namespace
}  // namespace cliport::sim

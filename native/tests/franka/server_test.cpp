// The test robot against the real libfranka, without our backend: it must be as strict as a robot.
#include <franka/exception.h>
#include <franka/robot.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <utility>

#include "error_names.hpp"
#include "robot_server.hpp"

namespace cliport::fci {
namespace {

class FciServer : public ::testing::Test {
 protected:
  /// Runs one motion of joint positions; position(q_d at the start, ms). @return libfranka's words for its end
  std::string run(const std::function<::franka::JointPositions(const Joints&, std::uint64_t)>& position) {
    Joints start{};
    std::uint64_t ms = 0;
    try {
      robot.control(
          [&](const ::franka::RobotState& state, ::franka::Duration period) {
            if (ms == 0) start = state.q_d;
            ms += std::max<std::uint64_t>(1, period.toMSec());
            return position(start, ms);
          },
          ::franka::ControllerMode::kJointImpedance, false, 1000.0);
    } catch (const ::franka::Exception& error) {
      return error.what();
    }
    return "";
  }

  static ::franka::JointPositions moved(Joints q, double distance_rad, bool finished = false) {
    q[0] += distance_rad;
    ::franka::JointPositions positions(q);
    positions.motion_finished = finished;
    return positions;
  }

  RobotServer server{{.address = "127.0.0.4"}};
  ::franka::Robot robot{"127.0.0.4", ::franka::RealtimeConfig::kIgnore};
};

TEST_F(FciServer, AGentleMotionEndsWhereItWasSent) {
  const std::string end = run([](const Joints& q, std::uint64_t ms) {
    const double share = std::min(1.0, ms / 1000.0);
    return moved(q, 0.05 * (1.0 - std::cos(M_PI * share)), ms >= 1000);
  });
  EXPECT_EQ(end, "");
  EXPECT_EQ(server.received().motions_finished, 1U);
  EXPECT_NEAR(robot.readOnce().q[0], 0.1, 2e-3);
}

TEST_F(FciServer, AJumpEndsTheMotionByItsName) {
  const std::string end = run([](const Joints& q, std::uint64_t ms) { return moved(q, ms > 50 ? 0.001 : 0.0); });
  EXPECT_NE(end.find("joint_motion_generator_velocity_discontinuity"), std::string::npos) << end;
  EXPECT_EQ(robot.readOnce().robot_mode, ::franka::RobotMode::kReflex);
}

TEST_F(FciServer, AMotionThatIsCutShortAtSpeedEndsByItsName) {
  const std::string end = run([](const Joints& q, std::uint64_t ms) {
    return moved(q, 0.1 * (1.0 - std::cos(M_PI * ms / 1000.0)), ms == 500);
  });
  EXPECT_NE(end.find("joint_motion_generator_velocity_discontinuity"), std::string::npos) << end;
}

TEST_F(FciServer, AStartElsewhereEndsByItsName) {
  const std::string end = run([](const Joints& q, std::uint64_t) { return moved(q, 0.02); });
  EXPECT_NE(end.find("joint_position_motion_generator_start_pose_invalid"), std::string::npos) << end;
}

TEST_F(FciServer, ATorqueStepEndsByItsName) {
  std::string end;
  try {
    int ms = 0;
    robot.control([&](const ::franka::RobotState&,
                      ::franka::Duration) { return ::franka::Torques{++ms > 20 ? 5.0 : 0.0, 0, 0, 0, 0, 0, 0}; },
                  false, 1000.0);
  } catch (const ::franka::ControlException& error) {
    end = error.what();
  }
  EXPECT_NE(end.find("controller_torque_discontinuity"), std::string::npos) << end;
}

TEST_F(FciServer, NineteenLostCommandsAreBorneAndTwentyAreNot) {
  const auto hold_and_lose = [this](int count) {
    bool lost = false;
    return run([&](const Joints& q, std::uint64_t ms) {
      if (ms >= 50 && !std::exchange(lost, true)) server.lose_commands(count);
      return moved(q, 0.0, ms >= 200);
    });
  };
  EXPECT_EQ(hold_and_lose(19), "");
  EXPECT_EQ(server.received().lost, 19U);
  const std::string end = hold_and_lose(20);
  EXPECT_NE(end.find("communication_constraints_violation"), std::string::npos) << end;
}

TEST_F(FciServer, NothingIsSetWhileAMotionRuns) {
  std::string refusal;
  run([&](const Joints& q, std::uint64_t ms) {
    if (ms == 50) {
      try {
        robot.setLoad(0.1, {}, {});
      } catch (const ::franka::CommandException& error) {
        refusal = error.what();
      }
    }
    return moved(q, 0.0, ms >= 100);
  });
  EXPECT_NE(refusal.find("not possible in the current mode"), std::string::npos) << refusal;
}

TEST_F(FciServer, AfterAnErrorNothingMovesUntilItIsRecoveredFrom) {
  run([](const Joints& q, std::uint64_t ms) { return moved(q, ms > 50 ? 0.001 : 0.0); });
  EXPECT_NE(run([](const Joints& q, std::uint64_t) { return moved(q, 0.0, true); }), "");
  robot.automaticErrorRecovery();
  EXPECT_EQ(run([](const Joints& q, std::uint64_t ms) { return moved(q, 0.0, ms > 20); }), "");
}

TEST_F(FciServer, AClientOfAnotherVersionIsRefused) {
  RobotServer other({.address = "127.0.0.5", .version = 10});
  EXPECT_THROW(::franka::Robot("127.0.0.5", ::franka::RealtimeConfig::kIgnore), ::franka::IncompatibleVersionException);
}

}  // namespace
}  // namespace cliport::fci
